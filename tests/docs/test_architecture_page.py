"""The pictures of docs/architecture.md show what the code is."""

import re
from collections import defaultdict

from bot.jobs.model import TRANSITIONS
from tests.docs.pages import ROOT, fences

DIAGRAMS = list(fences((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"), "mermaid"))


def test_the_states_are_those_of_the_table() -> None:
    """The diagram has every transition of the table, and no other."""
    (states,) = [each for each in DIAGRAMS if each.startswith("stateDiagram-v2")]
    shown = defaultdict(set)
    for before, after in re.findall(r"^    (\w+) --> (\w+)(?:: .+)?$", states, re.MULTILINE):
        shown[before].add(after)
    assert shown == {str(before): set(map(str, after)) for before, after in TRANSITIONS.items() if after}


def test_the_parts_are_there() -> None:
    """Every folder and file that the picture of the parts names is in the repository."""
    (parts,) = [each for each in DIAGRAMS if each.startswith("flowchart")]
    named = re.findall(r'"((?:bot|cogs|storage)/[\w./]*)', parts)
    assert len(named) > 5
    for path in named:
        assert (ROOT / path).exists(), path
