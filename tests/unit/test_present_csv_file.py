"""CSV files that are safe to open, and never larger than they may be."""

import csv
import gzip
import random
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.present.csv_file import Cell, CsvFile, CsvWriter

HEADINGS = ("who", "why")


def read(file: CsvFile) -> list[list[str]]:
    """Return the rows, headings first."""
    content = gzip.decompress(file.content) if file.is_gzip else file.content
    return list(csv.reader(StringIO(content.decode("utf-8"), newline="")))


def written(rows: list[tuple[Cell, ...]], limit_bytes: int = 10_000) -> CsvFile:
    """Return a file of these rows."""
    writer = CsvWriter(HEADINGS, limit_bytes)
    writer.add(rows)
    return writer.finish()


def noise(count: int) -> list[tuple[Cell, ...]]:
    """Return rows that gzip can hardly make smaller."""
    chance = random.Random(1)  # noqa: S311 - a test's own noise
    return [(chance.getrandbits(400), f"{chance.getrandbits(400):x}") for _ in range(count)]


@pytest.mark.parametrize("text", ['a, "b"', "two\nlines", "två 日本 🦊", "", " "])
def test_texts_come_back_as_they_were(text: str) -> None:
    """Commas, quotes, line breaks and every script survive."""
    assert read(written([(1, text)])) == [["who", "why"], ["1", text]]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_nothing_is_a_formula(begin: str) -> None:
    """A cell that a spreadsheet would calculate gets an apostrophe first."""
    assert read(written([(1, f"{begin}1+1")]))[1] == ["1", f"'{begin}1+1"]


@given(st.lists(st.text(st.characters(codec="utf-8")), max_size=5))
def test_any_text_is_harmless(texts: list[str]) -> None:
    """Whatever moderators type, every row comes back, and no cell begins as a formula does."""
    rows = read(written([(1, text) for text in texts], 100_000))[1:]
    assert [why.removeprefix("'") for _, why in rows] == [text.removeprefix("'") for text in texts]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_an_empty_table_has_headings() -> None:
    """A file without rows still says what its columns are."""
    assert written([]) == CsvFile(b"who,why\r\n", is_gzip=False, rows=0, is_whole=True)


def test_a_large_file_is_packed() -> None:
    """What would be too large plain is packed, and whole."""
    writer = CsvWriter(HEADINGS, 2_000)
    for _ in range(10):
        assert writer.add([(1, "the same again")] * 20)
    file = writer.finish()
    assert (file.is_gzip, file.is_whole, file.rows) == (True, True, 200)
    assert len(file.content) <= 2_000
    assert len(read(file)) == 201


def test_what_is_too_large_even_packed_is_cut() -> None:
    """Whole pages are kept as long as there is room, the rest is left out, and the file says so."""
    writer = CsvWriter(HEADINGS, 5_000)
    rows = noise(200)
    taken = [writer.add(rows[start : start + 5]) for start in range(0, 200, 5)]
    file = writer.finish()
    assert taken == sorted(taken, reverse=True)
    assert not all(taken)
    assert (file.is_gzip, file.is_whole, file.rows) == (True, False, 5 * sum(taken))
    assert len(file.content) <= 5_000
    assert len(read(file)) == file.rows + 1


@pytest.mark.parametrize("limit_bytes", [200, 1_000, 3_000, 20_000])
def test_no_file_is_larger_than_it_may_be(limit_bytes: int) -> None:
    """Whatever the limit, the file keeps within it and can be read."""
    writer = CsvWriter(HEADINGS, limit_bytes)
    for row in noise(100):
        writer.add([row])
    file = writer.finish()
    assert len(file.content) <= limit_bytes
    assert len(read(file)) == file.rows + 1
