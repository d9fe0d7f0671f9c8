"""Checks run at once, each with a time of its own, and none hides another."""

import asyncio
import json

import pytest

from bot.check.examine import Check, examine
from bot.check.report import FaultError, Outcome, Report, Result, Status, note, ok
from bot.check.tool import compare
from bot.mask import Mask
from bot.wiro.tool import ToolParameter

TOOL = tuple(
    ToolParameter(name)
    for name in ("prompt", "negativePrompt", "steps", "scale", "samples", "seed", "width", "height")
)


async def well() -> Outcome:
    """Find nothing."""
    return ok("Fine.")


async def stuck() -> Outcome:
    """Never come to an end."""
    await asyncio.Event().wait()
    return ok("Never.")


async def broken() -> Outcome:
    """Fail as a mistake of the program does."""
    raise ZeroDivisionError("inner words")


async def faulty() -> Outcome:
    """Find a fault."""
    raise FaultError("Wrong.", "Mend it.")


async def test_one_that_hangs_or_fails_hides_no_other() -> None:
    """A hang, a mistake and a fault are results of their own, in the order of the checks."""
    looks = {"stuck": stuck, "broken": broken, "faulty": faulty, "well": well}
    checks = [Check(name=name, look=look) for name, look in looks.items()]
    results = await examine(checks, (), timeout_seconds=0.1)
    assert [(each.name, each.status) for each in results] == [
        ("stuck", Status.FAULT),
        ("broken", Status.FAULT),
        ("faulty", Status.FAULT),
        ("well", Status.OK),
    ]
    assert results[1].mend == "Please report this."


async def test_what_hangs_on_a_fault_is_left_out_and_says_so() -> None:
    """A check after a fault, one after that, and one without its setting are skipped; a note stops none."""

    async def noted() -> Outcome:
        return note("Works.", "Could be better.")

    checks = [
        Check(name="first", look=faulty),
        Check(name="second", look=well, after=("first",)),
        Check(name="third", look=well, after=("second",)),
        Check(name="without", look=well, settings=("WIRO_TOOL",)),
        Check(name="noted", look=noted),
        Check(name="after a note", look=well, after=("noted",)),
    ]
    results = await examine(checks, {"WIRO_TOOL"})
    skipped = {each.name: each.found for each in results if each.status is Status.SKIPPED}
    assert skipped.keys() == {"second", "third", "without"}
    assert '"first"' in skipped["second"]
    assert "WIRO_TOOL" in skipped["without"]
    assert results[-1].status is Status.OK


def test_a_report_is_one_document_without_secrets() -> None:
    """Notes are no faults; what a library said with a secret in it is masked, in the mend as well."""
    results = (
        Result("one", Status.NOTE, "Key is s3cret.", "Do."),
        Result("two", Status.SKIPPED, "x", ""),
    )
    report = Report("1.0", results).masked(Mask(["s3cret"]))
    said = json.loads(report.to_json())
    assert said["ok"] is True
    assert said["checks"][0] == {"name": "one", "status": "note", "found": "Key is ***.", "mend": "Do."}
    assert not Report("1.0", (Result("one", Status.FAULT, "x", "y"),)).is_ok


@pytest.mark.parametrize(
    ("other", "status"),
    [
        (ToolParameter("steps", minimum=1, maximum=50, step=1, default="25"), Status.OK),
        (ToolParameter("steps", minimum=0, maximum=100, default="25.0"), Status.OK),
        (ToolParameter("steps", minimum=2), Status.FAULT),
        (ToolParameter("steps", maximum=49), Status.FAULT),
        (ToolParameter("steps", default="20"), Status.NOTE),
        (ToolParameter("steps", default="many"), Status.NOTE),
        (ToolParameter("steps", type="select"), Status.FAULT),
        (ToolParameter("scale", step=0.1, default="3.5"), Status.OK),
        (ToolParameter("seed", default="0"), Status.OK),
        (ToolParameter("prompt", default="a fox", required=True), Status.OK),
        (ToolParameter("negativePrompt", type="number"), Status.FAULT),
        (ToolParameter("style", required=True), Status.FAULT),
        (ToolParameter("style", required=True, default="plain"), Status.OK),
        (ToolParameter("style"), Status.OK),
    ],
)
def test_the_tools_inputs_are_compared_with_ours(other: ToolParameter, status: Status) -> None:
    """A fault is what members can ask for and Wiro refuses; a wider range is none, another default a note."""
    published = [each for each in TOOL if each.name != other.name] + [other]
    assert compare(published).status is status


def test_an_input_that_is_gone_is_a_fault() -> None:
    """What the tool no longer has cannot be sent."""
    assert "`seed`" in compare([each for each in TOOL if each.name != "seed"]).found
