"""Starts of the bot that are refused."""

from pathlib import Path

from sandbox.bot_process import BotProcess
from tests.support.stage import Stage


async def why_not(stage: Stage, log: Path) -> str:
    """Return what the bot says when it does not start: the last line, and with exit code 1."""
    bot = BotProcess(stage.environment, log, folder=log.parent)
    await bot.start()
    try:
        assert await bot.wait() == 1
    finally:
        await bot.end()
    assert "Traceback" not in bot.log
    last = bot.log.splitlines()[-1]
    assert last.startswith("sana-bot: ")
    return last.removeprefix("sana-bot: ")
