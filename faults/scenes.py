"""What members do: the scenes that lead to each point, and how they fidget afterwards."""

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Final

from faults.holds import Hold, Moment
from faults.plan import Wish
from faults.points import ANSWER, Scene
from faults.stage import PEOPLE, Stage
from sandbox.control import Refused
from sandbox.member import Member
from sandbox.members import Message
from sandbox.wiro import CallbackScript, CallFault, Rule, Task, TaskScript

CHANNEL: Final = "pictures"
PATIENCE_SECONDS: Final = 25.0
"""How long a scene may take to come to its point."""

_REROLL, _DELETE = "🔁", "❌"
_LONG_SECONDS: Final = 4.0
_TRIES: Final = 3  # of a command on a machine that has much to do

Arm = Callable[[], Awaitable[None]]
"""From here on the call is held, and things go wrong."""


class Play:
    """One scene, with its subject's `/sana`.

    Args:
        stage: with a bot that runs, but for the scene of a start.
        wish: the subject's.
        arm: to be called before the deed that leads to the point.
    """

    def __init__(self, stage: Stage, wish: Wish, arm: Arm) -> None:
        self._stage = stage
        self._wish = wish
        self._arm = arm
        self._prompt = str(wish.options["prompt"])
        self._scenes: Mapping[Scene, Callable[[], Awaitable[None]]] = {
            Scene.PLAIN: self._plain,
            Scene.LONG: self._long,
            Scene.FAILING: self._failing,
            Scene.CANCELLED: self._cancelled,
            Scene.REPLIED: self._replied,
            Scene.REROLLED: self._rerolled,
            Scene.REMOVED: self._removed,
            Scene.REFUSED: self._refused,
            Scene.UNCONFIRMED: self._unconfirmed,
            Scene.UNANSWERED: self._unanswered,
            Scene.CALLED_BACK: self._called_back,
            Scene.STARTING: self._starting,
            Scene.WHENEVER: self._plain,
        }

    async def play(self, scene: Scene) -> None:
        """Play it until nothing is left to do but to wait for its point.

        Raises:
            TimeoutError, Refused: what was to come before the point did not come.
        """
        await self._scenes[scene]()

    async def _plain(self) -> None:
        await self._arm()
        await ask(self._stage, self._wish)

    async def _long(self) -> None:
        self._let_task(TaskScript(seconds=_LONG_SECONDS))
        await self._plain()

    async def _failing(self) -> None:
        self._let_task(TaskScript(pexit="1"))
        await self._plain()

    async def _cancelled(self) -> None:
        self._let_task(TaskScript(stuck=True))
        message = await self._acknowledged()
        await self._task(lambda task: task.status == "task_output")
        await self._arm()
        await self._owner.click(message, label="Cancel", wait=False)

    async def _replied(self) -> None:
        result = await self._result()
        await self._arm()
        await self._owner.react(result, _REROLL)

    async def _rerolled(self) -> None:
        result = await self._result()
        await self._arm()
        await self._owner.click(result, label="Reroll", wait=False)

    async def _removed(self) -> None:
        result = await self._result()
        await self._arm()
        await self._owner.react(result, _DELETE)

    async def _refused(self) -> None:
        result = await self._result()
        await self._arm()
        others = [name for name in PEOPLE if name != self._wish.person]
        await self._stage.person(others[0]).react(result, _DELETE)

    async def _unconfirmed(self) -> None:
        """Let the bot die before it knows that its answer was taken, and start it again."""
        answer = Hold(Moment.UNCONFIRMED)
        self._stage.hold(ANSWER, answer)
        await ask(self._stage, self._wish)
        await answer.reached.wait()
        await self._stage.kill()
        answer.released.set()
        await self._arm()
        await self._stage.start()

    async def _unanswered(self) -> None:
        fault = CallFault(answer="lost_answer")
        self._stage.wiro.script.add(Rule(call="Run", do=fault, prompt_contains=self._prompt))
        self._let_task(TaskScript(seconds=_LONG_SECONDS))
        await self._plain()

    async def _called_back(self) -> None:
        """Stop the bot, as a machine does that has other things to do, just before Wiro calls it."""
        script = self._stage.wiro.script
        script.add(Rule(call="callback", do=CallbackScript(), prompt_contains=self._prompt))
        self._let_task(TaskScript(seconds=1.0))
        await self._plain()
        await self._task(lambda task: task.ended)
        self._stage.freeze()

    async def _starting(self) -> None:
        await self._arm()
        await self._stage.bot.start()

    @property
    def _owner(self) -> Member:
        return self._stage.person(self._wish.person)

    def _let_task(self, script: TaskScript) -> None:
        """Let the subject's task go in this way."""
        self._stage.wiro.script.add(Rule(call="task", do=script, prompt_contains=self._prompt))

    async def _acknowledged(self) -> Message:
        """Type the `/sana`, again where the bot was too slow, and return its message."""
        for _ in range(_TRIES):
            typed = await self._owner.type("sana", channel=self._wish.channel, options=self._wish.options)
            if typed.message_id is not None:
                return await self._owner.message(self._wish.channel, typed.message_id)
        raise TimeoutError("no command was answered")

    async def _result(self) -> Message:
        message = await self._acknowledged()
        return await self._owner.wait_for_change(
            message, lambda shown: bool(shown.pictures and shown.reactions), PATIENCE_SECONDS
        )

    async def _task(self, predicate: Callable[[Task], bool]) -> Task:
        return await self._stage.wiro.wait_for_task(
            lambda task: task.inputs.prompt == self._prompt and predicate(task), PATIENCE_SECONDS
        )


async def ask(stage: Stage, wish: Wish) -> None:
    """Type a `/sana`, and wait for nothing; where its channel is gone, nobody can."""
    stage.tell(f"{wish.person} asks for {wish.options['prompt']!r}")
    try:
        await stage.person(wish.person).type("sana", channel=wish.channel, options=wish.options, wait=False)
    except Refused as refused:
        stage.tell(f"which cannot be: {refused}")


async def fidget(stage: Stage, rng: Random) -> None:
    """Use a button or a reaction on some message of the bot's."""
    person = stage.person(rng.choice(PEOPLE))
    try:
        shown = [each for each in await person.read(CHANNEL) if each.author_id == stage.members.bot_user_id]
        if not shown:
            return
        message = rng.choice(shown)
        usable = [button for button in message.buttons if button.custom_id and not button.disabled]
        if usable and rng.random() < 0.6:  # noqa: PLR2004 - rather a button
            button = rng.choice(usable)
            stage.tell(f"{person.name} clicks {button.label} on {message.id}")
            await person.click(message, custom_id=button.custom_id, wait=False)
        else:
            emoji = rng.choice((_REROLL, _REROLL, _DELETE))
            stage.tell(f"{person.name} reacts with {emoji} on {message.id}")
            await person.react(message, emoji)
    except Refused as refused:  # it is gone, or out of date
        stage.tell(f"which cannot be: {refused}")
