"""A day on which everything goes wrong that can be scripted, for one bot process after the other."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from sqlite3 import connect
from typing import Final, get_args

from sandbox.bot_process import BotProcess
from sandbox.discord.faults import Fault, Kind
from sandbox.members import Message
from sandbox.wiro import CallbackScript, CallFault, SocketScript, TaskScript
from sandbox.wiro.behaviours import Behaviour, CallAnswer, CallbackBody, OutputKind
from sandbox.wiro.script import Rule
from tests.support.quotas import said
from tests.support.reactions import DELETE, MAIL, REROLL
from tests.support.stage import CHANNEL, Stage, eventually

_SMALL: Final = {"width": 256, "height": 256}
_PATIENCE_SECONDS: Final = 60.0
_ROUNDS_AT_MOST: Final = 30
_TOKEN_ROUTES: Final = {"/interactions/.*": "POST", "/webhooks/.*": "PATCH"}
_CHANNEL_ROUTES: Final = {
    "/channels/[^/]*/messages": "POST",
    "/channels/[^/]*/messages/[^/]*": "*",
    "/channels/[^/]*/messages/[^/]*/reactions/.*": "PUT",
}


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with one job at Wiro."""

    call: str
    do: Behaviour
    times: int = 1


def troubles_of_wiro(telltale: str) -> Iterator[Trouble]:
    """Go through everything that can be scripted for a job; errors say what is told."""
    odd = [CallFault(answer=answer) for answer in get_args(CallAnswer)]
    statuses = [CallFault(http_status=status) for status in (400, 404, 429, 503)]
    codes = [CallFault(error=telltale, error_code=code) for code in (None, 0, 1, 96)]
    late = [CallFault(http_status=502, after_effect=True), CallFault(delay_seconds=0.1)]
    account = [
        CallFault(error=telltale, error_code=code, http_status=status)
        for code, status in ((97, None), (98, None), (99, None), (0, 401), (0, 403))
    ]
    # All of Run's are under way before the first of them fails: the bot waits once, not once for each.
    runs = [replace(fault, delay_seconds=1.0) for fault in [*odd, *statuses, *codes, *late, *account]]
    yield from (Trouble("Run", fault) for fault in runs)
    for call in ("Task/Detail", "file"):
        yield from (Trouble(call, fault) for fault in [*odd, *statuses, *codes, *late])
    yield from (Trouble("Task/Detail", fault, times=3) for fault in (odd[1], statuses[-1], codes[1]))
    yield Trouble("task", TaskScript(pexit="1", debugerror=telltale))
    yield Trouble("task", TaskScript(task_error=True, debugerror=telltale))
    yield Trouble("task", TaskScript(no_pexit=True))
    yield Trouble("task", TaskScript(unknown_status="task_unheard_of", seconds=0.5))
    yield Trouble("task", TaskScript(no_outputs=True))
    yield Trouble("task", TaskScript(fewer_outputs=0))
    yield Trouble("task", TaskScript(extra_output=True))
    for kind in get_args(OutputKind):
        yield Trouble("task", TaskScript(outputs=kind, url="https://192.0.2.1/x", slow_seconds=0.1))
    yield Trouble("callback", CallbackScript(lost=True))
    yield Trouble("callback", CallbackScript(times=3))
    yield Trouble("callback", CallbackScript(late_seconds=0.2))
    yield Trouble("callback", CallbackScript(before_answer=True))
    for body in get_args(CallbackBody):
        yield Trouble("callback", CallbackScript(body=body))


def faults_of_discord() -> Iterator[Fault]:
    """Go through all kinds of faults where tokens are in the address, and some where they are not."""
    for route, method in _TOKEN_ROUTES.items():
        for kind in get_args(Kind):
            yield Fault(kind=kind, method=method, route=route, seconds=0.1)
        yield Fault(kind="status", method=method, route=route, status=403)
        yield Fault(kind="status", method=method, route=route, after_effect=True)
        yield Fault(kind="rate_limit", method=method, route=route, seconds=0.1, retry_after=False, via=False)
    for route, method in _CHANNEL_ROUTES.items():
        yield Fault(kind="status", method=method, route=route, status=403)
        yield Fault(kind="reset", method=method, route=route)


@dataclass(kw_only=True)
class Day:
    """Everything that befalls the bots of a stage, in any order.

    Args:
        stage: without a bot.
        settings: of all of them.
        telltale: what Wiro says in its errors.
    """

    stage: Stage
    settings: dict[str, str]
    telltale: str
    logs: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def a_bot(self, **settings: str) -> AsyncIterator[BotProcess]:
        """Start a bot; stop it cleanly in the end, unless it has ended by then, and keep what it wrote."""
        bot = self.stage.bot_process(**{**self.settings, **settings})
        await bot.start()
        try:
            await bot.wait_until_ready()
            await self.stage.members.wait_until_ready()
            yield bot
            await bot.stop()
        finally:
            await bot.end()

    async def wiro_is_in_trouble(self) -> None:
        """Let each of its troubles befall a job of its own, and all sockets."""
        sockets = SocketScript(
            delay_seconds=0.1, no_greeting=True, binary_frames=True, malformed=True, close_after=5
        )
        for socket in (
            SocketScript(http_status=503),
            sockets,
            SocketScript(error=self.telltale, reset=True, close_after=2),
            SocketScript(silent=True),
        ):
            self.stage.wiro.script.add(Rule(call="socket", do=socket))
        for do in (CallFault(error=self.telltale), CallFault(http_status=500), CallFault(answer="reset")):
            self.stage.wiro.script.add(Rule(call="Task/List", do=do))
        for number, trouble in enumerate(troubles_of_wiro(self.telltale)):
            prompt = f"trouble no. {number}."
            rule = Rule(call=trouble.call, do=trouble.do, times=trouble.times, prompt_contains=prompt)
            self.stage.wiro.script.add(rule)
            assert await self._sana(prompt) is not None
        await self.all_closed()

    async def discord_is_in_trouble(self) -> None:
        """Let every fault befall what the bot says: answers, pictures, replies, notes, letters, reactions.

        What is left to do then is for the next bot: this one would wait a minute where an edit may come late.
        """
        results = [await self._result(f"result no. {number}.") for number in range(12)]
        faults = list(faults_of_discord())
        for fault in faults:
            self.stage.discord.faults.add(fault)
        someone, moderator = self.stage.member("other"), self.stage.member("moderator")
        for number, result in enumerate(results):
            await self._sana(f"fault no. {number}.")
            await someone.react(result, REROLL)
            await someone.react(result, MAIL if number % 2 else DELETE)
            await moderator.react(result, DELETE if number % 2 else MAIL)
        for number in range(_ROUNDS_AT_MOST):
            if not any(fault.times for fault in faults):
                return
            result = await self._result(f"more no. {number}.")
            await someone.react(result, REROLL)
            await moderator.react(result, DELETE)
        raise TimeoutError(f"faults that never came: {[fault for fault in faults if fault.times]}")

    async def the_gateway_is_in_trouble(self, bot: BotProcess) -> None:
        """Let it be dropped, asked to come again, and told that it cannot resume."""
        for trouble in ({"drop": 4000}, {"reconnect": True}, {"invalidate_resumable": False}):
            await self.stage.members.trouble_gateway(**trouble)
            await self._result(f"after {next(iter(trouble))}.")
        await bot.wait_until_ready()

    async def members_are_refused(self) -> None:
        """Let members and moderators ask for what they do not get, and read all that there is to read."""
        stage, member, moderator = self.stage, self.stage.member(), self.stage.member("moderator")
        result = await self._result("a red fox")
        await self.stage.member("other").click(result, label="Delete")
        opened = await member.click(result, label="Edit")
        await member.submit(opened, {"prompt": "a blue fox", "steps": "9000"}, raw=True)
        await member.click(result, label="Details")
        await member.click(result, custom_id="sana:delete:x", raw=True)
        await member.type("sana", channel=CHANNEL, raw=True, prompt="", steps=99)
        await member.type("sana", channel="no-files", prompt="a red fox")
        await member.open_menu("Sana details", result, channel=CHANNEL)
        for command in ("usage", "quota list"):
            await said(moderator if "quota" in command else member, command)
        await said(moderator, "quota log", channel=str(stage.members.channel_id("general")))
        await said(moderator, "quota block", member=str(member.id), reason="enough")
        await member.type("sana", channel=CHANNEL, prompt="a red fox")
        await said(moderator, "quota unblock", member=str(member.id))
        for command in ("quota history", "quota top", "quota export"):
            await said(moderator, command)
        await self.all_closed()

    async def the_disk_is_in_trouble(self) -> None:
        """Let another program hold the database while somebody asks for a picture."""
        with closing(connect(self.stage.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            typed = await self.stage.member().type("sana", channel=CHANNEL, prompt="locked out")
            assert "I cannot take new pictures" in await self.stage.note(typed)

    async def the_bot_is_killed(self, bot: BotProcess) -> None:
        """Kill it while its tasks run; one of them is to say later what it was run with."""
        stage = self.stage
        for number in range(3):
            stage.wiro.script.add(
                Rule(
                    call="task", do=TaskScript(stuck=True, pexit="1"), prompt_contains=f"stuck no. {number}."
                )
            )
            await self._sana(f"stuck no. {number}.")
        await stage.wiro.wait_for_task(lambda task: "stuck no. 2." in task.inputs.prompt and bool(task.times))
        await eventually(lambda: sum(job["state"] == "running" for job in stage.jobs()) == len("123"))
        await bot.kill()

    async def tasks_tell_tales(self) -> None:
        """Let the tasks that were stuck fail, and repeat in their errors all that they know."""
        for task in self.stage.wiro.tasks:
            if "stuck no." in task.inputs.prompt:
                told = f"{self.telltale} Run with {task.inputs.callback_url} and {task.token}, by /sana."
                task.script = replace(task.script, debugerror=told)
                self.stage.wiro.finish(task.taskid)
        await self.all_closed()

    async def tasks_do_not_stop(self) -> None:
        """Let Wiro refuse to stop a task, and to delete the files of another."""
        stage, telltale = self.stage, CallFault(error=self.telltale, error_code=1)
        for call in ("Task/Cancel", "Task/Kill", "Task/InputOutputDelete"):
            stage.wiro.script.add(Rule(call=call, do=telltale))
        result = await self._result("to be deleted.")
        stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), prompt_contains="to be stopped."))
        message = await self._sana("to be stopped.")
        assert message is not None
        await stage.member().wait_for_change(message, lambda shown: "being made" in shown.text)
        await stage.member().click(message, label="Cancel")
        await stage.member().click(result, label="Delete")
        await stage.member().wait_until_deleted(result)
        await self.all_closed()

    async def _sana(self, prompt: str) -> Message | None:
        """Type `/sana`; return its message, where the answer came."""
        member = self.stage.member()
        typed = await member.type("sana", channel=CHANNEL, prompt=prompt, options=_SMALL)
        return await member.message(CHANNEL, typed.message_id) if typed.shown == "answered" else None

    async def _result(self, prompt: str) -> Message:
        """Return a message with pictures."""
        message = await self._sana(prompt)
        while message is None or message.ephemeral:
            message = await self._sana(prompt)
        return await self.stage.end_of(message, timeout_seconds=_PATIENCE_SECONDS)

    async def all_closed(self) -> None:
        """Wait until nothing is left to do."""
        await eventually(lambda: all(job["closed_at"] for job in self.stage.jobs()), _PATIENCE_SECONDS)
