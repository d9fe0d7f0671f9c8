"""What a start leaves out, so that an idle bot is small."""

import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

ROOT = Path(__file__).parents[2]


async def test_a_start_does_not_import_pillow() -> None:
    """Pillow takes 4 MB; it is imported by the first chart, and the first picture that is too large."""
    look = "import sys, bot.__main__, bot.app; print(*sys.modules)"
    process = await create_subprocess_exec(sys.executable, "-c", look, cwd=ROOT, stdout=PIPE)
    imported = (await process.communicate())[0].decode().split()
    assert "bot.images.fetcher" in imported
    assert "PIL" not in imported
