"""What `/sana` takes, what Wiro gets of it, and what the answer says at once."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.parameters import DESCRIPTIONS, limits
from sandbox.members import Typing
from sandbox.wiro import TaskScript
from sandbox.wiro.script import Rule
from tests.support.stage import CHANNEL, Stage, staged

Options = dict[str, str | float | bool]

DEFAULTS = {
    "prompt": "a red fox",
    "negativePrompt": "bad, ugly, low quality",
    "steps": 25,
    "scale": "3.5",
    "samples": 1,
    "seed": "7",
    "width": 1024,
    "height": 1024,
}
SENT: dict[str, tuple[Options, dict[str, str | int]]] = {
    "defaults": ({}, {}),
    "least of everything": (
        {"steps": 1, "scale": 1, "samples": 1, "seed": 0, "width": 256, "height": 256},
        {"steps": 1, "scale": "1", "samples": 1, "seed": "0", "width": 256, "height": 256},
    ),
    "most of everything": (
        {"steps": 50, "scale": 20, "samples": 4, "seed": 4294967295, "width": 4096, "height": 4096},
        {"steps": 50, "scale": "20", "samples": 4, "seed": "4294967295", "width": 4096, "height": 4096},
    ),
    "scale with digits": ({"scale": 7.25}, {"scale": "7.25"}),
    "whole scale": ({"scale": 4.0}, {"scale": "4"}),
    "another negative prompt": ({"negative_prompt": "rain, people"}, {"negativePrompt": "rain, people"}),
    "no negative prompt": ({"negative_prompt": ""}, {"negativePrompt": ""}),
    "longest prompts": (
        {"prompt": "é" * 2000, "negative_prompt": "ü" * 1000},
        {"prompt": "é" * 2000, "negativePrompt": "ü" * 1000},
    ),
    "text that is no JSON": ({"prompt": '"} {"a\\": <é>&'}, {"prompt": '"} {"a\\": <é>&'}),
    "size": ({"size": "portrait"}, {"width": 896, "height": 1152}),
    "width over size": ({"size": "portrait", "width": 512}, {"width": 512, "height": 1152}),
    "height over size": ({"size": "wide", "height": 512}, {"width": 1344, "height": 512}),
    "both over size": ({"size": "square-4k", "width": 320, "height": 288}, {"width": 320, "height": 288}),
    "width alone": ({"width": 512}, {"width": 512, "height": 1024}),
    "spoiler": ({"spoiler": True}, {}),
}

RANGES = {
    "prompt": (1, 2000),
    "negative_prompt": (0, 1000),
    "width": (256, 4096),
    "height": (256, 4096),
    "steps": (1, 50),
    "scale": (1, 20),
    "samples": (1, 4),
    "seed": (0, 4294967295),
}
STRING, INTEGER, BOOLEAN, NUMBER = 3, 4, 5, 10


@pytest.fixture
async def rich_stage(bare_stage: Stage) -> Stage:
    """A bot whose members can afford everything, and tasks that never end."""
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    await bare_stage.start_bot(quota_credits="1000")
    return bare_stage


async def registered(stage: Stage, name: str = "sana") -> dict[str, Any]:
    """Return a command as it is registered."""
    channel_id = stage.members.channel_id(CHANNEL)
    commands = await stage.members.call("GET", f"/channels/{channel_id}/commands")
    [command] = [command for command in commands if command["name"] == name]
    return dict(command)


async def sent(stage: Stage, number: int = 1) -> dict[str, object]:
    """Return the body of a Run call, counted from 1, as the JSON that Wiro read."""
    return dict((await stage.wiro.wait_for_task(lambda task: task.taskid == str(number))).sent)


@pytest.mark.parametrize(("options", "changed"), SENT.values(), ids=SENT)
async def test_options_reach_wiro_with_its_own_names_and_types(
    rich_stage: Stage, options: Options, changed: dict[str, str | int]
) -> None:
    """The body of Run holds the tool's inputs and the callback's address, and nothing else."""
    await rich_stage.sana(options={"seed": 7, **options})
    body = await sent(rich_stage)
    callback_url = str(body.pop("callbackUrl"))
    # As JSON texts, so that 1, 1.0, "1" and true differ.
    assert json.dumps(body, sort_keys=True) == json.dumps(DEFAULTS | changed, sort_keys=True)
    assert re.fullmatch(rf"{rich_stage.callback_base}/wiro/callback/[\w-]{{43}}", callback_url)


async def test_every_named_size_is_what_its_label_says(rich_stage: Stage) -> None:
    """Each choice of `size` sends the sides that its label promises, and costs what its label says."""
    options = {option["name"]: option for option in (await registered(rich_stage))["options"]}
    choices = {choice["value"]: choice["name"] for choice in options["size"]["choices"]}
    assert {"square", "portrait", "landscape", "wide", "square-2k"} <= choices.keys()
    for number, (size, label) in enumerate(choices.items(), start=1):
        answer = await rich_stage.sana(size=size)
        body = await sent(rich_stage, number)
        width, height = (int(side) for side in re.findall(r"\d{3,}", label))
        assert (body["width"], body["height"]) == (width, height)
        cost = re.search(r"\((\d+) credits\)", label)
        assert f"{cost[1]} credits, charged" if cost else "1 credit, charged" in answer.text
        if size in {"square", "portrait", "landscape", "wide"}:
            assert 0.9 * 2**20 < width * height <= 2**20
    assert [job["credits"] for job in rich_stage.jobs()].count(1) == 5


async def test_a_seed_is_drawn_shown_and_different_each_time(rich_stage: Stage) -> None:
    """Without a seed the bot draws one over the whole range, sends it, and shows it from the answer on."""
    drawn = []
    for number in range(1, 9):
        answer = await rich_stage.sana()
        seed = str((await sent(rich_stage, number))["seed"])
        assert f"Seed {seed} ·" in answer.text
        drawn.append(int(seed))
    assert len(set(drawn)) == len(drawn)
    assert all(0 <= seed < 2**32 for seed in drawn)
    assert max(drawn) > 2**24  # that all are smaller happens once in 2**64 times


async def test_the_shown_seed_makes_the_same_picture_again(stage: Stage) -> None:
    """With the seed that a result shows, the picture is the same byte for byte; without it, another one."""
    first = await stage.end_of(await stage.sana(width=256, height=256))
    shown = re.search(r"Seed (\d+)", first.text)
    assert shown
    again = await stage.end_of(await stage.sana(width=256, height=256, seed=int(shown[1])))
    other = await stage.end_of(await stage.sana(width=256, height=256))
    files = [await stage.members.download(message.pictures[0]) for message in (first, again, other)]
    assert files[0] == files[1] != files[2]


async def test_the_registered_limits_are_those_of_the_model(stage: Stage) -> None:
    """Discord's clients hold the ranges of the issue, in servers only, with one line on every option."""
    command = await registered(stage)
    assert (command["contexts"], command["integration_types"]) == ([0], [0])
    options = {option["name"]: option for option in command["options"]}
    assert list(options) == [
        *("prompt", "negative_prompt", "size", "width", "height", "steps", "scale", "samples", "seed"),
        "spoiler",
    ]
    assert [name for name, option in options.items() if option["required"]] == ["prompt"]
    for name, (least, most) in RANGES.items():
        ends = ("min_length", "max_length") if options[name]["type"] == STRING else ("min_value", "max_value")
        assert tuple(options[name][end] for end in ends) == (least, most)
        assert (limits(name).minimum, limits(name).maximum) == (least, most)
    assert {name: option["description"] for name, option in options.items()} == dict(DESCRIPTIONS)
    assert {name: option["type"] for name, option in options.items()} == {
        **dict.fromkeys(("prompt", "negative_prompt", "size"), STRING),
        **dict.fromkeys(("width", "height", "steps", "samples", "seed"), INTEGER),
        "scale": NUMBER,
        "spoiler": BOOLEAN,
    }


async def test_the_answer_shows_all_that_was_asked_for(rich_stage: Stage) -> None:
    """Prompt, parameters, place in line, cost and what is left, and a Cancel button, for everybody to see."""
    answer = await rich_stage.sana(
        prompt="a red fox",
        negative_prompt="rain",
        size="square-2k",
        steps=30,
        scale=4.5,
        samples=2,
        seed=99,
    )
    assert answer.text == (
        "**Next in line.** This starts by itself.\n"
        "a red fox\n"
        "-# Seed 99 · 2048 × 2048 · 30 steps · scale 4.5 · 2 pictures\n"
        "-# Negative prompt: rain\n"
        "-# 8 credits, charged only if a picture comes · 992 credits left"
    )
    assert not answer.ephemeral
    assert [(button.label, button.disabled) for button in answer.buttons] == [("Cancel", False)]
    assert await rich_stage.member("other").message(CHANNEL, answer.id) == answer


async def test_places_in_line_are_told_at_once_and_fairly(bare_stage: Stage) -> None:
    """With one slot, each answer says how many turns are before it, and members take turns."""
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    await bare_stage.start_bot(wiro_max_concurrent="1")
    member, other = bare_stage.member(), bare_stage.member("other")
    await bare_stage.sana(member)
    await sent(bare_stage)
    answers = [await bare_stage.sana(who) for who in (member, member, other, other, member)]
    assert [answer.text.split("\n")[0] for answer in answers] == [
        "**Next in line.** This starts by itself.",
        "**Place 2 in line.** This starts by itself.",
        "**Place 2 in line.** This starts by itself.",
        "**Place 4 in line.** This starts by itself.",
        "**Place 5 in line.** This starts by itself.",
    ]


async def test_places_are_told_apart_at_the_same_moment(bare_stage: Stage) -> None:
    """With one slot taken, commands that arrive together are not all told that they are next."""
    bare_stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    await bare_stage.start_bot(wiro_max_concurrent="1")
    member = bare_stage.member()
    await bare_stage.sana(member)
    await sent(bare_stage)
    typing = Typing(member=member, command="sana", channel=CHANNEL, options={"prompt": "a red fox"})
    typed = [
        await bare_stage.members.wait_for_answer(each)
        for each in await bare_stage.members.type_many([typing] * 5)
    ]
    answers = [await member.message(CHANNEL, each.message_id) for each in typed]
    assert sorted(answer.text.split(" in line")[0] for answer in answers) == [
        "**Next",
        *(f"**Place {place}" for place in range(2, 6)),
    ]


async def test_the_answer_comes_at_once_while_a_hundred_others_are_under_way(tmp_path: Path) -> None:
    """Jobs that wait, run, and are being posted hold nobody's answer up."""
    async with staged(tmp_path) as stage:
        stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=20))
        await stage.start_bot(quota_credits="1000", wiro_max_concurrent="30")
        crowd = await stage.members.add_members("crowd", 20)
        small: Options = {"prompt": "a crowd", "width": 256, "height": 256}
        others = await stage.members.type_many(
            Typing(member=who, command="sana", channel="general", options=small) for who in crowd * 5
        )
        await stage.wiro.wait_for_requests("Run", 21)
        typed = await stage.member().type("sana", channel=CHANNEL, prompt="a red fox")
        for each in (typed, *[await stage.members.wait_for_answer(other) for other in others]):
            assert each.shown == "answered"
            assert each.steps[1].monotonic - each.steps[0].monotonic < 3.0
