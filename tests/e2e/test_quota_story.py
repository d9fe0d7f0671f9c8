"""A server's moderators at work, from the first rule to the export, and what members see of it."""

import re

from sandbox.member import Option
from sandbox.members import Message
from sandbox.wiro import CallFault, TaskScript
from sandbox.wiro.script import Rule
from tests.support.quotas import ask, changes, said
from tests.support.stage import CHANNEL, REFUNDED, Stage, eventually

SMALL = {"width": 256, "height": 256}


class Story:
    """A server at work: its people, and what was posted so far."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.owner = stage.member("owner")
        self.moderator = stage.member("moderator")
        self.booster = stage.member("booster")
        self.who = str(self.booster.id)

    async def rules(self) -> None:
        """The default, then a rule of a role, then one of a member: each beats the one before."""
        role = str(self.stage.members.role_id("Booster"))
        await said(self.moderator, "quota log", channel=str(self.stage.members.channel_id("general")))
        await said(self.owner, "quota default", credits="2", period="week")
        assert "**0 of 2** used in the last 7 days, **2 left**" in await said(self.booster, "usage")
        await said(self.owner, "quota role", role=role, credits="5")
        assert "Allowance: 5 credits a week, from the role **Booster**." in await said(self.booster, "usage")
        other = await said(self.stage.member(), "usage")
        assert "Allowance: 2 credits a week, this server's default." in other
        await said(self.moderator, "quota member", member=self.who, credits="1")
        await said(self.moderator, "quota grant", member=self.who, credits=3, reason="won the contest")
        text = await said(self.booster, "usage")
        assert "Allowance: 1 credit a week, from a rule for you alone." in text
        assert "**0 of 1** used in the last 7 days, **4 left** with the extra credits." in text
        assert "3 extra credits granted by" in text

    async def jobs(self) -> tuple[Message, list[Message]]:
        """The allowance is used before the extra credits, and every answer says what is left."""
        self.stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True)))
        running = await self.stage.sana(self.booster, options=SMALL)
        assert "· 3 credits left" in running.text
        await eventually(lambda: self.stage.jobs()[0]["state"] == "running")
        waiting = [await self.stage.sana(self.booster, options=SMALL) for _ in range(2)]
        assert "· 1 credit left" in waiting[1].text
        assert "and you have 1 of 2 left" in await self.refusal(samples=2)
        return running, waiting

    async def block(self, waiting: list[Message]) -> None:
        """A block cancels and refunds what waits, and is told to everybody whom it concerns."""
        text = await said(self.moderator, "quota block", member=self.who, duration="2d", reason="too *loud*")
        assert "2 jobs that waited in line were cancelled and refunded" in text
        for message in waiting:
            ended = await self.stage.end_of(message, self.booster)
            assert f"<@{self.moderator.id}> cancelled this" in ended.text
            assert "Your 1 credit is back." in ended.text
        note = await self.refusal()
        until = re.search(r"blocked you from making pictures until <t:(\d+):f> \(<t:\1:R>\)", note)
        assert until is not None
        assert r"Reason: too \*loud\*" in note
        assert f"**You are blocked** until <t:{until[1]}:f>" in await said(self.booster, "usage")
        shown = await said(self.moderator, "quota show", member=self.who)
        assert f"**They are blocked by <@{self.moderator.id}>** until <t:{until[1]}:f>" in shown
        assert "Extra credits: **3**." in shown

    async def unblock(self) -> None:
        """Unblocked and reset, the booster is at work again."""
        await said(self.moderator, "quota unblock", member=self.who)
        text = await said(self.moderator, "quota reset", member=self.who, reason="a fresh start")
        assert f"1 credit counted as used for <@{self.who}>" in text
        assert "**0 of 1** used" in await said(self.booster, "usage")
        message = await self.stage.sana(self.booster, options=SMALL)
        done = await self.stage.end_of(message, self.booster)
        assert "1 credit · 3 credits left" in done.text

    async def reports(self) -> None:
        """History, top, export and the log channel tell what happened."""
        moderator, who = self.moderator, self.who
        history = await said(moderator, "quota history", member=who)
        for words in (
            "paid 1, picture posted (S-4)",
            f"<@{moderator.id}> reset what <@{who}> used: 1 credit before, none now. Reason: a fresh start",
            f"<@{moderator.id}> ended the block of <@{who}>",
            "refunded 1, cancelled (S-3)",
            f"<@{moderator.id}> blocked <@{who}> until <t:",
        ):
            assert words in history
        top = await said(moderator, "quota top", period="day")
        assert f"1\\. <@{who}>: **2 credits** in 4 jobs" in top
        exported = await ask(moderator, "quota export")
        content = (await self.stage.members.download(exported.files[0])).decode()
        assert content.count("refund") == 2
        assert "won the contest" in content
        log = [message.text for message in await moderator.read("general")]
        assert len(log) == 8
        assert log[4] == (
            f"<@{moderator.id}> granted <@{who}> 3 extra credits: 0 before, 3 now. Reason: won the contest"
        )

    async def refusal(self, **options: Option) -> str:
        """Type `/sana` for nothing, and return why."""
        wanted: dict[str, Option] = {"prompt": "a red fox", **options}
        typed = await self.booster.type("sana", channel=CHANNEL, options=wanted)
        return await self.stage.note(typed, self.booster)


async def test_the_whole_story(bare_stage: Stage) -> None:
    """Default, role, member, grant, block, unblock, reset; then history, top, export and log tell it all."""
    stage = bare_stage
    await stage.start_bot(wiro_max_concurrent="1")
    story = Story(stage)
    await story.rules()
    running, waiting = await story.jobs()
    await story.block(waiting)
    stage.wiro.finish("1")  # what ran goes on
    assert (await stage.end_of(running, story.booster)).pictures
    await story.unblock()
    await stage.closed(4)
    done = ["log", "default", "role", "member", "grant", "block", "unblock", "reset"]
    assert [action for action, _, _ in changes(stage)] == done
    await story.reports()


async def test_rules_and_blocks_outlive_a_kill(bare_stage: Stage) -> None:
    """What was answered is there after SIGKILL: the rule, the extra credits, the block, the log channel."""
    stage = bare_stage
    bot = stage.bot_process()
    try:
        await bot.start()
        await bot.wait_until_ready()
        moderator, who = stage.member("moderator"), str(stage.member().id)
        await said(moderator, "quota member", member=who, credits="7")
        await said(moderator, "quota grant", member=who, credits=3, reason="well done")
        await said(moderator, "quota log", channel=str(stage.members.channel_id("general")))
        await said(moderator, "quota block", member=who, reason="spam")
        await bot.kill()
        await bot.start()
        await bot.wait_until_ready()
        text = await said(stage.member(), "usage")
        assert "**You are blocked** until a moderator ends it, and can start no job. Reason: spam" in text
        assert "**0 of 7** used" in text
        assert "Extra credits: **3**." in text
        assert await bot.stop() == 0
    finally:
        await bot.end()


async def test_a_refusal_says_what_would_fit(bare_stage: Stage) -> None:
    """What it would cost, what is left, when enough is free, and a size that what is left pays for."""
    stage = bare_stage
    await stage.start_bot()
    await said(stage.member("owner"), "quota default", credits="5", period="hour")
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    await stage.sana(options=SMALL, samples=3)
    typed = await stage.member().type("sana", channel=CHANNEL, prompt="a red fox", size="square-2k")
    note = await stage.note(typed)
    assert note.startswith("This would cost 4 credits, and you have 2 of 5 left. Nothing was charged.")
    assert re.search(r"Enough are free again <t:(\d+):R> \(<t:\1:f>\)", note)
    assert note.endswith("; until then, a 1024 × 1024 picture would fit.")


async def test_a_role_counts_from_the_command_to_the_picture(quick_stage: Stage) -> None:
    """What a role allows can be used; the answer and the finished message say what is left of it."""
    stage, booster = quick_stage, quick_stage.member("booster")
    await said(stage.member("owner"), "quota default", credits="1", period="day")
    await said(stage.member("owner"), "quota role", role=str(stage.members.role_id("Booster")), credits="50")
    answer = await stage.sana(booster, size="square-2k")
    assert "· 46 credits left" in answer.text
    assert "4 credits · 46 credits left" in (await stage.end_of(answer, booster)).text
    typed = await stage.member().type("sana", channel=CHANNEL, prompt="a red fox", size="square-2k")
    assert "more than your whole allowance of 1" in await stage.note(typed)


async def test_everyone_is_a_role_too(quick_stage: Stage) -> None:
    """A rule for @everyone counts for everybody, as a role rule does."""
    stage = quick_stage
    everyone = str(stage.members.guild_id("Sandbox"))
    await said(stage.member("owner"), "quota role", role=everyone, credits="3")
    text = await said(stage.member("newcomer"), "usage")
    assert r"Allowance: 3 credits a day, from the role **\@everyone**." in text


async def test_a_rule_of_nothing_is_none_at_all(quick_stage: Stage) -> None:
    """A member with a rule of 0 credits can make nothing but with extra credits."""
    stage, who = quick_stage, str(quick_stage.member().id)
    moderator = stage.member("moderator")
    text = await said(moderator, "quota member", member=who, credits="0")
    assert "now there is a rule of no credits. They cannot use any allowance now." in text
    typed = await stage.member().type("sana", channel=CHANNEL, prompt="a red fox")
    assert await stage.note(typed) == (
        "There is no allowance for you in this server, so nothing was started and nothing was charged. The"
        " moderators can change that."
    )
    assert f"`{'█' * 20}`" in await said(stage.member(), "usage")
    await said(moderator, "quota grant", member=who, credits=1, reason="once")
    assert (await stage.end_of(await stage.sana(options=SMALL))).pictures


async def test_a_job_that_comes_back_from_wiro_does_not_outlive_a_block(quick_stage: Stage) -> None:
    """Its Run is under way when its member is blocked, and comes to nothing: it is not sent again."""
    busy = CallFault(http_status=429, delay_seconds=1.0)
    quick_stage.wiro.script.add(Rule(call="Run", do=busy))
    booster = quick_stage.member("booster")
    message = await quick_stage.sana(booster)
    await eventually(lambda: quick_stage.jobs()[0]["state"] == "submitting")
    await said(quick_stage.member("moderator"), "quota block", member=str(booster.id), reason="spam")
    ended = await quick_stage.end_of(message, booster)
    assert "Your 1 credit is back." in ended.text
    await quick_stage.closed()
    assert quick_stage.ledger() == REFUNDED
    assert quick_stage.calls("Run") == 1
