"""`/inspire` shows the tool's own ideas and runs the chosen one."""

import pytest

from sandbox.members import Message
from sandbox.wiro import TaskScript
from sandbox.wiro.script import Rule
from tests.support.stage import CHANNEL, Stage

# Source: Wiro's reference, The tool.
IDEAS = (
    "Cinematic photo, black panther, trending on artstation",
    "haunted house, pixel-art, low-res, blocky, pixel art style, 8-bit graphics, colorful",
    (
        "double exposure portrait of a beautiful woman with brown hair and a snowy tree under the bright"
        " moonlight by Dave White, Conrad Roset, Brandon Kidwell, Andreas Lie, Dan Mountford, Agnes Cecile,"
        " splash art, winter colours, gouache, triadic colours, thick opaque strokes, brocade, depth of"
        " field, hyperdetailed, whimsimcal, amazing depth, dynamic, dreamy masterwork"
    ),
    (
        "a fantasy illustration of a majestic, ancient dragon with an opalescent scales, amidst glowing"
        " enchanted forest, illuminated by magical moonlight, intricate, highly detailed, rich textures,"
        " mystical ambiance, digital painting, vivid colors, ethereal, artstation trending, detailed matte"
        " background, sharp focus, smooth, majestic, by Todd Lockwood, Donato Giancola, Frank Frazetta, and"
        " Brom"
    ),
)


async def ideas(stage: Stage, channel: str = CHANNEL) -> Message:
    """Type `/inspire` and return what its member sees."""
    typed = await stage.member().type("inspire", channel=channel)
    assert typed.shown == "answered", typed
    return await stage.member().message(channel, typed.message_id)


async def test_the_four_ideas_are_shown_to_the_member_alone(stage: Stage) -> None:
    """All four prompts, word for word, each with a button of its own; looking costs nothing."""
    shown = await ideas(stage)
    assert shown.ephemeral
    assert [line for line in shown.text.split("\n") if line in IDEAS] == list(IDEAS)
    assert [button.label for button in shown.buttons] == ["Make this"] * len(IDEAS)
    assert "Looking costs nothing" in shown.text
    assert await stage.nothing_happened()


@pytest.mark.parametrize("number", range(len(IDEAS)))
async def test_the_chosen_idea_is_run(stage: Stage, number: int) -> None:
    """A click runs the idea with the tool's defaults and a seed of its own, in a message for everybody."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    shown = await ideas(stage)
    clicked = await stage.member().click(shown, custom_id=shown.buttons[number].custom_id)
    answer = await stage.member("other").message(CHANNEL, clicked.message_id)
    assert IDEAS[number] in answer.text
    assert "1 credit, charged only if a picture comes" in answer.text
    body = (await stage.wiro.wait_for_task(lambda task: task.status == "task_output")).sent
    expected = {
        "prompt": IDEAS[number],
        "negativePrompt": "bad, ugly, low quality",
        "steps": 25,
        "scale": "3.5",
        "samples": 1,
        "width": 1024,
        "height": 1024,
    }
    assert {name: body[name] for name in expected} == expected
    assert f"Seed {body['seed']} ·" in answer.text


async def test_a_chosen_idea_becomes_a_picture_like_any_other(stage: Stage) -> None:
    """The message that answered the click ends with the picture, and the one who clicked pays for it."""
    shown = await ideas(stage)
    clicked = await stage.member().click(shown, custom_id=shown.buttons[0].custom_id)
    done = await stage.end_of(await stage.member().message(CHANNEL, clicked.message_id))
    assert [picture.description for picture in done.pictures] == [IDEAS[0]]
    [job] = await stage.closed()
    assert job["member_id"] == stage.member().id
    assert stage.ledger() == [("reserve", 1), ("settle", 1)]


async def test_ideas_from_before_a_restart_still_run(stage: Stage) -> None:
    """The buttons keep their state in themselves, and each click is a job with a seed of its own."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    shown = await ideas(stage)
    await stage.stop_bot()
    await stage.start_bot()
    for _ in range(2):
        clicked = await stage.member().click(shown, custom_id=shown.buttons[1].custom_id)
        assert IDEAS[1] in (await stage.member().message(CHANNEL, clicked.message_id)).text
    await stage.wiro.wait_for_requests("Run", 2)
    assert len({task.inputs.seed for task in stage.wiro.tasks}) == 2


async def test_a_chosen_idea_needs_the_bots_permissions_too(stage: Stage) -> None:
    """Where the bot may not attach files it says so on the click, before anything is reserved."""
    shown = await ideas(stage, "no-files")
    clicked = await stage.member().click(shown, custom_id=shown.buttons[0].custom_id)
    assert "**Attach Files**" in await stage.note(clicked)
    assert await stage.nothing_happened(channel="no-files")


async def test_an_idea_that_is_no_longer_offered_is_refused(stage: Stage) -> None:
    """A button that an older bot wrote gets a sentence, and nothing is begun."""
    shown = await ideas(stage)
    real = stage.discord.world.channels[shown.channel_id].messages[shown.id]
    button = real.body.components[0]["components"][1]["accessory"]
    button["custom_id"] = "sana:inspire:99"
    clicked = await stage.member().click(shown, custom_id="sana:inspire:99")
    assert await stage.note(clicked) == (
        "This idea is no longer offered. Nothing was charged. Send `/inspire` to see those that are."
    )
    assert await stage.nothing_happened()
