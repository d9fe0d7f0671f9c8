"""Waiting for something to happen, but not for ever; and the time by which it is told how long."""

import asyncio
from contextlib import suppress


def loop_seconds() -> float:
    """Return the event loop's time: no jump of the clock changes it, and a machine's sleep does not count."""
    return asyncio.get_running_loop().time()


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, and for so many seconds at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
