"""The message that holds the pictures: what it says, and what becomes of unsound outputs."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.present.messenger import TOKEN_WAY_LASTS
from sandbox.wiro import TaskScript, WiroConfig
from sandbox.wiro.behaviours import OutputKind
from sandbox.wiro.script import Rule
from tests.support.clock import Clock
from tests.support.stage import Stage, staged

LIMIT_BYTES = 10 * 1024 * 1024
SMALL = {"width": 256, "height": 256}
ABOVE_LIMIT = {"width": 1888, "height": 1888}
"""Noise of this size takes 10.7 MB as a PNG, and costs 4 credits."""
CREDITS_BACK = re.compile(r"credits? (is|are) back")


@pytest.fixture
def stage(quick_stage: Stage) -> Stage:
    """A stage on which Discord's rate limits play no part."""
    return quick_stage


def opened(content: bytes) -> Image.Image:
    """Return a picture, decoded whole."""
    image = Image.open(BytesIO(content))
    image.load()
    return image


async def test_a_result_shows_what_made_it(tmp_path: Path) -> None:
    """Prompt, seed, size, steps, scale, number, cost, what is left, and the seconds that Wiro counted."""
    async with staged(tmp_path, wiro=WiroConfig(seconds=0.4)) as stage:
        await stage.start_bot()
        message = await stage.sana(
            prompt="a red fox", seed=42, width=320, height=256, steps=12, scale=4.5, samples=2
        )
        done = await stage.end_of(message)
        [task] = stage.wiro.tasks
        seconds = float(str(task.record(with_callback_url=False)["elapsedseconds"]))
        assert 0.2 < seconds < 20
        assert done.text == (
            "a red fox\n"
            "-# Seed 42 · 320 × 256 · 12 steps · scale 4.5 · 2 pictures\n"
            f"-# 2 credits · 18 credits left · {seconds:.1f} seconds · S-1"
        )
        assert [button.label for button in done.buttons] == ["Reroll", "Edit", "Details", "Delete"]


async def test_a_negative_prompt_of_ones_own_is_shown(stage: Stage) -> None:
    """What a member asked to be left out is part of what makes the picture again."""
    done = await stage.end_of(await stage.sana(negative_prompt="rain", options=SMALL))
    assert "\n-# Negative prompt: rain\n" in done.text


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
async def test_all_samples_come_in_one_message(stage: Stage, samples: int) -> None:
    """Each is another picture of the size asked for, with number and prompt as alt text, and all are paid."""
    message = await stage.sana(prompt="a red fox *asleep*", samples=samples, options=SMALL)
    done = await stage.end_of(message)
    assert done.id == message.id
    assert [message.id for message in await stage.member().read(done.channel_id)] == [done.id]
    contents = [await stage.members.download(picture) for picture in done.pictures]
    assert len(set(contents)) == samples
    assert {opened(content).size for content in contents} == {(256, 256)}
    numbers = [f"{number} of {samples}: " for number in range(1, samples + 1)] if samples > 1 else [""]
    assert [picture.description for picture in done.pictures] == [
        f"{number}a red fox *asleep*" for number in numbers
    ]
    await stage.closed()
    assert stage.ledger() == [("reserve", samples), ("settle", samples)]


@pytest.mark.parametrize("spoiler", [True, False])
async def test_pictures_are_hidden_where_asked(stage: Stage, *, spoiler: bool) -> None:
    """With `spoiler`, every picture is one, and without it none is."""
    done = await stage.end_of(await stage.sana(spoiler=spoiler, samples=2, options=SMALL))
    assert [picture.spoiler for picture in done.pictures] == [spoiler, spoiler]


async def test_alt_text_keeps_discords_limit(stage: Stage) -> None:
    """A long prompt is cut in the alt text, where Discord takes 1,024 characters."""
    done = await stage.end_of(await stage.sana(prompt="fox " * 499 + "fox", options=SMALL))
    [picture] = done.pictures
    assert 1000 < len(picture.description) <= 1024
    assert ("fox " * 499).startswith(picture.description.removesuffix("…"))


async def test_the_bot_invites_to_roll_again(stage: Stage) -> None:
    """The bot's own 🔁 comes after the picture."""
    done = await stage.end_of(await stage.sana(options=SMALL))
    reacted = await stage.member().wait_for_change(done, lambda shown: bool(shown.reactions))
    assert reacted.reactions == {"🔁": 1}


async def test_the_picture_does_not_wait_for_the_reaction(stage: Stage) -> None:
    """While Discord takes its time over the reaction, the picture is there already and paid for."""
    await stage.members.add_fault(kind="stall", method="PUT", route=".*reactions.*", seconds=1.0)
    done = await stage.end_of(await stage.sana(options=SMALL))
    await stage.closed()
    assert (len(done.pictures), done.reactions) == (1, {})
    assert stage.ledger() == [("reserve", 1), ("settle", 1)]


async def test_a_picture_above_the_upload_limit_is_made_smaller(stage: Stage) -> None:
    """It keeps its size in pixels and fits, and the message says so and links the original."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(outputs="huge")))
    done = await stage.end_of(await stage.sana(options=ABOVE_LIMIT))
    [picture] = done.pictures
    content = await stage.members.download(picture)
    assert len(content) < LIMIT_BYTES
    assert (opened(content).format, opened(content).size) == ("JPEG", (1888, 1888))
    said = re.match(
        r"a red fox\nThe picture was compressed to fit this server's upload limit\."
        r" \[The original\]\((\S+)\) is kept for a limited time\.\n",
        done.text,
    )
    assert said
    async with stage.members.session.get(said[1]) as original:
        body = await original.read()
    assert len(body) > LIMIT_BYTES
    assert (opened(body).format, opened(body).size) == ("PNG", (1888, 1888))
    await stage.closed()
    assert stage.ledger() == [("reserve", 4), ("settle", 4)]


async def test_only_the_pictures_that_are_too_large_are_made_smaller(stage: Stage) -> None:
    """Of two, the other is posted as it is; the message says which one it was."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(outputs="huge", only_output=1)))
    done = await stage.end_of(await stage.sana(samples=2, spoiler=True, options=ABOVE_LIMIT))
    assert [picture.content_type for picture in done.pictures] == ["image/png", "image/jpeg"]
    assert all(picture.spoiler and picture.size_bytes < LIMIT_BYTES for picture in done.pictures)
    assert "Picture 2 was compressed to fit" in done.text
    assert "Picture 1" not in done.text


async def test_a_server_with_a_higher_limit_gets_the_picture_as_it_is(stage: Stage) -> None:
    """The limit is this server's: boosted, it takes 50 MiB."""
    guild_id = stage.members.guild_id("Sandbox")
    await stage.members.call("PATCH", f"/guilds/{guild_id}", {"premium_tier": 2})
    stage.wiro.script.add(Rule(call="task", do=TaskScript(outputs="huge")))
    done = await stage.end_of(await stage.sana(options=ABOVE_LIMIT))
    [picture] = done.pictures
    assert (picture.content_type, picture.size_bytes > LIMIT_BYTES) == ("image/png", True)
    assert "compressed" not in done.text


async def test_what_a_member_may_send_anywhere_is_not_what_the_bot_may(clock: Clock, stage: Stage) -> None:
    """A subscriber's own limit comes with a command; a late picture is held to the server's all the same."""
    await stage.members.set_upload_limit(stage.member(), 500 * 1024 * 1024)
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True, outputs="huge")))
    message = await stage.sana(options=ABOVE_LIMIT)
    task = await stage.wiro.wait_for_task(lambda task: task.status == "task_output")
    clock.ahead += TOKEN_WAY_LASTS
    stage.wiro.finish(task.taskid)
    done = await stage.end_of(message)
    assert [picture.size_bytes < LIMIT_BYTES for picture in done.pictures] == [True]
    await stage.closed()
    assert stage.ledger() == [("reserve", 4), ("settle", 4)]


@pytest.mark.parametrize(
    ("script", "came"),
    [
        (TaskScript(fewer_outputs=3), 3),
        (TaskScript(fewer_outputs=1), 1),
        *((TaskScript(outputs=kind, only_output=1), 3) for kind in ("html", "bomb", "broken", "missing")),
        (TaskScript(outputs="truncated", only_output=3), 3),
        (TaskScript(outputs="foreign_url", only_output=0, url="http://127.0.0.2:9/0.png"), 3),
    ],
    ids=["one fewer", "one alone", "html", "bomb", "broken", "missing", "truncated", "foreign"],
)
async def test_fewer_pictures_are_posted_and_the_rest_is_refunded(
    stage: Stage, script: TaskScript, came: int
) -> None:
    """Whatever became of the others: what came is posted and settled, the credits of the rest come back."""
    stage.wiro.script.add(Rule(call="task", do=script))
    done = await stage.end_of(await stage.sana(samples=4, options=SMALL))
    assert len(done.pictures) == came
    for picture in done.pictures:
        assert opened(await stage.members.download(picture)).size == (256, 256)
    others = "the other is" if came == 3 else "the others are"
    assert f"\n{came} of 4 pictures came; {others} not charged.\n" in done.text
    cost = "1 credit" if came == 1 else f"{came} credits"
    assert f"-# {cost} · {20 - came} credits left" in done.text
    assert not CREDITS_BACK.search(done.text)
    [job] = await stage.closed()
    assert job["state"] == "delivered"
    assert stage.ledger() == [("reserve", 4), ("settle", came), ("refund", 4 - came)]


async def test_an_output_that_is_no_picture_is_left_out(stage: Stage) -> None:
    """A log file beside the pictures is neither posted nor talked about."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(extra_output=True)))
    done = await stage.end_of(await stage.sana(samples=2, options=SMALL))
    assert (len(done.pictures), done.files) == (2, ())
    assert "came" not in done.text
    await stage.closed()
    assert stage.ledger() == [("reserve", 2), ("settle", 2)]


@pytest.mark.parametrize("kind", ["html", "bomb", "broken", "truncated", "missing"])
async def test_nothing_but_sound_pictures_is_posted(stage: Stage, kind: OutputKind) -> None:
    """Where no output is a picture, the message says so, and the credits are back."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(outputs=kind)))
    done = await stage.end_of(await stage.sana(samples=2, options=SMALL))
    assert (done.pictures, done.files) == ((), ())
    why = {
        "missing": "The picture was made, but could not be fetched.",
    }.get(kind, "The picture service finished, but what it made cannot be posted.")
    assert done.text.split("\n")[:2] == [why, "Your 2 credits are back."]
    assert done.text.endswith("-# Reference S-1")
    await stage.closed()
    assert stage.ledger() == [("reserve", 2), ("refund", 2)]
