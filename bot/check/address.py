"""The callback listener: its port, and the way to it from outside."""

import asyncio
import errno
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp

from bot.callbacks import CALLBACK_PATH, Listener
from bot.check.report import FaultError, Outcome, fault, note, ok
from bot.check.web import CALL_SECONDS, FAILURES, local_base, reason

_HEARD: Final = 200
_NOT_READY: Final = 503


class _OneCallback:
    """Hears one callback, of which nobody knows before."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self.heard = asyncio.Event()

    def knows_callback(self, token: str) -> bool:
        return secrets.compare_digest(token, self.token)

    async def hear_callback(self, token: str, body: bytes) -> bool:  # noqa: ARG002 - see `bot.callbacks.Hears`
        if self.knows_callback(token):
            self.heard.set()
        return self.heard.is_set()


@dataclass(frozen=True, slots=True)
class CallbackAddress:
    """The checks.

    Args:
        session: carries the calls.
        host, port: what the listener binds.
        public_url: where Wiro reaches it; None: nowhere.
        user_agent: names the bot and its version.
    """

    session: aiohttp.ClientSession
    host: str
    port: int
    public_url: str | None
    user_agent: str

    async def listener(self) -> Outcome:
        """The port is free, or this bot's own."""
        try:
            async with self._listening(_OneCallback()):
                return ok(f"{self._where} is free.")
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise FaultError(
                    f"{self._where} cannot be bound: {error.strerror}.",
                    "Set CALLBACK_HOST to an address of this machine, such as 127.0.0.1, and CALLBACK_PORT to"
                    " a port above 1023.",
                ) from error
        if await self._serves_health(self._local):
            return ok(f"{self._where} is held by the bot, which is running.")
        return fault(
            f"{self._where} is held by another program.",
            "End that program, or set CALLBACK_PORT to a free port.",
        )

    async def round_trip(self) -> Outcome:
        """What is sent to the public address arrives at the listener."""
        if self.public_url is None:
            return note(
                "There is none, so the bot polls: pictures come a little later.",
                "Set CALLBACK_PUBLIC_URL to an address at which Wiro reaches this machine, if there is one.",
            )
        if self.port == 0:
            raise FaultError(
                "CALLBACK_PORT is 0: the listener has another port at every start.",
                f"Set CALLBACK_PORT to the port that {self.public_url} leads to.",
            )
        callback = _OneCallback()
        try:
            async with self._listening(callback):
                return await self._call(self.public_url, callback)
        except OSError:  # the listener's own check says so where the port is not the bot's
            if await self._serves_health(self.public_url):
                return ok(f"{self.public_url} leads to the bot, which is running.")
            raise FaultError(
                f"The bot is running, but {self.public_url} does not lead to it.", self._mend
            ) from None

    async def _call(self, public_url: str, callback: _OneCallback) -> Outcome:
        try:
            async with self.session.post(
                f"{public_url}{CALLBACK_PATH}/{callback.token}",
                data=b"{}",
                headers={"User-Agent": self.user_agent, "Content-Type": "application/json"},
                timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
                allow_redirects=False,
            ) as response:
                status = response.status
        except FAILURES as error:
            raise FaultError(f"{public_url} cannot be reached: {reason(error)}.", self._mend) from error
        if callback.heard.is_set() and status == _HEARD:
            return ok(f"A callback sent to {public_url} arrived.")
        if callback.heard.is_set():
            raise FaultError(
                f"A callback sent to {public_url} arrived, but the answer came back as HTTP {status}.",
                "Let the proxy in between pass answers as they are.",
            )
        raise FaultError(
            f"{public_url} answered with HTTP {status}, and the callback did not arrive.", self._mend
        )

    @asynccontextmanager
    async def _listening(self, callback: _OneCallback) -> AsyncIterator[None]:
        """Listen as the bot does. Raises OSError where the address cannot be bound."""
        listener = Listener(callback, lambda: ["sana-bot check is running"])
        await listener.start(self.host, self.port)
        try:
            yield
        finally:
            await listener.stop()

    async def _serves_health(self, base: str) -> bool:
        """Tell whether the bot's own `/healthz` answers there."""
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        headers = {"User-Agent": self.user_agent}
        try:
            async with self.session.get(
                f"{base}/healthz", headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                if response.status not in {_HEARD, _NOT_READY}:
                    return False
                said = await response.json()
        except FAILURES:
            return False
        return isinstance(said, dict) and said.keys() == {"ready", "missing"}

    @property
    def _where(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def _local(self) -> str:
        return local_base(self.host, self.port)

    @property
    def _mend(self) -> str:
        return (
            f"Let {self.public_url} lead to {self._where}: name, certificate, proxy or tunnel, router."
            " Some home routers cannot be called from inside at their public address; try from elsewhere."
            " Without an address, leave CALLBACK_PUBLIC_URL empty: the bot polls."
        )
