"""The output files: in memory, public to anyone who has the address, the oldest forgotten first."""

import asyncio
from collections import Counter, OrderedDict
from dataclasses import dataclass

from aiohttp import web

_MAX_BYTES = 512 * 1024 * 1024
_SLOW_PIECES = 20


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """What is behind one address."""

    taskid: str
    data: bytes
    contenttype: str
    redirect_to: str | None = None
    slow_seconds: float = 0.0

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Answer a GET or HEAD."""
        if self.redirect_to is not None:
            return web.Response(status=302, headers={"Location": self.redirect_to})
        if not self.slow_seconds or request.method == "HEAD":
            return web.Response(body=self.data, content_type=self.contenttype)
        return await self._dribble(request)

    async def _dribble(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_type = self.contenttype
        response.content_length = len(self.data)
        await response.prepare(request)
        piece = len(self.data) // _SLOW_PIECES + 1
        for start in range(0, len(self.data), piece):
            await asyncio.sleep(self.slow_seconds / _SLOW_PIECES)
            await response.write(self.data[start : start + piece])
        return response


class Files:
    """The files of the newest tasks, by their paths. The same picture of many tasks is held once."""

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._files: dict[str, StoredFile] = {}
        self._paths_of: OrderedDict[str, list[str]] = OrderedDict()
        self._holders: Counter[int] = Counter()
        self.total_bytes = 0

    def add(self, path: str, file: StoredFile) -> None:
        """Publish a file, and forget those of the oldest tasks where there is no room for all."""
        self._files[path] = file
        self._paths_of.setdefault(file.taskid, []).append(path)
        self._holders[id(file.data)] += 1
        if self._holders[id(file.data)] == 1:
            self.total_bytes += len(file.data)
        while self.total_bytes > self._max_bytes and len(self._paths_of) > 1:
            self.remove(next(iter(self._paths_of)))

    def get(self, path: str) -> StoredFile | None:
        """Find a file."""
        return self._files.get(path)

    def remove(self, taskid: str) -> None:
        """Forget a task's files."""
        for path in self._paths_of.pop(taskid, ()):
            data = self._files.pop(path).data
            self._holders[id(data)] -= 1
            if not self._holders[id(data)]:
                del self._holders[id(data)]
                self.total_bytes -= len(data)
