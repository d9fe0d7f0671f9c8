"""Does all checks at once, each with a time of its own, so that none hides another."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.check.report import FaultError, Outcome, Result, Status, fault, skipped

CHECK_SECONDS: Final = 30.0
"""How long one check may take: longer than the waits in it, so that it says itself what did not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing to look at.

    Args:
        name: what results are called, the same in every version.
        look: returns what it found, or raises a `FaultError`.
        settings: the variables that it cannot do without.
        after: the names of checks that have to be free of faults for it to make sense.
    """

    name: str
    look: Callable[[], Awaitable[Outcome]]
    settings: Collection[str] = ()
    after: Collection[str] = ()


async def examine(
    checks: Sequence[Check], wrong_settings: Collection[str], *, timeout_seconds: float = CHECK_SECONDS
) -> tuple[Result, ...]:
    """Return the result of each check, in their order.

    Args:
        checks: each stands behind those that it comes after.
        wrong_settings: variables that have no value to go by.
        timeout_seconds: how long each may take, waiting for others not counted.
    """
    tasks: dict[str, asyncio.Task[Outcome]] = {}
    async with asyncio.TaskGroup() as group:
        for check in checks:
            outcome = _outcome(
                check, wrong_settings, {name: tasks[name] for name in check.after}, timeout_seconds
            )
            tasks[check.name] = group.create_task(outcome, name=check.name)
    outcomes = {name: task.result() for name, task in tasks.items()}
    return tuple(Result(name, each.status, each.found, each.mend) for name, each in outcomes.items())


async def _outcome(
    check: Check,
    wrong_settings: Collection[str],
    earlier: Mapping[str, asyncio.Task[Outcome]],
    timeout_seconds: float,
) -> Outcome:
    if wrong := [name for name in check.settings if name in wrong_settings]:
        return skipped(f"Not looked at, for {' and '.join(wrong)} cannot be used.")
    for name, task in earlier.items():
        if (await task).status in {Status.FAULT, Status.SKIPPED}:
            return skipped(f'Not looked at because of the fault in "{name}".')
    try:
        async with asyncio.timeout(timeout_seconds):
            return await check.look()
    except FaultError as error:
        return error.outcome
    except TimeoutError:
        return fault(
            f"No end after {timeout_seconds:.0f} seconds.", "Look at the machine's network, and try again."
        )
    except Exception as error:  # noqa: BLE001 - a mistake in one check must not hide what the others found
        return fault(f"The check itself failed: {type(error).__name__}: {error}", "Please report this.")
