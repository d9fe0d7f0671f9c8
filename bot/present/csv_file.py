"""Tables as CSV files that any spreadsheet opens safely, no larger than Discord takes them.

Source of the quoting: RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe first
(OWASP, *CSV Injection*).
"""

import csv
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final

_FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")
_GZIP: Final = 16 + zlib.MAX_WBITS  # Python's own way to ask zlib for gzip's frame
_CLOSING_BYTES: Final = 64  # more than gzip needs to end a file that was flushed

Cell = str | int | None
Row = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A finished file."""

    content: bytes
    is_gzip: bool
    rows: int  # without the headings
    is_whole: bool  # whether all rows that were to go in are in


class CsvWriter:
    """Collects rows in pages; plain while that is small enough, else packed with gzip, else cut.

    Holds at most two files of the limit in memory. Not for the event loop: a page can take long to pack.

    Args:
        headings: of the columns.
        limit_bytes: how large the file may be.
    """

    def __init__(self, headings: Sequence[str], limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._plain: bytearray | None = bytearray(_encoded([headings]))
        self._packed = bytearray()
        self._packer = zlib.compressobj(wbits=_GZIP)
        self._rows = 0
        self._is_whole = True

    def add(self, rows: Sequence[Row]) -> bool:
        """Add a page; return whether there was room for it. After the first that had none, none is taken."""
        self._is_whole = self._is_whole and self._put(_encoded(rows))
        self._rows += len(rows) if self._is_whole else 0
        return self._is_whole

    def finish(self) -> CsvFile:
        """Return the file."""
        if self._plain is not None:
            return CsvFile(bytes(self._plain), is_gzip=False, rows=self._rows, is_whole=self._is_whole)
        content = bytes(self._packed + self._packer.flush())
        return CsvFile(content, is_gzip=True, rows=self._rows, is_whole=self._is_whole)

    def _put(self, page: bytes) -> bool:
        if self._plain is None:
            return self._pack(page)
        if len(self._plain) + len(page) <= self._limit_bytes:
            self._plain += page
            return True
        if not self._pack(bytes(self._plain) + page):
            return False
        self._plain = None
        return True

    def _pack(self, page: bytes) -> bool:
        trial = self._packer.copy()
        packed = trial.compress(page) + trial.flush(zlib.Z_SYNC_FLUSH)
        if len(self._packed) + len(packed) + _CLOSING_BYTES > self._limit_bytes:
            return False
        self._packer = trial
        self._packed += packed
        return True


def _encoded(rows: Iterable[Row]) -> bytes:
    text = StringIO()
    csv.writer(text).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _harmless(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_BEGINS) else cell
