"""The real bot with a probe in its process: `python -m bench.probed`, with the bot's own environment.

BENCH_PROBE names the file that the probe tells what it found in.
"""

import os
from pathlib import Path
from typing import Final

from bench.probe import Probe
from bot import app
from bot.__main__ import run
from bot.settings import Settings

REPORT: Final = "BENCH_PROBE"


def main() -> None:
    """Run the bot as `sana-bot run` does."""
    run_bot = app.run_until_signalled

    async def run_probed(settings: Settings) -> None:
        Probe(Path(os.environ[REPORT])).start()
        await run_bot(settings)

    app.run_until_signalled = run_probed
    run()


if __name__ == "__main__":
    main()
