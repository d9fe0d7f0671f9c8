"""The thread in which pictures are reduced: one after the other, and a process that ends waits for none."""

import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from threading import Event, current_thread

import pytest

from bot.images.thread import DaemonThread
from tests.support.stage import eventually

_ROOT = Path(__file__).parents[2]
_STOPS_WHILE_REDUCING = """
import asyncio, threading
from io import BytesIO
from PIL import Image
from bot.images import PictureFetcher, fetcher

begun = threading.Event()

def reduce_for_ever(picture, limit_bytes):
    begun.set()
    threading.Event().wait()

async def main():
    fetcher._reduce = reduce_for_ever
    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    async with PictureFetcher.open(allowed_hosts=[], user_agent="x") as pictures:
        fitting = [
            asyncio.create_task(pictures.fit(file.getvalue(), number=1, upload_limit_bytes=10))
            for _ in range(3)
        ]
        assert await asyncio.to_thread(begun.wait, 30)
        for each in fitting:
            each.cancel()
        await asyncio.wait(fitting)

asyncio.run(main())
print("stopped")
"""


def test_a_stop_does_not_wait_for_a_picture_that_is_reduced() -> None:
    """However long a picture takes, and others behind it, the process ends."""
    ended = subprocess.run(  # noqa: S603 - the script above
        [sys.executable, "-c", _STOPS_WHILE_REDUCING],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "stopped\n", "")


@pytest.fixture
def thread() -> Iterator[DaemonThread]:
    """Return a thread that ends with the test."""
    with DaemonThread("reduce") as thread:
        yield thread


def test_one_is_called_after_the_other(thread: DaemonThread) -> None:
    """The second begins when the first has ended, in the same thread; a cancelled one is left out."""
    called: list[str] = []
    begun, may_end = Event(), Event()

    def call(name: str) -> str:
        begun.set()
        assert may_end.wait(30)
        called.append(name)
        return current_thread().name

    first, left_out, last = (thread.submit(call, name) for name in ("first", "left out", "last"))
    assert begun.wait(30)
    assert left_out.cancel()
    assert not called
    may_end.set()
    assert first.result(30) == last.result(30) == "reduce"
    assert called == ["first", "last"]


def test_an_error_reaches_whoever_waits(thread: DaemonThread) -> None:
    """It ends the call and not the thread."""
    failing = thread.submit(int, "no number")
    with pytest.raises(ValueError, match="no number"):
        failing.result(30)
    assert thread.submit(int, "7").result(30) == 7


async def test_what_was_given_is_let_go(thread: DaemonThread) -> None:
    """A thread that waits holds no picture's memory."""

    class Picture:
        """Can be referred to weakly, as bytes cannot."""

    picture = Picture()
    given = weakref.ref(picture)
    assert isinstance(thread.submit(str, picture).result(30), str)
    del picture
    await eventually(lambda: given() is None)
