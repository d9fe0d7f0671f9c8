"""Loads the named SQL of ``storage/sql``."""

from collections.abc import Mapping
from pathlib import Path

import aiosql

_FOLDER = Path(__file__).parent / "sql"


def load_queries(filename: str) -> Mapping[str, str]:
    """Return the statements of a file by their names.

    aiosql's own calls open a cursor, fetch, and close it: three trips to the connection's thread, each dearer
    than a small statement (measured: 0.25 ms of CPU instead of 0.06). With the text alone it is one trip.
    """
    queries = aiosql.from_path(_FOLDER / filename, "aiosqlite")
    return {name: getattr(queries, name).sql for name in queries.available_queries}
