"""A prompt is text: whatever is in it pings nobody, breaks nothing, and can be read at every stage."""

import re
from collections.abc import Iterator

import pytest

from sandbox.discord.permissions import Permission
from sandbox.members import Message
from sandbox.shown import Json
from sandbox.wiro import TaskScript
from sandbox.wiro.script import Rule
from tests.support.stage import CHANNEL, Stage

TEXT_DISPLAY = 10
LONGEST = 2000


def fill(piece: str) -> str:
    """Return the longest prompt that such pieces make."""
    return (piece * LONGEST)[: LONGEST - 1].rstrip() + "x"


PROMPTS = {
    "mentions": "<@{member}> <@!{other}> <@&{role}> <#{channel}> @everyone @here </sana:1> <id:customize>",
    "emphasis": fill("**a** __b__ *c* _d_ ~~e~~ ||f|| `g` "),
    "fences": fill("```py\nprint()\n``` "),
    "headings": fill("# a\n## b\n### c\n-# d\n"),
    "lists": fill("- a\n* b\n+ c\n1. d\n2) e\n"),
    "quotes": fill("> a\n>>> b\n"),
    "links": fill("[a](https://example.org) <https://example.org/b> https://discord.gg/c "),
    "emoji": fill("<:fox:123456789012345678> <a:fox:123456789012345678> :smile: <t:1700000000:R> "),
    "backslashes": fill("\\"),
    "backticks": fill("`"),
    "asterisks": fill("*"),
    "at signs": fill("@"),
    "letters": fill("a"),
    "right to left": fill("שלום \u202eevil\u202c مرحبا "),
    "zalgo": fill("f\u0337\u0321\u0322\u0352o\u0334\u0349x\u0361 "),
    "pictographs": fill("👩‍👩‍👧‍👦🏳️‍🌈🦊 "),
    "far planes": fill("\N{MATHEMATICAL FRAKTUR SMALL F}"),
    "lines": fill("a\n"),
}


def displays(components: list[Json]) -> Iterator[str]:
    """Go through the texts of a message."""
    for component in components:
        if component["type"] == TEXT_DISPLAY:
            yield component["content"]
        yield from displays(component.get("components", []))


def read(markdown: str) -> str:
    """Return what Discord shows of Markdown in which every construct is escaped."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", markdown)


def live(markdown: str) -> list[str]:
    """Return the beginnings of Markdown's constructs that are not escaped."""
    bare = re.sub(r"\\[^0-9A-Za-z\s]", "\N{WHITE SQUARE}", markdown)
    return re.findall(r"[\\*_~|`<@#\[]|://|^\s*(?:[>+-]|\d+[.)])", bare, re.MULTILINE)


def assert_readable(message: Message, prompt: str) -> None:
    """The prompt stands in the message as text, whole or at least as far as Discord's limit lets it."""
    [shown] = [text for text in displays(message.wire["components"]) if prompt.startswith(read(text)[:30])]
    assert live(shown) == []
    as_read = read(shown)
    assert as_read == prompt or (as_read.endswith("…") and prompt.startswith(as_read[:-1]))
    assert len(as_read) >= min(len(prompt), 1600)
    assert message.pings == ()


@pytest.fixture
async def prompts(bare_stage: Stage) -> dict[str, str]:
    """All prompts, on a stage where the bot could ping everybody, and whose tasks wait to be finished."""
    stage = bare_stage
    await stage.start_bot(quota_credits="1000")
    target = f"/channels/{stage.members.channel_id(CHANNEL)}/overwrites/{stage.discord.bot_user_id}"
    await stage.members.call("PUT", target, {"allow": str(int(Permission.MENTION_EVERYONE)), "deny": "0"})
    ids = {
        "member": stage.member().id,
        "other": stage.member("other").id,
        "role": stage.members.role_id("Moderator"),
        "channel": stage.members.channel_id(CHANNEL),
    }
    return PROMPTS | {"mentions": PROMPTS["mentions"].format(**ids)}


@pytest.mark.usefixtures("quick_progress")
@pytest.mark.parametrize("pexit", ["0", "1"], ids=["delivered", "failed"])
async def test_any_prompt_can_be_read_at_every_stage(
    bare_stage: Stage, prompts: dict[str, str], pexit: str
) -> None:
    """In line, being made, and at its end, Discord takes the message and the prompt is shown as typed."""
    stage, member = bare_stage, bare_stage.member()
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True, pexit=pexit), times=None))
    small = {"width": 256, "height": 256}
    answers = {
        name: await stage.sana(prompt=prompt, negative_prompt=prompt[:1000], options=small)
        for name, prompt in prompts.items()
    }
    for name, answer in answers.items():
        assert_readable(answer, prompts[name])
        running = await member.wait_for_change(answer, lambda shown: "being made" in shown.text)
        assert_readable(running, prompts[name])
    for task in stage.wiro.tasks:
        stage.wiro.finish(task.taskid)
    for name, answer in answers.items():
        ended = await stage.end_of(answer)
        assert_readable(ended, prompts[name])
        assert len(ended.pictures) == (pexit == "0")
        for picture in ended.pictures:
            assert len(picture.description) <= 1024
            assert prompts[name].startswith(picture.description.removesuffix("…"))
    refused = [call for call in await stage.members.requests() if call["status"] == 400]
    assert refused == []


async def test_wiro_gets_the_prompt_as_it_was_typed(bare_stage: Stage, prompts: dict[str, str]) -> None:
    """Nothing that is escaped for Discord's sake is sent to the tool."""
    stage = bare_stage
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    for prompt in prompts.values():
        await stage.sana(prompt=prompt)
    await stage.wiro.wait_for_requests("Run", len(prompts))
    assert sorted(task.inputs.prompt for task in stage.wiro.tasks) == sorted(prompts.values())


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("  a red fox \n", "a red fox"),
        ("a\0red\x1bfox", "a red fox"),
        ("a\r\nfox", "a\nfox"),
        ("a red\u200bfox", "a red\u200bfox"),
    ],
    ids=["spaces around", "control characters", "line breaks", "zero width"],
)
async def test_what_cannot_be_sent_is_cleaned(stage: Stage, typed: str, sent: str) -> None:
    """Control characters become spaces and blanks around the prompt go; nothing else is touched."""
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
    await stage.sana(prompt=typed)
    task = await stage.wiro.wait_for_task(lambda _: True)
    assert task.inputs.prompt == sent
