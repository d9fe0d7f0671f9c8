"""How long the bot needs from nothing to ready."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Final

from bench.figures import Figure, Part, Sample, at_most
from bench.scale import Scale
from bench.stage import Side, set_up

_LIMIT_SECONDS: Final = 1.2
_IMPORTS: Final = "import bot.__main__, bot.app, bot.settings"


async def measure(folder: Path, scale: Scale) -> list[Figure]:
    """Start the bot on an empty database, time and again."""
    starts, imports = [], []
    async with set_up(folder / "start") as side:
        for _ in range(scale.repetitions):
            imports.append(await _import_seconds())
            starts.append(await ready_seconds(side))
            await side.process.stop()
    parts = (Part(name="Python and all imports alone", sample=Sample.of(imports), unit="s"),)
    return [at_most("import and start to ready", Sample.of(starts), _LIMIT_SECONDS, "s", parts)]


async def ready_seconds(side: Side) -> float:
    """Start the bot, and return how long it took until it was ready."""
    began = time.monotonic()
    await side.process.start()
    await side.process.wait_until_ready(look_seconds=0.005)
    return time.monotonic() - began


async def _import_seconds() -> float:
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _IMPORTS, cwd=Path(__file__).parents[2]
    )
    if await process.wait():
        raise RuntimeError("the bot's modules cannot be imported")
    return time.monotonic() - began
