"""Everything that the page shows: both sandbox servers, the real bot as a process, and the page's server."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.bot_process import BotProcess
from sandbox.page import PageServer
from sandbox.wiro import Rule, Task, TaskScript
from tests.support.stage import UNLIMITED, Stage, staged

START_WITHIN_SECONDS = 60.0
_TASK_WITHIN_SECONDS = 30.0
_HELD = TaskScript(stuck=True, stuck_at="task_postprocess_start", seconds=0.5)
"""All its steps are done, and it does not end before it is told to."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """One world with its page."""

    stage: Stage
    bot: BotProcess
    page: PageServer

    @property
    def origin(self) -> str:
        """The page's own."""
        return self.page.origin

    def hold(self, prompt: str) -> None:
        """Let the next task with these words in its prompt run until `finish`."""
        self.stage.wiro.script.add(Rule(call="task", do=_HELD, prompt_contains=prompt))

    async def running(self, prompt: str) -> Task:
        """Return the task with these words in its prompt once it runs."""

        def is_it(task: Task) -> bool:
            return prompt in task.inputs.prompt and task.status == _HELD.stuck_at

        return await self.stage.wiro.wait_for_task(is_it, _TASK_WITHIN_SECONDS)

    async def finish(self, prompt: str) -> None:
        """Let a held task come to its end."""
        self.stage.wiro.finish((await self.running(prompt)).taskid)


@asynccontextmanager
async def opened(folder: Path, **settings: str) -> AsyncIterator[Site]:
    """Start everything, the bot with these variables besides the usual ones, and wait until it is ready."""
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(staged(folder, discord=UNLIMITED))
        bot = stage.bot_process(**settings)
        stack.push_async_callback(bot.end)
        await bot.start()
        await bot.wait_until_ready(START_WITHIN_SECONDS)
        await stage.members.wait_until_ready()
        page = await stack.enter_async_context(
            PageServer(stage.discord, stage.wiro, bot, stage.database, port=0)
        )
        yield Site(stage=stage, bot=bot, page=page)
