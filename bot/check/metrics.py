"""The address of the metrics: free, or the running bot's, and not the callback listener's."""

import asyncio
import errno
from dataclasses import dataclass
from typing import Final

import aiohttp

from bot.check.report import FaultError, Outcome, fault, ok
from bot.check.web import ANYWHERE, CALL_SECONDS, FAILURES, local_base
from bot.scrape import METRICS_PATH, metrics_server

_OURS: Final = b"sana_"
"""Begins the names of all metrics that the bot makes itself."""

_READ_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class MetricsAddress:
    """The check.

    Args:
        session: carries the call.
        host, port: what the metrics' listener binds; no port: there are none.
        callback_host, callback_port: what the other listener binds.
        user_agent: names the bot and its version.
    """

    session: aiohttp.ClientSession
    host: str
    port: int | None
    callback_host: str
    callback_port: int
    user_agent: str

    async def listener(self) -> Outcome:
        """The port is free, or this bot's own."""
        if self.port is None:
            return ok("There are none, for METRICS_PORT is not set.")
        if await self._is_the_other_listeners():
            raise FaultError(
                f"METRICS_PORT is {self.port}, and CALLBACK_PORT is the same: the bot cannot listen on it"
                " twice.",
                "Set METRICS_PORT to another free port.",
            )
        where = f"{self.host}:{self.port}"
        listener = metrics_server(bytes)
        try:
            await listener.start(self.host, self.port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise FaultError(
                    f"{where} cannot be bound: {error.strerror}.",
                    "Set METRICS_HOST to an address of this machine, such as 127.0.0.1, and METRICS_PORT to a"
                    " port above 1023.",
                ) from error
        else:
            await listener.stop()
            return ok(f"{where} is free.")
        if await self._serves_metrics(local_base(self.host, self.port)):
            return ok(f"{where} is held by the bot, which is running.")
        return fault(
            f"{where} is held by another program.", "End that program, or set METRICS_PORT to a free port."
        )

    async def _is_the_other_listeners(self) -> bool:
        if self.port != self.callback_port or self.port == 0:
            return False
        ours, theirs = await _addresses(self.host), await _addresses(self.callback_host)
        return not ours.isdisjoint(theirs) or not (ours | theirs).isdisjoint(ANYWHERE)

    async def _serves_metrics(self, base: str) -> bool:
        """Tell whether the bot's own metrics are read there."""
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        headers = {"User-Agent": self.user_agent}
        try:
            async with self.session.get(
                base + METRICS_PATH, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                return _OURS in await response.content.read(_READ_BYTES)
        except FAILURES:
            return False


async def _addresses(host: str) -> set[str]:
    """Return the addresses that a host stands for; itself where it stands for none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:
        return {host}
    return {str(address[0]) for *_, address in found}
