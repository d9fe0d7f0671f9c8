"""What the C library keeps of freed memory."""

import os
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]

_ROUNDS: Final = 50
_PROGRAM: Final = f"""
import resource
from bot.memory import keep_freed_memory
keep_freed_memory()
def faults():
    for _ in range({_ROUNDS}):
        pictures = [b"x" * 1_500_000 for _ in range(4)]
        del pictures
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
first = faults()
print(faults() - first)
"""


@pytest.mark.skipif("CS_GNU_LIBC_VERSION" not in os.confstr_names, reason="only glibc can be told")
async def test_freed_memory_is_taken_again() -> None:
    """Pictures that come and go do not have the kernel clear new pages for each of them."""
    # In a process of its own, for it cannot be taken back.
    process = await create_subprocess_exec(sys.executable, "-c", _PROGRAM, cwd=ROOT, stdout=PIPE)
    output, _ = await process.communicate()
    pages_of_one_round = 4 * 1_500_000 // os.sysconf("SC_PAGE_SIZE")
    assert int(output) < pages_of_one_round
