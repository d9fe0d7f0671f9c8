"""The job's message keeps Discord's limits and says what members need, at every stage and end."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.allowance import Allowance, Period
from bot.jobs.model import REFUNDED, Job, State
from bot.jobs.ports import Hold, InLine, Running, Stage, Standing, Unconfirmed
from bot.parameters import SanaParameters
from bot.present.inspires import inspires
from bot.present.messages import delivered, ended, pending
from bot.present.page import Page
from bot.present.text import escape
from bot.wiro.news import TaskProgress

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STANDING = Standing(allowance=Allowance(20, Period.DAY), used=4, granted=3)
FAR = TaskProgress(percentage=60, step=6, steps=10, remaining_seconds=3)
BACK = re.compile(r"credits? (?:is|are) back")
ACTION_ROW, TEXT_DISPLAY, MEDIA_GALLERY = 1, 10, 12


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the fetcher gives it."""

    filename: str = "sana-1.png"
    content: bytes = b"picture"
    width: int = 1024
    height: int = 1024
    url: str = "https://cdn1.wiro.ai/0.png"
    reduced: bool = False


def make_job(parameters: SanaParameters | None = None, **changes: Any) -> Job:  # noqa: ANN401 - the fields' own types hold
    """Return a job as it is stored."""
    wanted = parameters or SanaParameters(prompt="a red fox", seed=7)
    job = Job(
        id=42,
        state=State.QUEUED,
        guild_id=1,
        channel_id=2,
        member_id=3,
        upload_limit_bytes=10_485_760,
        parameters=wanted.to_json(),
        credits=wanted.cost_credits,
        created_at=NOW,
    )
    return replace(job, **changes)


def payload(page: Page) -> list[dict[str, Any]]:
    """Return a page as it is sent."""
    components: list[dict[str, Any]] = page.to_components()  # type: ignore[no-untyped-call] # discord.py's
    return components


def walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Go through a page's payload."""
    for component in components:
        yield component
        yield from walk(component.get("components", []))
        if "accessory" in component:
            yield component["accessory"]


def text_of(page: Page) -> str:
    """Return everything that a page says."""
    return "\n".join(each["content"] for each in walk(payload(page)) if each["type"] == TEXT_DISPLAY)


def assert_within_limits(page: Page) -> None:
    """Discord takes the page. Source of the limits: the reference of discord.py, Limits."""
    everything = list(walk(payload(page)))
    texts = [each["content"] for each in everything if each["type"] == TEXT_DISPLAY]
    assert all(text.strip() for text in texts)
    assert sum(len(text) for text in texts) <= 4000
    assert len(everything) <= 40
    custom_ids = [each["custom_id"] for each in everything if "custom_id" in each]
    assert len(set(custom_ids)) == len(custom_ids)
    assert all(len(custom_id) <= 100 for custom_id in custom_ids)
    for gallery in (each for each in everything if each["type"] == MEDIA_GALLERY):
        assert 1 <= len(gallery["items"]) <= 10
        assert all(len(item["description"]) <= 1024 for item in gallery["items"])


def test_prompts_at_the_limit() -> None:
    """The longest prompts of one character each keep the limits, and show as much as fits."""
    for character in ("*", "`", "😀", "\N{ARABIC LETTER ALEF}", "@", "\\", "|", "a ", "\n# ", "<@1>"):
        prompt = (character * 2000)[:1999] + "x"
        parameters = SanaParameters(prompt=prompt, negative_prompt=prompt[-1000:], seed=0, samples=4)
        for page in every_page(parameters):
            assert_within_limits(page)
            shown = text_of(page)
            assert len(shown) > 3000 or escape(prompt) in shown


def every_page(parameters: SanaParameters) -> Iterator[Page]:
    """Make every page that a job can have."""
    job = make_job(parameters)
    yield pending(job, InLine(1), STANDING)
    yield pending(job, InLine(10_000, Hold.ACCOUNT))
    yield pending(replace(job, cancelled_by=9), Running())
    yield pending(job, Running(FAR))
    yield pending(replace(job, parent_id=41), Running(FAR), STANDING)
    long_url = "https://cdn1.wiro.ai/" + "a" * 379
    pictures = [Picture(filename=f"sana-{n}.png", url=long_url, reduced=True) for n in range(1, 5)]
    for came in range(1, parameters.samples + 1):
        for refunded in (False, True):
            finished = replace(
                job, state=State.FINISHED, refunded=refunded, cancelled_by=9, seconds=1234.5678
            )
            yield delivered(finished, pictures[:came], STANDING, missing=parameters.samples - came)
    for state in REFUNDED:
        yield ended(replace(job, state=state, refunded=True, reason="*" * 2000))
        yield ended(replace(job, state=state, refunded=True, cancelled_by=9, accepted_at=NOW))


texts = st.text(min_size=1, max_size=2000) | st.text(
    alphabet="\\*_~|`<>@#[]:-+1. \n😀\N{ARABIC LETTER ALEF}a", min_size=1, max_size=2000
)


@given(texts, texts, st.integers(min_value=1, max_value=4), st.booleans())
def test_any_prompt_keeps_the_limits(prompt: str, avoided: str, samples: int, spoiler: bool) -> None:
    """Whatever was typed, every page of the job is one that Discord takes."""
    try:
        parameters = SanaParameters(
            prompt=prompt, negative_prompt=avoided[:1000], seed=0, samples=samples, spoiler=spoiler
        )
    except ValidationError:
        assume(False)
    for page in every_page(parameters):
        assert_within_limits(page)


@pytest.mark.parametrize(
    "stage",
    [
        InLine(1),
        InLine(3),
        InLine(3, Hold.ACCOUNT),
        InLine(3, Hold.SERVICE),
        Unconfirmed(),
        Running(),
        Running(FAR),
    ],
)
def test_pending_carries_the_job(stage: Stage) -> None:
    """Every pending message has the job's Cancel button, by which a restart finds it again."""
    everything = list(walk(payload(pending(make_job(), stage))))
    assert [each["custom_id"] for each in everything if "custom_id" in each] == ["sana:cancel:42"]


def test_first_answer() -> None:
    """The first answer says the place, the prompt, the parameters, the cost and what is left."""
    text = text_of(pending(make_job(), InLine(3), STANDING))
    for words in (
        "Place 3 in line.",
        "a red fox",
        "Seed 7",
        "1024 × 1024",
        "25 steps",
        "scale 3.5",
        "1 credit, charged only if a picture comes",
        "19 credits left",
    ):
        assert words in text
    assert "Next in line." in text_of(pending(make_job(), InLine(1), STANDING))


@pytest.mark.parametrize(
    ("hold", "why"), [(Hold.ACCOUNT, "owner has to see to"), (Hold.SERVICE, "takes nothing at the moment")]
)
def test_held_line_is_explained(hold: Hold, why: str) -> None:
    """A held line says why, that the place is kept and that nothing is charged."""
    text = text_of(pending(make_job(), InLine(2, hold)))
    for words in ("place 2", why, "place is kept", "Nothing is charged unless"):
        assert words in text


def test_stopping_is_shown() -> None:
    """Once somebody cancelled, the message says who, and the button cannot be clicked again."""
    page = pending(make_job(cancelled_by=9), Running())
    assert "<@9>" in text_of(page)
    assert [each["disabled"] for each in walk(payload(page)) if "custom_id" in each] == [True]


def test_progress_is_shown_until_it_is_cancelled() -> None:
    """A message shows how far its task is, before the prompt; once it is to end, that is what matters."""
    text = text_of(pending(make_job(), Running(FAR)))
    assert text.startswith("**Your picture is being made.**\n60% · step 6 of 10 · about 3 seconds left\n`█")
    assert "60%" not in text_of(pending(make_job(cancelled_by=9), Running(FAR)))


def test_a_reroll_says_whose_it_is_and_where_it_comes_from() -> None:
    """Discord shows no command above a reply, so every message of a reroll names member and origin itself."""
    job = make_job(parent_id=41)
    pages = [
        pending(job, InLine(1), STANDING),
        pending(job, Running(FAR)),
        delivered(replace(job, state=State.FINISHED), [Picture()], STANDING, missing=0),
        ended(replace(job, state=State.FAILED, refunded=True)),
    ]
    for page in pages:
        assert "\n-# For <@3>, from S-41\n-# Seed 7" in text_of(page)
    assert "For <@3>" not in text_of(pending(make_job(), Running(FAR)))


def test_delivered_message() -> None:
    """The final message holds the pictures with alt text, and says how they were made and what they cost."""
    parameters = SanaParameters(prompt="a *red* fox", seed=7, samples=2, spoiler=True, negative_prompt="rain")
    job = make_job(parameters, state=State.FINISHED, seconds=12.34)
    pictures = [Picture(), Picture(filename="sana-2.webp")]
    page = delivered(job, pictures, STANDING, missing=0)
    gallery = next(each for each in walk(payload(page)) if each["type"] == MEDIA_GALLERY)
    assert [item["media"]["url"] for item in gallery["items"]] == [
        "attachment://sana-1.png",
        "attachment://sana-2.webp",
    ]
    assert [item["description"] for item in gallery["items"]] == [
        "1 of 2: a *red* fox",
        "2 of 2: a *red* fox",
    ]
    assert all(item["spoiler"] for item in gallery["items"])
    [container] = payload(page)
    kinds = [each["type"] for each in container["components"]]
    assert kinds == [MEDIA_GALLERY, TEXT_DISPLAY, TEXT_DISPLAY, ACTION_ROW]
    text = text_of(page)
    assert text.startswith("a \\*red\\* fox")
    for words in ("Seed 7", "2 credits · 19 credits left · 12.3 seconds · S-42", "rain"):
        assert words in text
    buttons = [each["custom_id"] for each in walk(payload(page)) if "custom_id" in each]
    assert buttons == ["sana:reroll:42", "sana:edit:42", "sana:details:42", "sana:delete:42"]


def test_one_picture_needs_no_number() -> None:
    """The alt text of a picture alone is the prompt."""
    page = delivered(make_job(state=State.FINISHED), [Picture()], STANDING, missing=0)
    gallery = next(each for each in walk(payload(page)) if each["type"] == MEDIA_GALLERY)
    assert [item["description"] for item in gallery["items"]] == ["a red fox"]


def test_a_picture_that_was_finished_before_the_cancel() -> None:
    """Who asked for the end learns why it is charged, but not where it was refunded before."""
    says = "This was finished before it could be cancelled, so it is charged."
    job = make_job(state=State.FINISHED, cancelled_by=9)
    for changes, is_said in (({}, True), ({"refunded": True}, False), ({"cancelled_by": None}, False)):
        text = text_of(delivered(replace(job, **changes), [Picture()], STANDING, missing=0))
        assert (says in text.split("\n")) is is_said


def test_fewer_pictures() -> None:
    """Where fewer came, the message says how many, and names only what they cost."""
    job = make_job(SanaParameters(prompt="fox", seed=7, samples=4), state=State.FINISHED)
    text = text_of(delivered(job, [Picture()], STANDING, missing=3))
    assert "1 of 4 pictures came; the others are not charged." in text
    assert "1 credit · 19 credits left" in text


def test_late_success_is_free() -> None:
    """Pictures that turn up after a refund cost nothing, and the message says so."""
    job = make_job(state=State.FINISHED, refunded=True)
    text = text_of(delivered(job, [Picture()], STANDING, missing=0))
    assert "turned up late" in text
    assert "costs you nothing" in text
    assert "Free · 19 credits left" in text


def test_reduced_picture_links_its_original() -> None:
    """What was made smaller says so and links the original, unless its address would break the link."""
    job = make_job(state=State.FINISHED)
    text = text_of(delivered(job, [Picture(reduced=True)], STANDING, missing=0))
    assert "The picture was compressed to fit this server's upload limit. [The original](" in text
    for url in ("https://x/a)b", "javascript:alert", "https://x/ y", "https://x/" + "a" * 500):
        text = text_of(delivered(job, [Picture(reduced=True, url=url)], STANDING, missing=0))
        assert "compressed" in text
        assert "[The original]" not in text


@pytest.mark.parametrize("state", sorted(REFUNDED))
@pytest.mark.parametrize(
    ("credits_back", "sentence"), [(1, "Your 1 credit is back."), (4, "Your 4 credits are back.")]
)
@pytest.mark.parametrize("reason", [None, "It waited too long in line."])
def test_ends_say_that_the_credits_are_back(
    state: State, credits_back: int, sentence: str, reason: str | None
) -> None:
    """Every end without pictures says what happened, the credits exactly, what to do, and the reference."""
    job = make_job(state=state, refunded=True, credits=credits_back, reason=reason)
    lines = text_of(ended(job)).split("\n")
    assert lines[1] == sentence
    assert lines[0].endswith(".")
    assert reason is None or lines[0] == reason
    assert lines[2].endswith(".")
    assert lines[-1] == "-# Reference S-42"


def test_only_ends_say_that_credits_are_back() -> None:
    """No other message uses these words, so that they can be relied on."""
    parameters = SanaParameters(prompt="fox", seed=0, samples=4)
    for page in every_page(parameters):
        is_end = "Reference S-42" in text_of(page)
        assert bool(BACK.search(text_of(page))) is is_end


def test_ends_tell_apart_what_happened() -> None:
    """Waiting too long, running too long, and a cancel by somebody are said differently."""
    expired = make_job(state=State.EXPIRED, refunded=True)
    assert "too long in line" in text_of(ended(expired))
    assert "took longer than it may" in text_of(ended(replace(expired, accepted_at=NOW)))
    cancelled = make_job(state=State.CANCELLED, refunded=True)
    assert "<@9> cancelled this" in text_of(ended(replace(cancelled, cancelled_by=9)))
    assert "at the picture service" in text_of(ended(cancelled))
    assert "You can ask for another one with `/sana`." in text_of(ended(cancelled)).split("\n")


@pytest.mark.parametrize("state", sorted(set(State) - REFUNDED))
def test_no_end_for_jobs_without_refund(state: State) -> None:
    """A message cannot promise credits that were not given back."""
    with pytest.raises(ValueError, match="S-42"):
        ended(make_job(state=state))


def test_inspires_show_all_ideas() -> None:
    """The page of ideas keeps the limits and has a button of its own for each."""
    page = inspires()
    assert_within_limits(page)
    custom_ids = [each["custom_id"] for each in walk(payload(page)) if "custom_id" in each]
    assert custom_ids == [f"sana:inspire:{number}" for number in range(1, 5)]


def test_wording_is_calm() -> None:
    """No message of ours shouts or says Oops."""
    for page in every_page(SanaParameters(prompt="fox", seed=0, samples=4)):
        assert "!" not in text_of(page)
        assert "oops" not in text_of(page).lower()
