"""The pictures in README and guides are there, and can be made again."""

import re
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.screenshots import FOLDER, STORIES

PROJECT = Path(__file__).parents[2]
TEXTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
LINK = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<path>[^)\s]+)\)")
MOST_BYTES = 250_000


def shown() -> set[Path]:
    """Return the pictures that any text shows."""
    found = (
        (text, link["path"]) for text in TEXTS for link in LINK.finditer(text.read_text(encoding="utf-8"))
    )
    return {(text.parent / path).resolve() for text, path in found if "://" not in path}


def test_every_picture_that_is_shown_is_there() -> None:
    """No text shows a picture that is not in the repository, and each has an alt text."""
    assert {path for path in shown() if not path.is_file()} == set()
    links = [link for text in TEXTS for link in LINK.finditer(text.read_text(encoding="utf-8"))]
    assert all(link["alt"].strip() for link in links)


def test_every_picture_of_the_page_can_be_made_again() -> None:
    """What `make screenshots` makes and what is there are the same."""
    assert {path.name for path in FOLDER.glob("page-*.png")} == set(STORIES)


@pytest.mark.parametrize("name", STORIES)
def test_a_picture_is_small_and_whole(name: str) -> None:
    """Each is a sound PNG as large as a screen, in few bytes."""
    path = FOLDER / name
    assert path.stat().st_size <= MOST_BYTES
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG"
        assert min(image.size) >= 360
