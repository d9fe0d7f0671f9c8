"""The demo: the real bot on the sandbox, one `/sana`, and what a member sees of it, told in the terminal.

Served, it goes on afterwards: everything stays up for a person in a browser, until SIGINT or SIGTERM.
"""

import asyncio
import contextlib
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.bot_process import BotDiedError, BotProcess
from sandbox.discord import DiscordServer
from sandbox.environment import bot_environment, free_port
from sandbox.members import Member, Members, Refused
from sandbox.page import PageServer
from sandbox.shown import Message
from sandbox.wiro import CallbackScript, Rule, WiroConfig, WiroServer

_CHANNEL = "pictures"
_PICTURE_WITHIN_SECONDS = 60.0
_CALLS = {
    "Run": "Wiro accepted the signed Run call",
    "callback": "Wiro called back",
    "Task/Detail": "the bot asked Task/Detail",
    "file": "the bot fetched the picture",
}

_TALK = (
    ("moderator", "Pictures are made in **#pictures**: type `/sana` there."),
    ("newcomer", "How many can I make?"),
    ("booster", "`/usage` tells you, and only you see the answer."),
    ("member", "React with 🔁 to a picture and you get another one."),
)

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """What is shown."""

    prompt: str
    output: Path
    callbacks: bool = True  # False: the bot has no public address, and polls
    lose_callbacks: bool = False  # it has one, and hears nothing
    task_seconds: float = 4.0
    serve: bool = False
    port: int | None = None  # of the page; 0: a free one, None: the usual one if that is free


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """The bot, which has not started, both servers, and the people on one of them."""

    bot: BotProcess
    wiro: WiroServer
    members: Members
    page: PageServer | None

    @property
    def member(self) -> Member:
        """Who types the command."""
        return self.members.of("member")


async def show(options: DemoOptions, say: Say = print) -> int:
    """Run the demo and return its exit code: 0 once the picture is saved or, served, once it was ended."""
    options.output.mkdir(parents=True, exist_ok=True)
    log_path = options.output / "bot.log"
    began = time.monotonic()

    def tell(line: str) -> None:
        say(f"{time.monotonic() - began:6.2f} s  {line}")

    async with AsyncExitStack() as stack:
        try:
            stage = await _set(stack, options, log_path, tell)
        except OSError as error:
            say(f"The demo cannot start: {error.strerror}")
            return 1
        log_path.unlink(missing_ok=True)
        if stage.page is None:
            return await _tell_story(stage, options, tell, say)
        await _serve(stage, stage.page, options, tell, say)
    return 0


async def _serve(stage: _Stage, page: PageServer, options: DemoOptions, tell: Say, say: Say) -> None:
    """Tell the story once, and keep everything up until a signal comes."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    say(f"The sandbox as a person sees it: {page.origin}/")

    async def tell_and_stay() -> None:
        await _tell_story(stage, options, tell, say)
        say("")
        say(f"It is all still there: {page.origin}/ until Ctrl-C")

    telling = asyncio.create_task(tell_and_stay())
    await stopped.wait()
    telling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await telling
    if stage.bot.is_running:
        with contextlib.suppress(TimeoutError):
            await stage.bot.stop()


async def _tell_story(stage: _Stage, options: DemoOptions, tell: Say, say: Say) -> int:
    """Let the bot make a picture, and return the exit code."""
    try:
        await stage.bot.start()
        await stage.bot.wait_until_ready()
        await stage.members.wait_until_ready()
        tell(f"The bot is ready, in a process of its own; its log is {stage.bot.log_path}")
        message = await _type_and_watch(stage.member, options.prompt, tell)
        await _save(stage, message, options.output, say)
        await _tell_steps(stage, message, say)
        if stage.page is None:
            await stage.bot.stop()
    except (BotDiedError, TimeoutError, Refused) as problem:
        say(f"The demo failed: {problem}. The bot's log is {stage.bot.log_path}")
        return 1
    return 0


async def _set(stack: AsyncExitStack, options: DemoOptions, log_path: Path, tell: Say) -> _Stage:
    """Start both servers, and the page if it is wanted."""
    discord = await stack.enter_async_context(DiscordServer())
    wiro = await stack.enter_async_context(WiroServer(WiroConfig(seconds=options.task_seconds)))
    if options.lose_callbacks:
        wiro.script.add(Rule(call="callback", do=CallbackScript(lost=True), times=None))
    tell(f"The sandbox is up: Discord on {discord.origin}, Wiro on {wiro.origin}")
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="sana-demo-")))
    database = folder / "sana.db"
    environment = bot_environment(discord, wiro, callback_port=free_port(), database=database)
    if not options.callbacks:
        del environment["CALLBACK_PUBLIC_URL"]
    # In a folder of its own: no .env of the owner's reaches it.
    bot = BotProcess(environment, log_path, folder=folder)
    stack.push_async_callback(bot.end)
    members = await stack.enter_async_context(Members(discord.origin))
    page = None
    if options.serve:
        await _let_them_talk(members)
        page = await stack.enter_async_context(PageServer(discord, wiro, bot, database, port=options.port))
    return _Stage(bot=bot, wiro=wiro, members=members, page=page)


async def _let_them_talk(members: Members) -> None:
    """Let a person who comes to the page find others there."""
    said = [await members.of(name).write(text, channel="general") for name, text in _TALK]
    await members.of("moderator").react(said[-1], "👍")


async def _type_and_watch(member: Member, prompt: str, tell: Say) -> Message:
    """Type the command, tell every state of the message that answers it, and return its last one."""
    tell(f"{member.name} types in #{_CHANNEL}: /sana prompt: {prompt}")
    typed = await member.type("sana", channel=_CHANNEL, prompt=prompt)
    message = await member.message(_CHANNEL, typed.message_id)
    while True:
        tell("the bot answers:" if len(message.edits) == 1 else "the bot edits its message:")
        for line in _lines(message):
            tell(f"  │ {line}")
        if message.pictures:
            return message
        if not message.buttons:
            raise TimeoutError("the job ended without a picture")
        message = await _next_state(member, message)


async def _next_state(member: Member, known: Message) -> Message:
    return await member.wait_for_change(
        known, lambda shown: shown.revision != known.revision, _PICTURE_WITHIN_SECONDS
    )


def _lines(message: Message) -> Iterator[str]:
    """Go through what a member reads: without Discord's marks, and with its pictures and buttons."""
    for line in message.text.splitlines():
        yield re.sub(r"\\(?=[^\w\s])|\*\*|^-# |^#{1,3} ", "", line)
    for picture in message.pictures:
        yield f"[picture {picture.filename}, {picture.width} × {picture.height}]"
    for button in message.buttons:
        yield f"[button {button.label}]"


async def _save(stage: _Stage, message: Message, output: Path, say: Say) -> None:
    """Save what was posted, and say where it is."""
    say("")
    for picture in message.pictures:
        path = output / picture.filename
        path.write_bytes(await stage.members.download(picture))
        say(f"Saved {path}: {picture.width} × {picture.height} pixels, {picture.size_bytes:,} bytes")
    (output / "message.md").write_text(message.text + "\n")


async def _tell_steps(stage: _Stage, message: Message, say: Say) -> None:
    """Say how many seconds after the command each step came."""
    sent = next(each for each in await stage.members.interactions() if each.message_id == message.id)
    began = sent.steps[0].at.timestamp()
    steps = [(seen.time, _CALLS[seen.call]) for seen in stage.wiro.requests if seen.call in _CALLS]
    first, *between, last = message.edits
    steps.append((first.at.timestamp(), "Discord has the answer to the command"))
    steps += [(edit.at.timestamp(), "Discord has an edit that shows progress") for edit in between]
    steps.append((last.at.timestamp(), "Discord has the picture, in the same message"))
    say("")
    say("Seconds after the command:")
    for moment, name in sorted(steps):
        say(f"{moment - began:8.3f}  {name}")
