"""Drawing in threads, each picture once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sandbox.wiro import png
from sandbox.wiro.drawing import draw_png
from sandbox.wiro.tool import Inputs

_Key = tuple[Callable[..., bytes], tuple[object, ...]]

_THREADS = 2
_MAX_KEPT_BYTES = 64 * 1024 * 1024


class Drawings:
    """Pictures by what they are made from; the ones used last are kept."""

    def __init__(self, max_kept_bytes: int = _MAX_KEPT_BYTES) -> None:
        self._max_kept_bytes = max_kept_bytes
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="sandbox-drawing")
        self._kept: OrderedDict[_Key, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._under_way: dict[_Key, asyncio.Future[bytes]] = {}

    async def picture(self, inputs: Inputs, index: int) -> bytes:
        """Give the picture number `index` of a task with these inputs."""
        return await self._once(draw_png, inputs.width, inputs.height, inputs.prompt, inputs.seed, index)

    async def noise(self, inputs: Inputs, index: int) -> bytes:
        """Give a picture in its place that nothing can compress; the prompt does not matter."""
        return await self._once(png.noise, inputs.width, inputs.height, inputs.seed + index)

    def make(self, function: Callable[..., bytes], *arguments: object) -> asyncio.Future[bytes]:
        """Make another file in a thread."""
        return asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    async def _once(self, function: Callable[..., bytes], *arguments: object) -> bytes:
        key = function, arguments
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if key not in self._under_way:
            self._under_way[key] = self.make(function, *arguments)
            self._under_way[key].add_done_callback(partial(self._keep, key))
        return await asyncio.shield(self._under_way[key])

    async def close(self) -> None:
        """Give up what nobody has begun to draw, and wait for the rest."""
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    def _keep(self, key: _Key, drawn: asyncio.Future[bytes]) -> None:
        del self._under_way[key]
        if drawn.cancelled() or drawn.exception() is not None:
            return
        self._kept[key] = drawn.result()
        self._kept_bytes += len(drawn.result())
        while self._kept_bytes > self._max_kept_bytes:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1])
