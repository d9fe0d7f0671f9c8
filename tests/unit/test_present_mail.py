"""The direct message with a result's pictures: everything about them, within Discord's limits."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.model import Job, State
from bot.parameters import SanaParameters
from bot.present.mail import letter
from bot.present.page import Page

FOX = SanaParameters(
    prompt="a *red* fox",
    negative_prompt="blurry, <@1>",
    width=512,
    height=768,
    steps=30,
    scale=4.0,
    samples=2,
    seed=7,
)
NASTY = st.text(min_size=1, max_size=200) | st.sampled_from(["*", "<@1>", "\\", "\n#", "x"])
ACTION_ROW, TEXT_DISPLAY, GALLERY = 1, 10, 12


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the fetcher gives it."""

    filename: str
    content: bytes = b"picture"
    width: int = 512
    height: int = 768
    url: str = ""
    reduced: bool = False


TWO = (Picture("sana-1.png"), Picture("sana-2.png"))


def job_of(parameters: SanaParameters) -> Job:
    """Return a job whose pictures are in its message."""
    return Job(
        id=42,
        state=State.DELIVERED,
        guild_id=1,
        channel_id=2,
        member_id=3,
        message_id=4,
        upload_limit_bytes=10_485_760,
        parameters=parameters.to_json(),
        credits=parameters.cost_credits,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Go through a page's payload."""
    for component in components:
        yield component
        yield from walk(component.get("components", []))


def inside(page: Page) -> list[dict[str, Any]]:
    """Return all components of a page as they are sent."""
    return list(walk(page.to_components()))  # type: ignore[no-untyped-call] # discord.py's


def text_of(page: Page) -> str:
    """Return everything that a page says."""
    return "\n".join(each["content"] for each in inside(page) if each["type"] == TEXT_DISPLAY)


def items_of(page: Page) -> list[dict[str, Any]]:
    """Return the items of a page's gallery."""
    [gallery] = [each for each in inside(page) if each["type"] == GALLERY]
    items: list[dict[str, Any]] = gallery["items"]
    return items


def test_a_letter_says_everything() -> None:
    """Prompt as it was typed, seed, every other parameter, and a link to where the pictures came from."""
    assert text_of(letter(job_of(FOX), TWO)).split("\n") == [
        r"a \*red\* fox",
        "-# Seed 7 · 512 × 768 · 30 steps · scale 4 · 2 pictures",
        r"-# Negative prompt: blurry, \<\@1>",
        "-# [The message that these came from](https://discord.com/channels/1/2/4) · S-42",
    ]


def test_the_default_negative_prompt_is_said_and_an_empty_one_is_not() -> None:
    """Every parameter that there is can be read, one that was left empty by intention has no line."""
    usual = SanaParameters(prompt="a red fox", seed=7)
    assert "-# Negative prompt: bad, ugly, low quality" in text_of(letter(job_of(usual), TWO[:1]))
    empty = SanaParameters(prompt="a red fox", seed=7, negative_prompt="")
    assert "Without" not in text_of(letter(job_of(empty), TWO[:1]))


def test_the_pictures_keep_their_alt_text_and_stay_spoilers() -> None:
    """One gallery holds all; each has its number and the prompt as alt text, and is hidden if it was."""
    for spoiler in (False, True):
        page = letter(job_of(FOX.model_copy(update={"spoiler": spoiler})), TWO)
        assert [
            (each["media"]["url"], each["description"], each.get("spoiler", False)) for each in items_of(page)
        ] == [
            (f"attachment://sana-{number}.png", f"{number} of 2: a *red* fox", spoiler) for number in (1, 2)
        ]
        assert ("spoiler" in text_of(page)) is spoiler


def test_the_pictures_are_at_the_top() -> None:
    """On a phone, what one wants to see is not below a long prompt."""
    kinds = [each["type"] for each in inside(letter(job_of(FOX), TWO))]
    assert kinds[1:] == [GALLERY, TEXT_DISPLAY, TEXT_DISPLAY]


def test_a_letter_has_no_buttons() -> None:
    """Commands exist in servers only, so there is nothing to click in a direct message."""
    assert ACTION_ROW not in {each["type"] for each in inside(letter(job_of(FOX), TWO))}


def test_it_says_which_picture_was_compressed() -> None:
    """A picture that had to be made smaller than it is in the server is named."""
    assert "compressed" not in text_of(letter(job_of(FOX), TWO))
    second = (TWO[0], replace(TWO[1], reduced=True))
    assert "\nPicture 2 was compressed to fit a direct message.\n" in text_of(letter(job_of(FOX), second))
    alone = (replace(TWO[0], reduced=True),)
    assert "\nThe picture was compressed to fit a direct message.\n" in text_of(letter(job_of(FOX), alone))


@given(
    NASTY.map(lambda text: ("a" + text * 2000)[:2000]),
    NASTY.map(lambda text: ("a" + text * 1000)[:1000]),
    st.booleans(),
)
def test_a_letter_keeps_discords_limits(prompt: str, negative_prompt: str, spoiler: bool) -> None:
    """Whatever was typed, all texts together hold 4,000 characters, and each alt text 1,024."""
    parameters = SanaParameters(
        prompt=prompt, negative_prompt=negative_prompt, seed=2**32 - 1, samples=4, spoiler=spoiler
    )
    job = replace(job_of(parameters), guild_id=2**63 - 1, channel_id=2**63 - 1, message_id=2**63 - 1)
    pictures = [Picture(f"sana-{number}.jpg", reduced=True) for number in range(1, 5)]
    page = letter(job, pictures)
    texts = [each["content"] for each in inside(page) if each["type"] == TEXT_DISPLAY]
    assert sum(map(len, texts)) <= 4000
    assert all(texts)
    assert all(0 < len(item["description"]) <= 1024 for item in items_of(page))
