"""Disks that are full, fail, or cannot be written to, and whether a database survived them."""

import ctypes
import os
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

BLOCK_BYTES = 4096

# Source: the kernel's <linux/mount.h>; umount2(2).
_READ_ONLY, _REMOUNT, _DETACH = 1, 32, 2

_DISAGREEING = """
SELECT 'S-' || job.id || ' and the ledger disagree'
FROM jobs AS job
LEFT JOIN ledger AS reserve ON reserve.job_id = job.id AND reserve.kind = 'reserve'
LEFT JOIN ledger AS settle ON settle.job_id = job.id AND settle.kind = 'settle'
LEFT JOIN ledger AS refund ON refund.job_id = job.id AND refund.kind = 'refund'
WHERE NOT (
    reserve.credits IS job.credits
    AND CASE
        WHEN job.refunded THEN settle.id IS NULL AND refund.credits IS job.credits
        WHEN job.state = 'delivered' THEN settle.credits + coalesce(refund.credits, 0) = job.credits
        ELSE settle.id IS NULL AND refund.id IS NULL
    END
    AND CASE
        WHEN job.state IN ('finished', 'delivered') THEN TRUE -- after a late success the refund stands
        ELSE job.refunded = (job.state IN ('failed', 'cancelled', 'expired', 'lost', 'undeliverable'))
    END
)
"""


def faults_in(database: Path) -> list[str]:
    """Return all that is wrong with a database: damage, references to nothing, jobs unlike their ledger."""
    with closing(sqlite3.connect(database)) as connection:
        verdicts = [verdict for (verdict,) in connection.execute("PRAGMA integrity_check")]
        orphans = [str(row) for row in connection.execute("PRAGMA foreign_key_check")]
        disagreeing = [text for (text,) in connection.execute(_DISAGREEING)]
    return [verdict for verdict in verdicts if verdict != "ok"] + orphans + disagreeing


def damage_page_of(path: Path, name: str) -> None:
    """Overwrite the first page of a table or an index."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        (page,) = connection.execute(query, (name,)).fetchone()
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    overwrite(path, (page - 1) * page_bytes, b"\xff" * page_bytes)


def overwrite(path: Path, offset: int, data: bytes) -> None:
    """Change bytes of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Lock a database as another program does that writes to it."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def failing_writes(pid: int, *, beyond_bytes: int) -> Iterator[None]:
    """Let each write of a process fail that would make a file longer than this."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (beyond_bytes, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A file system of its own."""

    folder: Path

    @property
    def free_bytes(self) -> int:
        """How much can still be written."""
        return shutil.disk_usage(self.folder).free

    @contextmanager
    def filled(self, *, but_bytes: int = 0) -> Iterator[None]:
        """Leave room for so many bytes only, in whole blocks."""
        filler = self.folder / "filler"
        filler.write_bytes(bytes(self.free_bytes - but_bytes // BLOCK_BYTES * BLOCK_BYTES))
        yield
        filler.unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let nothing be written, not even by an administrator; no file may be open for writing."""
        _mount(self.folder, _REMOUNT | _READ_ONLY, "")
        yield
        _mount(self.folder, _REMOUNT, "")


@contextmanager
def small_disk(folder: Path, *, size_bytes: int) -> Iterator[SmallDisk]:
    """Mount a small disk at a folder that is made for it; skip the test where that is not allowed."""
    folder.mkdir()
    try:
        _mount(folder, 0, f"size={size_bytes}")
    except PermissionError:
        pytest.skip("mounting a small disk needs the rights of an administrator")
    try:
        yield SmallDisk(folder)
    finally:
        _check(_libc().umount2(bytes(folder), _DETACH))


def _mount(folder: Path, flags: int, options: str) -> None:
    _check(_libc().mount(b"tmpfs", bytes(folder), b"tmpfs", flags, options.encode()))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
