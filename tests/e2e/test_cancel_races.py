"""Cancel against completion, and against the start: whoever is asked, every account of a job agrees."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.members import Member, Message, Refused, Typing
from sandbox.wiro import CallFault, Rule, TaskScript
from tests.support.stage import CHANNEL, PAID, REFUNDED, Stage, eventually

RACES: Final = 200
AT_ONCE: Final = 10
AT_LEAST: Final = 20  # of each outcome, or it was no race
SPREAD_SECONDS: Final = 0.3  # over which the clicks are strewn, and the ends
STEP_SECONDS: Final = 0.05  # by which the ends come later or earlier, so that neither side always wins
STATUSES: Final = ("task_queue", "task_output", "task_postprocess_start")  # at which tasks wait for their end
STARTS: Final = 60
STOPPING: Final = "I am stopping"
LEFT_THE_LINE: Final = "is cancelled and costs nothing"
OVER: Final = "This has ended already, so there is nothing left to cancel."
IN_VAIN: Final = "This was finished before it could be cancelled, so it is charged."
GONE: Final = "There was no button any more."
UNANSWERED: Final = "Nobody answered."
TRIES: Final = 5


@dataclass(frozen=True, kw_only=True)
class Racer:
    """A member, and the job that they asked for and cancel."""

    member: Member
    prompt: str
    message: Message

    async def cancel(self, stage: Stage, *, after_seconds: float) -> str:
        """Click Cancel after a while; return what the click was answered with.

        A machine that is busy elsewhere may leave a click unanswered: whoever clicked does so again.
        """
        await asyncio.sleep(after_seconds)
        for attempt in range(TRIES):
            try:
                clicked = await self.member.click(self.message, label="Cancel")
            except Refused:
                return UNANSWERED if attempt else GONE
            if clicked.shown == "answered":
                return UNANSWERED if attempt else await stage.note(clicked, self.member)
        return UNANSWERED


async def racers(stage: Stage, members: Sequence[Member], prompts: Sequence[str]) -> list[Racer]:
    """Return a job for each prompt, all asked for at once."""
    typings = [
        Typing(
            member=members[number % len(members)],
            command="sana",
            channel=CHANNEL,
            options={"prompt": prompt, "width": 256, "height": 256, "seed": 7},
        )
        for number, prompt in enumerate(prompts)
    ]
    found: list[Racer] = []
    for typing, sent in zip(typings, await stage.members.type_many(typings), strict=True):
        answered = await stage.members.wait_for_answer(sent)
        message = await typing.member.message(CHANNEL, answered.message_id)
        found.append(Racer(member=typing.member, prompt=str(typing.options["prompt"]), message=message))
    return found


async def outcome(stage: Stage, racer: Racer, note: str) -> str:
    """Return what became of a job, after message, store, ledger and Wiro were seen to tell the same."""
    ended = await stage.end_of(racer.message, racer.member, timeout_seconds=90)
    query = "SELECT * FROM jobs WHERE message_id = ? AND closed_at IS NOT NULL"
    await eventually(lambda: bool(stage.rows(query, ended.id)), 90)  # an edit in doubt takes a minute
    [job] = stage.rows(query, ended.id)
    entries = stage.rows("SELECT * FROM ledger WHERE job_id = ? ORDER BY id", job["id"])
    ledger = [(entry["kind"], entry["credits"]) for entry in entries]
    tasks = [task for task in stage.wiro.tasks if task.inputs.prompt == racer.prompt]
    at_wiro = [(task.status, float(task.cost) > 0) for task in tasks]
    if job["state"] == "delivered":
        assert (ledger, at_wiro, len(ended.pictures)) == (PAID, [("task_postprocess_end", True)], 1)
        assert not any(words in ended.text for words in ("Stopping", "back", "late"))
        assert (IN_VAIN in ended.text) is (job["cancelled_by"] is not None)
        assert note.startswith((STOPPING, OVER, GONE, UNANSWERED))
        return "delivered"
    assert (job["state"], job["cancelled_by"], ledger) == ("cancelled", racer.member.id, REFUNDED)
    assert at_wiro in ([], [("task_cancel", False)])
    assert not any(edit.pictures for edit in ended.edits)
    assert ended.text.startswith(
        f"<@{racer.member.id}> cancelled this before there was a picture.\nYour 1 credit is back.\n"
    )
    assert note.startswith((STOPPING, UNANSWERED)) or (LEFT_THE_LINE in note and not tasks)
    return "cancelled at Wiro" if tasks else "cancelled in line"


async def against_completion(stage: Stage, racer: Racer, *, click_after: float, end_after: float) -> str:
    """Let the member's click and the end of the task, which is there, race; return the outcome."""
    task = await stage.wiro.wait_for_task(lambda task: task.inputs.prompt == racer.prompt)

    async def end() -> None:
        await asyncio.sleep(end_after)
        stage.wiro.finish(task.taskid)

    note, _ = await asyncio.gather(racer.cancel(stage, after_seconds=click_after), end())
    return await outcome(stage, racer, note)


async def test_two_hundred_races_of_cancel_against_completion(quick_stage: Stage) -> None:
    """Each ends either cancelled and refunded or delivered and charged: never both, never neither."""
    stage, chance = quick_stage, random.Random(4)  # noqa: S311 - no secret
    for status in STATUSES:
        script = TaskScript(stuck=True, stuck_at=status)
        stage.wiro.script.add(Rule(call="task", do=script, prompt_contains=status, times=None))
    members = await stage.members.add_members("racer", AT_ONCE)
    outcomes: Counter[str] = Counter()
    head_start = 0.1  # of the clicks, in seconds
    while outcomes.total() < RACES:
        done = outcomes.total()
        prompts = [f"{number} {chance.choice(STATUSES)}" for number in range(done, done + AT_ONCE)]
        ends = Counter(
            await asyncio.gather(
                *(
                    against_completion(
                        stage,
                        racer,
                        click_after=chance.uniform(0, SPREAD_SECONDS),
                        end_after=head_start + chance.uniform(0, SPREAD_SECONDS),
                    )
                    for racer in await racers(stage, members, prompts)
                )
            )
        )
        head_start += STEP_SECONDS if ends["delivered"] > AT_ONCE / 2 else -STEP_SECONDS
        outcomes += ends
    assert min(outcomes["delivered"], outcomes["cancelled at Wiro"]) >= AT_LEAST, outcomes
    assert (outcomes["cancelled in line"], stage.calls("Run"), len(stage.wiro.tasks)) == (0, RACES, RACES)
    assert stage.rows("SELECT count(*) AS entries FROM ledger") == [{"entries": 2 * RACES}]


async def test_races_of_cancel_against_the_start(bare_stage: Stage) -> None:
    """Clicked as a job leaves the line, or while Run is under way: no task goes on that nobody wants."""
    stage, chance = bare_stage, random.Random(5)  # noqa: S311 - no secret
    await stage.start_bot(wiro_max_concurrent="8")
    stage.wiro.script.add(Rule(call="task", do=TaskScript(stuck=True), times=None))
    stage.wiro.script.add(Rule(call="Run", do=CallFault(delay_seconds=0.02), times=None))
    members = await stage.members.add_members("racer", STARTS)
    started = await racers(stage, members, [f"number {number}" for number in range(STARTS)])
    notes = await asyncio.gather(
        *(racer.cancel(stage, after_seconds=chance.uniform(0, 2 * SPREAD_SECONDS)) for racer in started)
    )
    outcomes = Counter(
        [await outcome(stage, racer, note) for racer, note in zip(started, notes, strict=True)]
    )
    assert min(outcomes["cancelled in line"], outcomes["cancelled at Wiro"]) >= 1, outcomes
    assert (outcomes.total(), outcomes["delivered"]) == (STARTS, 0)
    assert stage.calls("Run") == len(stage.wiro.tasks) == outcomes["cancelled at Wiro"]


async def test_cancel_before_the_answer_is_confirmed(quick_stage: Stage) -> None:
    """The message is there, and the bot does not know of it yet: it ends all the same, and says so."""
    stage, member = quick_stage, quick_stage.member()
    await stage.members.add_fault(
        kind="stall", method="POST", route="/interactions/.*", after_effect=True, seconds=0.5
    )
    await member.type("sana", channel=CHANNEL, options=stage.usual, wait=False)
    message = await member.wait_for_message(CHANNEL, lambda shown: bool(shown.button("Cancel")))
    clicked = await member.click(message, label="Cancel")
    assert LEFT_THE_LINE in await stage.note(clicked)
    assert [job["message_id"] for job in stage.jobs()] == [None]
    ended = await stage.end_of(message)
    assert ended.text.startswith(f"<@{member.id}> cancelled this")
    await stage.closed()
    assert (stage.ledger(), stage.calls("Run")) == (REFUNDED, 0)
