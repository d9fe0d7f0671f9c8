"""Pictures by direct message: what comes, to whom, how often, and what is said where it cannot be sent."""

import asyncio
from io import BytesIO

import pytest
from PIL import Image

from sandbox.members import Member, Message
from sandbox.wiro import TaskScript
from sandbox.wiro.script import Rule
from tests.support.stage import CHANNEL, PAID, Stage, eventually

MAIL = "✉️"
FILE_LIMIT_BYTES = 10 * 1024 * 1024
MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = "/channels/{channel_id}/messages/{message_id}"
CLOSED = (
    "I could not send you the pictures: you do not take direct messages from me. Nothing was charged."
    " Please allow direct messages in this server's privacy settings, then react again."
)


@pytest.fixture(autouse=True)
def _quick_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a letter that failed be tried again at once, and each reaction count for itself."""
    monkeypatch.setattr("bot.jobs.mail._FIRST_RETRY_SECONDS", 0.05)
    monkeypatch.setattr("cogs.windows.WINDOW_SECONDS", 0.0)


async def a_result(stage: Stage, **options: str | float | bool) -> Message:
    """Return a message with pictures, whose job is closed."""
    jobs = len(stage.jobs())
    message = await stage.end_of(await stage.sana(options=options))
    await stage.closed(jobs + 1)
    return message


async def letter_to(someone: Member) -> Message:
    """Return the first letter that somebody gets."""
    return await someone.wait_for_message(await someone.dm(), lambda shown: bool(shown.pictures))


async def letters_of(someone: Member) -> list[Message]:
    """Return all letters that somebody has."""
    return await someone.read(await someone.dm())


async def attempts_at(stage: Stage, route: str) -> int:
    """Return how often the bot has posted to a route."""
    return sum((call["method"], call["route"]) == ("POST", route) for call in await stage.members.requests())


async def reply_to(someone: Member, message: Message) -> Message:
    """Return the bot's first reply to a message."""
    return await someone.wait_for_message(message.channel_id, lambda shown: shown.reply_to == message.id)


async def test_anyone_gets_the_picture_and_all_about_it(quick_stage: Stage) -> None:
    """The same picture, prompt, seed, every parameter and a link to the message; nothing is charged."""
    stage, someone = quick_stage, quick_stage.member("newcomer")
    message = await a_result(
        stage, prompt="a *red* fox", negative_prompt="blurry", seed=7, steps=30, scale=4.5, width=288
    )
    await someone.react(message, MAIL)
    letter = await letter_to(someone)
    place = f"{stage.members.guild_id()}/{message.channel_id}/{message.id}"
    assert letter.text.split("\n") == [
        r"a \*red\* fox",
        "-# Seed 7 · 288 × 256 · 30 steps · scale 4.5 · 1 picture",
        "-# Negative prompt: blurry",
        f"-# [The message that these came from](https://discord.com/channels/{place}) · S-1",
    ]
    [picture], [original] = letter.pictures, message.pictures
    assert await stage.members.download(picture) == await stage.members.download(original)
    assert (picture.description, picture.spoiler) == ("a *red* fox", False)
    assert letter.buttons == ()
    assert stage.ledger() == PAID
    assert len(await stage.member().read(CHANNEL)) == 1


async def test_several_hidden_pictures_come_in_one_letter_hidden(quick_stage: Stage) -> None:
    """All pictures of a result are in one gallery, spoilers stay spoilers, in their order."""
    message = await a_result(quick_stage, samples=3, spoiler=True)
    someone = quick_stage.member("booster")
    await someone.react(message, MAIL)
    letter = await letter_to(someone)
    assert [(each.spoiler, each.description) for each in letter.pictures] == [
        (True, f"{number} of 3: a red fox") for number in (1, 2, 3)
    ]
    download = quick_stage.members.download
    assert [await download(each) for each in letter.pictures] == [
        await download(each) for each in message.pictures
    ]
    assert len(await letters_of(someone)) == 1


async def test_the_pictures_come_from_the_message_itself(quick_stage: Stage) -> None:
    """Wiro keeps its files for a limited time, so it is not asked again, and need not have them any more."""
    message = await a_result(quick_stage)
    asked = len(quick_stage.wiro.requests)
    someone = quick_stage.member("newcomer")
    await someone.react(message, MAIL)
    await letter_to(someone)
    assert len(quick_stage.wiro.requests) == asked


async def test_a_picture_that_is_too_large_for_a_direct_message_is_made_to_fit(quick_stage: Stage) -> None:
    """A boosted server takes more than a direct message: the picture is compressed, and it says so."""
    await quick_stage.members.call("PATCH", f"/guilds/{quick_stage.members.guild_id()}", {"premium_tier": 2})
    quick_stage.wiro.script.add(Rule(call="task", do=TaskScript(outputs="huge")))
    message = await a_result(quick_stage, width=2048, height=2048)
    [original] = message.pictures
    assert original.size_bytes > FILE_LIMIT_BYTES
    someone = quick_stage.member("newcomer")
    await someone.react(message, MAIL)
    letter = await letter_to(someone)
    assert "The picture was compressed to fit a direct message." in letter.text
    [picture] = letter.pictures
    assert picture.size_bytes <= FILE_LIMIT_BYTES
    with Image.open(BytesIO(await quick_stage.members.download(picture))) as image:
        assert image.size == (2048, 2048)


async def test_each_who_asks_gets_a_letter_each_time(quick_stage: Stage) -> None:
    """Two members at once get one each; asking again later gives another."""
    message = await a_result(quick_stage)
    people = [quick_stage.member(name) for name in ("newcomer", "booster")]
    for someone in people:
        await someone.react(message, MAIL)
    for someone in people:
        await letter_to(someone)
        assert len(await letters_of(someone)) == 1


async def test_a_result_from_before_a_restart_is_sent(quick_stage: Stage) -> None:
    """The bot was stopped and started since, and its interaction is long over."""
    message = await a_result(quick_stage, seed=7)
    await quick_stage.stop_bot()
    await quick_stage.members.expire(tokens=True, nonces=True)
    await quick_stage.start_bot()
    someone = quick_stage.member("newcomer")
    await someone.react(message, MAIL)
    letter = await letter_to(someone)
    assert "Seed 7" in letter.text
    assert len(letter.pictures) == 1


async def test_closed_direct_messages_are_said_in_place(quick_stage: Stage) -> None:
    """Who takes no direct messages is told under the result, alone is pinged, and can react again later."""
    message = await a_result(quick_stage)
    someone = quick_stage.member("newcomer")
    await quick_stage.members.call("PATCH", f"/users/{someone.id}", {"takes_dms": False})
    await someone.react(message, MAIL)
    reply = await reply_to(someone, message)
    assert (reply.text, reply.pings) == (f"<@{someone.id}> {CLOSED}", (str(someone.id),))
    assert await letters_of(someone) == []
    await quick_stage.members.call("PATCH", f"/users/{someone.id}", {"takes_dms": True})
    await someone.unreact(message, MAIL)
    await someone.react(message, MAIL)
    await letter_to(someone)


@pytest.mark.parametrize("kind", ["status", "reset", "cut_off"])
async def test_an_answer_that_is_lost_makes_no_second_letter(quick_stage: Stage, kind: str) -> None:
    """Discord took the letter, and the bot never heard so: it is sent again, and is the same one."""
    message = await a_result(quick_stage)
    await quick_stage.members.add_fault(
        kind=kind, method="POST", route=MESSAGES, after_effect=True, status=503, times=2
    )
    someone = quick_stage.member("newcomer")
    await someone.react(message, MAIL)
    await letter_to(someone)

    async with asyncio.timeout(20):
        while await attempts_at(quick_stage, MESSAGES) < 3:  # the last of them is answered
            pass
    assert len(await letters_of(someone)) == 1


@pytest.mark.parametrize(
    ("method", "route"), [("GET", MESSAGE), ("POST", "/users/@me/channels"), ("POST", MESSAGES)]
)
async def test_what_passes_is_waited_for(quick_stage: Stage, method: str, route: str) -> None:
    """Whichever of Discord's calls fails twice, the letter comes, once."""
    message = await a_result(quick_stage)
    await quick_stage.members.add_fault(kind="status", method=method, route=route, status=503, times=2)
    someone = quick_stage.member("newcomer")
    await someone.react(message, MAIL)
    await letter_to(someone)
    assert len(await letters_of(someone)) == 1


async def test_what_does_not_pass_is_said_in_place(
    quick_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The letter cannot be sent for a minute: the member is told under the result, and nothing came."""
    monkeypatch.setattr("bot.jobs.mail._RETRY_FOR_SECONDS", 0.3)
    message = await a_result(quick_stage)
    await quick_stage.members.add_fault(
        kind="status", method="POST", route="/users/@me/channels", status=503, times=None
    )
    someone = quick_stage.member("newcomer")
    await someone.react(message, MAIL)
    reply = await reply_to(someone, message)
    assert reply.text.startswith(f"<@{someone.id}> ")
    assert reply.pings == (str(someone.id),)
    assert await letters_of(someone) == []


async def test_a_reaction_just_before_the_pictures_come_is_answered_with_them(quick_stage: Stage) -> None:
    """Wiro is done and the edit under way: the letter waits for the pictures."""
    await quick_stage.members.add_fault(kind="stall", method="PATCH", route="/webhooks/.*", seconds=0.5)
    message = await quick_stage.sana()
    await eventually(lambda: quick_stage.jobs()[0]["state"] == "finished")
    someone = quick_stage.member("newcomer")
    await someone.react(message, MAIL)
    assert len((await letter_to(someone)).pictures) == 1


async def test_where_it_does_not_work_now_the_member_is_told(
    quick_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord fails for too long: a reply says so, that nothing was charged, and to try again."""
    monkeypatch.setattr("bot.jobs.mail._RETRY_FOR_SECONDS", 0.2)
    message = await a_result(quick_stage)
    someone = quick_stage.member("newcomer")
    await quick_stage.members.add_fault(kind="status", method="GET", route=MESSAGE, status=503, times=None)
    await someone.react(message, MAIL)
    reply = await reply_to(someone, message)
    assert reply.text == (
        f"<@{someone.id}> I could not send you these pictures just now. Nothing was charged. Please try it"
        " again in a few minutes."
    )
    await quick_stage.members.clear_faults()
    await quick_stage.member("booster").react(message, MAIL)
    assert (await letter_to(quick_stage.member("booster"))).pictures
    assert await letters_of(someone) == []
