"""Telling the caller's own address that a task has ended. Source: Wiro's reference, Callback."""

import asyncio
import json
import logging
import time

import aiohttp

from sandbox.wiro.behaviours import CallbackBody
from sandbox.wiro.config import WiroConfig
from sandbox.wiro.envelope import Answer
from sandbox.wiro.journal import Exchange, Journal
from sandbox.wiro.tasks import Task, listing

_ATTEMPTS = 3
_ACKNOWLEDGED = 200
_HEADERS = {"Content-Type": "application/json", "User-Agent": "wiro-sandbox"}
_log = logging.getLogger(__name__)


class Callbacks:
    """Delivers callbacks: up to three attempts, of which an answer of 200 alone is the last."""

    def __init__(self, config: WiroConfig, session: aiohttp.ClientSession, journal: Journal) -> None:
        self._config = config
        self._session = session
        self._journal = journal
        self._timeout = aiohttp.ClientTimeout(total=config.callback_timeout_seconds)

    async def deliver(self, task: Task) -> None:
        """Deliver a task's callback as its script wants it; without an address there is none."""
        url, script = task.inputs.callback_url, task.callback
        if url is None or script.lost:
            return
        await asyncio.sleep(script.late_seconds)
        body = self._body(task, script.body)
        await asyncio.gather(*(self._deliver(url, task, body) for _ in range(script.times)))

    async def _deliver(self, url: str, task: Task, body: bytes) -> None:
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(self._config.callback_pause_seconds)
            began = time.monotonic()
            status = await self._post(url, body)
            self._journal.note(
                Exchange(
                    call="callback",
                    path=url,
                    taskid=task.taskid,
                    status=status,
                    headers=_HEADERS,
                    method="POST",
                    body=body,
                    seconds=time.monotonic() - began,
                )
            )
            if status == _ACKNOWLEDGED:
                return

    async def _post(self, url: str, body: bytes) -> int:
        """Give the HTTP status of one attempt, 0 where no answer came."""
        try:
            async with self._session.post(
                url, data=body, headers=_HEADERS, timeout=self._timeout, allow_redirects=False
            ) as response:
                return response.status
        except (aiohttp.ClientError, OSError, ValueError) as error:  # a timeout is an OSError
            _log.debug("a callback was not answered: %r", error)
            return 0

    def _body(self, task: Task, kind: CallbackBody) -> bytes:
        if kind == "empty":
            return b""
        if kind == "not_json":
            return b"done!"
        return json.dumps(self._content(task, kind)).encode()

    def _content(self, task: Task, kind: CallbackBody) -> Answer:
        echo = self._config.echo_callback_url
        if kind == "taskid":
            return {"taskid": task.taskid}
        if kind == "task":
            return task.record(with_callback_url=echo)
        answer = listing([task], 1, with_callback_url=echo)
        return _forged(answer, task) if kind == "forged" else answer


def _forged(answer: Answer, task: Task) -> Answer:
    """Claim the success of a task that does not exist, with a picture from elsewhere."""
    output = {
        "id": "1",
        "name": "0.png",
        "contenttype": "image/png",
        "size": "1",
        "url": "https://example.invalid/0.png",
    }
    record = task.record(with_callback_url=True) | {
        "id": "999999999",
        "socketaccesstoken": "forged",
        "status": "task_postprocess_end",
        "pexit": "0",
        "outputs": [output],
    }
    return answer | {"tasklist": [record]}
