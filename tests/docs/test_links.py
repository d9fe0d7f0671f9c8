"""Every link of the guides leads somewhere."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, prose

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def links(page: Path) -> list[str]:
    """Return where a page's links lead."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page.read_text(encoding="utf-8"))))


def anchors(page: Path) -> set[str]:
    """Return a page's anchors as code hosts make them: lower case, hyphens for spaces, no other sign."""
    titles = re.findall(r"^#+ (.+)$", prose(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    """A relative link names a file or folder of the repository, and a heading that it has."""
    for link in links(page):
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_every_guide_can_be_found() -> None:
    """The list of guides names each page of its folder, and the decisions as a folder."""
    index = ROOT / "docs" / "README.md"
    named = set(links(index))
    assert {page.name for page in index.parent.glob("*.md")} - {index.name} <= named
    assert "decisions/" in named
