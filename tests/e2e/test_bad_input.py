"""Bad input: one sentence for each wrong field, for the member alone, and nothing else happens.

Discord's clients keep most of it from being sent; `raw` sends it all the same.
"""

import pytest

from sandbox.members import Refused
from tests.support.stage import CHANNEL, Stage

Options = dict[str, str | float | bool]

NOTHING_LOST = "Nothing was charged. Please correct this and send the command again."
SIZES = "square, portrait, landscape, wide, tall, square-2k, wide-2k, tall-2k, square-4k"

WRONG = {
    "side between two steps": (
        {"width": 1000},
        "`width` was 1,000; 992 or 1,024 would do (256 to 4,096, in steps of 32).",
    ),
    "other side between two steps": (
        {"height": 257},
        "`height` was 257; 256 or 288 would do (256 to 4,096, in steps of 32).",
    ),
    "side too small": ({"width": 224}, "`width` was 224; 256 would do (256 to 4,096, in steps of 32)."),
    "side too large": (
        {"height": 4128},
        "`height` was 4,128; 4,096 would do (256 to 4,096, in steps of 32).",
    ),
    "side of a wrong type": (
        {"width": "wide"},
        "`width` was `wide`; 1,024 would do (256 to 4,096, in steps of 32).",
    ),
    "side that is true": (
        {"height": True},
        "`height` was true; 1,024 would do (256 to 4,096, in steps of 32).",
    ),
    "no steps": ({"steps": 0}, "`steps` was 0; 1 would do (whole numbers, 1 to 50)."),
    "too many steps": ({"steps": 51}, "`steps` was 51; 50 would do (whole numbers, 1 to 50)."),
    "half a step": ({"steps": 2.5}, "`steps` was 2.5; 2 or 3 would do (whole numbers, 1 to 50)."),
    "steps in words": ({"steps": "many"}, "`steps` was `many`; 25 would do (whole numbers, 1 to 50)."),
    "scale too small": ({"scale": 0.99}, "`scale` was 0.99; 1 would do (1 to 20)."),
    "scale too large": ({"scale": 20.1}, "`scale` was 20.1; 20 would do (1 to 20)."),
    "empty scale": ({"scale": ""}, "`scale` was not a number; 3.5 would do (1 to 20)."),
    "scale in words": ({"scale": "strong"}, "`scale` was not a number; 3.5 would do (1 to 20)."),
    "scale that is true": ({"scale": True}, "`scale` was not a number; 3.5 would do (1 to 20)."),
    "no samples": ({"samples": 0}, "`samples` was 0; 1 would do (whole numbers, 1 to 4)."),
    "too many samples": ({"samples": 5}, "`samples` was 5; 4 would do (whole numbers, 1 to 4)."),
    "seed below nothing": ({"seed": -1}, "`seed` was -1; 0 would do (whole numbers, 0 to 4,294,967,295)."),
    "seed too large": (
        {"seed": 2**32},
        "`seed` was 4,294,967,296; 4,294,967,295 would do (whole numbers, 0 to 4,294,967,295).",
    ),
    "seed in words": (
        {"seed": "luck"},
        "`seed` was `luck`; any number would do (whole numbers, 0 to 4,294,967,295).",
    ),
    "unknown size": ({"size": "sqare"}, f"`size` was `sqare`; square would do (one of {SIZES})."),
    "size of a wrong type": ({"size": 3}, f"`size` was 3; square would do (one of {SIZES})."),
    "spoiler in words": ({"spoiler": "maybe"}, "`spoiler` was `maybe`; true or false would do."),
    "empty prompt": ({"prompt": ""}, "`prompt` was blank; a few words would do (1 to 2,000 characters)."),
    "blank prompt": (
        {"prompt": " \n\t "},
        "`prompt` was blank; a few words would do (1 to 2,000 characters).",
    ),
    "prompt that nobody can see": (
        {"prompt": "\0\u200b\u202e"},
        "`prompt` was blank; a few words would do (1 to 2,000 characters).",
    ),
    "prompt of a wrong type": (
        {"prompt": 12},
        "`prompt` was 12; a few words would do (1 to 2,000 characters).",
    ),
    "prompt too long": (
        {"prompt": "x" * 2001},
        "`prompt` had 2,001 characters; the first 2,000 would do (1 to 2,000 characters).",
    ),
    "negative prompt too long": (
        {"negative_prompt": "x" * 1001},
        "`negative_prompt` had 1,001 characters; the first 1,000 would do (0 to 1,000 characters).",
    ),
}


@pytest.mark.parametrize(("options", "sentence"), WRONG.values(), ids=WRONG)
async def test_a_wrong_field_gets_one_sentence(stage: Stage, options: Options, sentence: str) -> None:
    """The sentence says what was given, what is allowed and the nearest that would do; nothing is begun."""
    typed = await stage.member().type(
        "sana", channel=CHANNEL, options={"prompt": "a red fox", **options}, raw=True
    )
    assert await stage.note(typed) == f"{sentence}\n{NOTHING_LOST}"
    assert await stage.nothing_happened()


async def test_what_the_client_lets_through_is_checked_again(stage: Stage) -> None:
    """A width that is no multiple of 32 is within the registered range, so that the bot alone refuses it."""
    typed = await stage.member().type("sana", channel=CHANNEL, prompt="a red fox", width=1000)
    assert "992 or 1,024 would do" in await stage.note(typed)
    assert await stage.nothing_happened()


@pytest.mark.parametrize(
    "options", [{"width": 255}, {"steps": 51}, {"scale": 0.5}, {"samples": 5}, {"seed": -1}, {"size": "huge"}]
)
async def test_the_client_holds_the_registered_ranges(stage: Stage, options: Options) -> None:
    """What is out of the ranges that were registered with the command is not even sent."""
    with pytest.raises(Refused):
        await stage.member().type("sana", channel=CHANNEL, options={"prompt": "a red fox", **options})
    assert await stage.nothing_happened()


async def test_every_wrong_field_is_named_at_once(stage: Stage) -> None:
    """With all fields wrong, each has its own line in one note."""
    options: Options = {
        "prompt": "",
        "negative_prompt": "x" * 1001,
        "size": "huge",
        "width": 0,
        "height": 9999,
        "steps": -1,
        "scale": 99,
        "samples": 7,
        "seed": -5,
        "spoiler": "x",
    }
    typed = await stage.member().type("sana", channel=CHANNEL, options=options, raw=True)
    *lines, last = (await stage.note(typed)).split("\n")
    assert sorted(line.split("`")[1] for line in lines) == sorted(options)
    assert last == NOTHING_LOST
    assert await stage.nothing_happened()


@pytest.mark.parametrize(
    "given",
    ["`<@{member}>` **bold**", "@everyone ```fence", "x" * 5999, "||a||\n# b\n> c", "\u202e\u200bdegnahc"],
    ids=["mention", "fence", "long", "lines", "reversed"],
)
async def test_a_refusal_quotes_what_was_given_as_plain_text(stage: Stage, given: str) -> None:
    """Nothing that was typed can ping, break out of its quotation or flood the note."""
    member = stage.member()
    typed = await member.type(
        "sana",
        channel=CHANNEL,
        options={"prompt": "a red fox", "size": given.format(member=member.id)},
        raw=True,
    )
    message = await member.message(CHANNEL, typed.message_id)
    sentence, last = message.text.split("\n")
    quoted = sentence.removeprefix("`size` was `").split("`")[0]
    assert sentence == f"`size` was `{quoted}`; square would do (one of {SIZES})."
    assert 1 <= len(quoted) <= 50
    assert (last, message.pings) == (NOTHING_LOST, ())
    assert await stage.nothing_happened()


async def test_a_member_who_was_refused_can_correct_it(stage: Stage) -> None:
    """The nearest value that the refusal names makes a picture."""
    typed = await stage.member().type("sana", channel=CHANNEL, prompt="a red fox", width=300, height=256)
    assert "`width` was 300; 288 or 320 would do" in await stage.note(typed)
    done = await stage.end_of(await stage.sana(width=288, height=256))
    assert (done.pictures[0].width, done.pictures[0].height) == (288, 256)


async def test_a_command_without_its_prompt_is_answered_too(stage: Stage) -> None:
    """A client that knows an older form of the command is told so, and nothing is begun."""
    typed = await stage.member().type("sana", channel=CHANNEL, raw=True)
    assert await stage.note(typed) == (
        "This command has changed since your Discord loaded it. Nothing was charged. Please restart Discord"
        " and send it again."
    )
    assert await stage.nothing_happened()
