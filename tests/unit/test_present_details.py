"""Details tell everything about a job within Discord's limits; their line makes the same picture again."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.jobs.model import REFUNDED, Job, State
from bot.jobs.ports import Family
from bot.parameters import DESCRIPTIONS, SanaParameters, parse
from bot.present.command_line import code_block, command_line
from bot.present.details import details
from bot.present.page import Page

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALONE = Family(parent=None, children=(), children_count=0)
PAID = replace(ALONE, charged=1)
BLOCK = re.compile(r"```\n(.*?)\n```", re.DOTALL)
OPTION = re.compile(rf"(?:^|\W)({'|'.join(DESCRIPTIONS)}):")
LARGEST_ID = 2**63 - 1
SETTINGS = (
    "**Seed:** 7 · **Size:** 1024 × 1024 · **Steps:** 25 · **Scale:** 3.5 · **Pictures:** 1 · **Spoiler:** no"
)


def make_job(parameters: SanaParameters | None = None, **changes: Any) -> Job:  # noqa: ANN401 - the fields' own types hold
    """Return a delivered job."""
    wanted = parameters or SanaParameters(prompt="a red fox", seed=7)
    job = Job(
        id=42,
        state=State.DELIVERED,
        guild_id=1,
        channel_id=2,
        member_id=3,
        message_id=4,
        upload_limit_bytes=10_485_760,
        parameters=wanted.to_json(),
        credits=wanted.cost_credits,
        created_at=NOW,
        accepted_at=NOW + timedelta(seconds=1.5),
        ended_at=NOW + timedelta(seconds=5),
        closed_at=NOW + timedelta(seconds=6.25),
        seconds=3.0,
        cost_usd="0.003510000000",
    )
    return replace(job, **changes)


def text_of(page: Page) -> str:
    """Return everything that a page says, and check that Discord takes it."""
    components: list[dict[str, Any]] = page.to_components()  # type: ignore[no-untyped-call] # discord.py's
    texts = [str(each["content"]) for each in components[0]["components"]]
    assert all(text.strip() for text in texts)
    assert sum(map(len, texts)) <= 4000, sum(map(len, texts))
    return "\n".join(texts)


def shown(job: Job, family: Family = ALONE, *, is_moderator: bool = False) -> list[str]:
    """Return the lines of a job's details."""
    return text_of(details(job, family, is_moderator=is_moderator)).split("\n")


def as_discord_reads(line: str) -> dict[str, object]:
    """Return the options that Discord's client fills in when this line is pasted."""
    command, _, rest = line.partition(" ")
    assert command == "/sana"
    marks = list(OPTION.finditer(rest))
    ends = [*(mark.start() for mark in marks[1:]), len(rest)]
    texts = {mark[1]: rest[mark.end() : end] for mark, end in zip(marks, ends, strict=True)}
    whole = {
        name: int(texts[name]) for name in ("width", "height", "steps", "samples", "seed") if name in texts
    }
    scale = {"scale": float(texts["scale"])} if "scale" in texts else {}
    spoiler = {"spoiler": texts["spoiler"] == "True"} if "spoiler" in texts else {}
    return {**texts, **whole, **scale, **spoiler}


def test_a_delivered_job() -> None:
    """Every parameter, the line, the times, the cost: as a member reads it."""
    assert shown(make_job(), PAID) == [
        "**S-42**, asked for by <@3> <t:1767225600:f>",
        "**Time:** 1.5 seconds in line, 3.0 seconds of work, 6.2 seconds from request to picture",
        "**Cost:** 1 credit",
        "**Prompt:** a red fox",
        "**Negative prompt:** bad, ugly, low quality",
        SETTINGS,
        "Copy this into the message box to make it again:",
        "```",
        "/sana prompt:a red fox seed:7",
        "```",
    ]


def test_only_moderators_read_dollars() -> None:
    """What the owner paid is for moderators."""
    assert "**Cost:** 1 credit; the owner paid $0.003510" in shown(make_job(), PAID, is_moderator=True)
    assert "$" not in "".join(shown(make_job(), PAID))
    assert "$" not in "".join(shown(make_job(cost_usd=None), is_moderator=True))
    assert shown(make_job(cost_usd="1e300"), is_moderator=True)


@pytest.mark.parametrize("cost_usd", [" ", "1e", "nan", "-1"])
def test_a_cost_that_is_no_amount_is_not_shown(cost_usd: str) -> None:
    """Whatever the database holds as a cost, Details opens."""
    assert "$" not in "".join(shown(make_job(cost_usd=cost_usd), is_moderator=True))


@pytest.mark.parametrize(
    ("changes", "cost"),
    [
        ({"state": State.QUEUED}, "1 credit, charged only if a picture comes"),
        ({"state": State.FINISHED}, "1 credit, charged only if a picture comes"),
        ({"state": State.FAILED, "refunded": True}, "nothing"),
        ({"refunded": True}, "nothing"),
    ],
    ids=["queued", "finished", "failed", "late success"],
)
def test_what_it_costs(changes: dict[str, Any], cost: str) -> None:
    """Pending jobs cost only what comes; refunded ones nothing, even where a picture came late."""
    assert f"**Cost:** {cost}" in shown(make_job(**changes))


@pytest.mark.parametrize(
    ("charged", "cost"),
    [(4, "4 credits (1 of 3 pictures came)"), (8, "8 credits (2 of 3 pictures came)"), (12, "12 credits")],
)
def test_several_pictures_cost_what_came(charged: int, cost: str) -> None:
    """What the ledger settled is said, and from that how many came, where some did not."""
    job = make_job(SanaParameters(prompt="a red fox", seed=7, samples=3, width=2048, height=2048))
    assert f"**Cost:** {cost}" in shown(job, replace(ALONE, charged=charged))


@pytest.mark.parametrize("state", [State.QUEUED, State.SUBMITTING, State.RUNNING])
def test_who_is_stopping_it(state: State) -> None:
    """A pending job that somebody wants to end says who; one that is finished is posted all the same."""
    assert "It is being stopped, as <@9> asked." in shown(make_job(state=state, cancelled_by=9))
    finished = shown(make_job(state=State.FINISHED, cancelled_by=9))
    assert "It is finished and about to be posted." in finished


def test_no_time_is_said_where_there_was_none() -> None:
    """A job that ended at once has no line of times; any time that there was is told."""
    ended = make_job(state=State.CANCELLED, refunded=True, accepted_at=NOW, seconds=None)
    assert "**Time:**" not in "\n".join(shown(ended))
    assert "**Time:** 0.0 seconds in line, 3.0 seconds of work" in shown(replace(ended, seconds=3.0))
    waited = replace(ended, accepted_at=NOW + timedelta(seconds=2))
    assert "**Time:** 2.0 seconds in line" in shown(waited)


@pytest.mark.parametrize(
    ("changes", "instead"),
    [({}, "; press Edit below the picture instead"), ({"state": State.QUEUED}, ""), ({"removed_by": 9}, "")],
    ids=["result", "pending", "deleted"],
)
def test_a_line_that_the_message_box_does_not_take_says_so(changes: dict[str, Any], instead: str) -> None:
    """Beyond 2,000 characters the page says so, and names Edit where there is that button."""
    rest = len("/sana prompt: seed:7 steps:9")
    for characters, is_said in ((2000, False), (2001, True)):
        prompt = "a" * (characters - rest)
        lines = shown(make_job(SanaParameters(prompt=prompt, seed=7, steps=9), **changes))
        assert any(len(line) == characters for line in lines)
        note = f"-# This is longer than Discord's message box takes{instead}."
        assert (note in lines) is is_said


@pytest.mark.parametrize("state", State)
def test_every_state(state: State) -> None:
    """A job in any state has details; nothing says that credits are back, which only its own message says."""
    text = "\n".join(shown(make_job(state=state, refunded=state in REFUNDED, message_id=None)))
    assert "credits are back" not in text
    assert "credit is back" not in text
    assert "/sana prompt:a red fox seed:7" in text


def test_a_deleted_result_says_who_deleted_it() -> None:
    """What was deleted can still be looked up by its number."""
    assert "<@9> deleted it." in shown(make_job(removed_by=9))


def test_only_what_differs_from_the_defaults_is_in_the_line() -> None:
    """The line is as short as it can be, and names everything that was chosen."""
    chosen = SanaParameters(
        prompt="a red fox",
        negative_prompt="cars",
        width=2048,
        height=1536,
        steps=10,
        scale=4,
        samples=2,
        seed=0,
        spoiler=True,
    )
    line, is_exact = command_line(chosen)
    assert line == (
        "/sana prompt:a red fox negative_prompt:cars width:2048 height:1536 steps:10 scale:4 samples:2 seed:0"
        " spoiler:True"
    )
    assert is_exact
    assert parse(as_discord_reads(line), draw_seed=lambda: -1) == chosen


@pytest.mark.parametrize(
    ("prompt", "typed"),
    [
        ("two\nlines\r\n\tand more", "two lines and more"),
        ("a ```block``` of", "a '''block''' of"),
        ("a clock with seed:5 and `size:big`", "a clock with seed\uff1a5 and `size\uff1abig`"),
    ],
)
def test_what_a_command_cannot_hold_is_changed_and_said(prompt: str, typed: str) -> None:
    """Line breaks, fences and names of options are changed in the line, which says that it differs."""
    job = make_job(SanaParameters(prompt=prompt, seed=7))
    lines = shown(job)
    assert f"/sana prompt:{typed} seed:7" in lines
    assert "-# It differs a little: a command cannot hold all of it as it was." in lines


def test_an_empty_negative_prompt_is_said_to_be_missing() -> None:
    """Left out, it would be the default one: the line differs, and the page says what there was."""
    lines = shown(make_job(SanaParameters(prompt="a red fox", negative_prompt="", seed=7)))
    assert "**Negative prompt:** none" in lines
    assert "-# It differs a little: a command cannot hold all of it as it was." in lines


@st.composite
def any_parameters(draw: st.DrawFn) -> SanaParameters:
    """Draw parameters with prompts that look like options and Markdown."""
    pieces = st.one_of(
        st.text(max_size=20), st.sampled_from(["seed:", " prompt:", "```", "`", "\n", "\\", ">>>"])
    )
    words = st.lists(pieces, max_size=12).map("".join)
    try:
        return SanaParameters(
            prompt="a" + draw(words),
            negative_prompt=draw(words),
            width=draw(st.integers(8, 128)) * 32,
            height=draw(st.integers(8, 128)) * 32,
            steps=draw(st.integers(1, 50)),
            scale=draw(st.floats(1, 20)),
            samples=draw(st.integers(1, 4)),
            seed=draw(st.integers(0, 2**32 - 1)),
            spoiler=draw(st.booleans()),
        )
    except ValidationError as error:
        raise AssertionError from error


@given(any_parameters())
def test_the_line_makes_the_same_picture_or_says_that_it_differs(parameters: SanaParameters) -> None:
    """Pasted into Discord it asks for what was asked for, whatever the prompts hold; else it says so."""
    line, is_exact = command_line(parameters)
    again = parse(as_discord_reads(line), draw_seed=lambda: -1)
    assert (again == parameters) or not is_exact
    assert again.model_copy(
        update={"prompt": parameters.prompt, "negative_prompt": parameters.negative_prompt}
    ) == parameters  # fmt: skip
    text = text_of(details(make_job(parameters), ALONE, is_moderator=True))
    assert BLOCK.findall(text) == [line]
    assert text.count("```") == 2


def longest() -> Iterator[SanaParameters]:
    """Make parameters with the longest of everything, of characters that grow when they are shown."""
    for text in ("*", "`", "😀", "@", "\\", "|", "seed:", "a ", "x\n", "<@1>", "```"):
        prompt = ("x" + text * 2000)[:1999] + "x"
        yield SanaParameters(
            prompt=prompt,
            negative_prompt=prompt[-1000:],
            width=4096,
            height=4096,
            steps=50,
            scale=19.123456789012344,
            samples=4,
            seed=2**32 - 1,
            spoiler=True,
        )


def large_family() -> Family:
    """Make one with the longest links."""
    kin = [
        make_job(id=LARGEST_ID, guild_id=LARGEST_ID, channel_id=LARGEST_ID, message_id=LARGEST_ID)
        for _ in range(11)
    ]
    return Family(parent=kin[0], children=tuple(kin[1:]), children_count=1_000_000)


@pytest.mark.parametrize("parameters", list(longest()))
def test_the_longest_job_keeps_the_limits_with_its_line_whole(parameters: SanaParameters) -> None:
    """The line stays whole beside the longest prompts and the largest family, which is counted."""
    line, _ = command_line(parameters)
    for state in State:
        job = make_job(
            parameters,
            id=LARGEST_ID,
            member_id=LARGEST_ID,
            state=state,
            refunded=state in REFUNDED,
            seconds=1e7,
            accepted_at=NOW + timedelta(days=90),
            closed_at=NOW + timedelta(days=99),
            reason="*" * 2000,
            cost_usd="1e300",
        )
        for removed_by in (None, LARGEST_ID):
            for family in (ALONE, large_family()):
                changed = replace(job, removed_by=removed_by)
                text = text_of(details(changed, family, is_moderator=True))
                assert code_block(line) in text
                assert "longer than Discord's message box" in text
                assert family is ALONE or "1,000,000 in all" in text


def test_a_prompt_that_is_cut_leaves_the_line_whole() -> None:
    """Where the prompt has no room twice, it is cut where it is shown and whole where it is copied."""
    prompt = "a fox and " * 199 + "the end"
    text = "\n".join(shown(make_job(SanaParameters(prompt=prompt, negative_prompt=prompt[:1000], seed=7))))
    assert f"/sana prompt:{prompt} negative_prompt:" in text
    assert "…" in text.partition("**Seed:**")[0]


def test_the_family() -> None:
    """Links to where it came from and to what came of it, the deleted ones without."""
    parent = make_job(id=40, guild_id=1, channel_id=20, message_id=400)
    children = (
        make_job(id=43, message_id=403),
        make_job(id=44, message_id=404, removed_by=9),
        make_job(id=45, message_id=None, state=State.QUEUED),
    )
    lines = shown(make_job(), Family(parent=parent, children=children, children_count=3))
    assert lines[-2:] == [
        "**Made from:** [S-40](https://discord.com/channels/1/20/400)",
        "**Made from this:** [S-43](https://discord.com/channels/1/2/403), S-44 (deleted), S-45",
    ]


def test_a_large_family_is_counted() -> None:
    """Where there are more than are named, the page says how many there are in all."""
    children = tuple(make_job(id=number) for number in range(50, 60))
    *_, last = shown(make_job(), Family(parent=None, children=children, children_count=1234))
    assert last.startswith("**Made from this:** 1,234 in all; the newest: [S-50](")
    assert last.count("](https://") == 10
