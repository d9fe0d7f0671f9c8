"""Calls over a network: a request on its way, its effect at the server, an answer on its way.

A request that has left is the network's: it arrives even if its sender dies meanwhile.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Final, TypeVar, cast

from bot.errors import SanaBotError
from simulation.faults import Faults
from simulation.loop import VirtualLoop
from simulation.process import Process
from simulation.trace import Trace

_T = TypeVar("_T")
_QUICKEST_SECONDS: Final = 0.005
_SLOWEST_SECONDS: Final = 0.5
_REFUSED_WHILE_DOWN: Final = 0.4  # of the calls to a server that is out of order
_DONE_WHILE_DOWN: Final = 0.3  # of those that it does not refuse
MOMENTS: Final = ("not sent", "under way", "done")
"""Of a call, at which the process can die."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """What can go wrong with calls to a server.

    Args:
        domain: of the faults.
        calls: their names.
        unknown: makes the errors that leave open whether there was an effect.
        refusals: names and makers of errors that say for certain that there was none.
        patience_seconds: after which the caller gives up waiting.
        times: how much more often than others these calls fail, which are rare.
        latest_seconds: after the caller gave up, until when the effect may still come; None: it never does.
        outlives_seconds: after the caller died, likewise; None: as long as if it had not.
    """

    domain: str
    calls: Sequence[str]
    unknown: Sequence[tuple[str, Callable[[], SanaBotError]]]
    refusals: Sequence[tuple[str, Callable[[], SanaBotError]]]
    patience_seconds: float
    latest_seconds: float | None
    outlives_seconds: float | None = None
    times: float = 1.0

    def names_of_faults(self) -> Iterator[str]:
        """Return what can strike, as `Faults.strike` counts it."""
        for call in self.calls:
            for kind, _ in self.refusals:
                yield f"{self.domain}: {call}: {kind}"
            for kind, _ in self.unknown:
                yield f"{self.domain}: {call}: request lost ({kind})"
                yield f"{self.domain}: {call}: answer lost ({kind})"
            if self.latest_seconds is not None:
                yield f"{self.domain}: {call}: late"

    def names_of_crashes(self) -> Iterator[str]:
        """Return the points at which the process can die."""
        for call in self.calls:
            yield from (f"{call}, {moment}" for moment in MOMENTS)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every process of a run finds around it."""

    loop: VirtualLoop
    trace: Trace
    faults: Faults
    outside: Context  # in which the servers and the disk work
    crash: Callable[[Process, str, int | None], bool]  # may end the process at a point, for a job's call
    is_down: Callable[[str], bool]  # whether a domain's server is out of order


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of one call."""

    seconds: float  # until the request arrives
    error: SanaBotError | None = None  # that the caller sees, whatever the server does
    has_effect: bool = True
    is_late: bool = False  # the caller gives up before the request arrives

    @property
    def is_answer_lost(self) -> bool:
        """Whether the caller does not learn that there was an effect."""
        return self.has_effect and self.error is not None


class Calls:
    """Carries calls from one process to the simulated servers.

    Args:
        around: the run's.
        process: the caller.
    """

    def __init__(self, around: Surroundings, process: Process) -> None:
        self.process = process
        self._around = around

    async def make(self, nature: Nature, name: str, job_id: int | None, effect: Callable[[], _T]) -> _T:
        """Make one call.

        Args:
            nature: what can go wrong.
            name: of the call, for the trace and the crash points.
            job_id: whom it is for.
            effect: what the server does, and answers; it may raise a refusal.

        Raises:
            SanaBotError: what the server raised, or the fault that struck.
            CancelledError: the process has died.
        """
        around, process = self._around, self.process
        process.check()
        if around.crash(process, f"{name}, not sent", job_id):
            process.check()
        answer: asyncio.Future[_T] = around.loop.create_future()
        plan = self._draw(nature, name)

        def arrive() -> None:
            if nature.outlives_seconds is not None and process.dead_for_seconds > nature.outlives_seconds:
                return
            around.crash(process, f"{name}, under way", job_id)
            result, error = _do(effect, plan)
            kind = "->" if plan.has_effect else "-x"
            said = f"{name} S-{job_id} {kind}" if job_id is not None else f"{name} {kind}"
            around.trace.note(nature.domain, f"{said} {_outcome(error, result, is_lost=plan.is_answer_lost)}")
            around.crash(process, f"{name}, done", job_id)
            if not plan.is_late:
                _later(around, self._travel_seconds(), lambda: respond(result, error))

        def respond(result: _T | None, error: SanaBotError | None) -> None:
            if process.is_alive and not answer.done():
                if error is not None:
                    fail(answer, error)
                else:
                    answer.set_result(cast("_T", result))

        if plan.is_late:
            _later(around, nature.patience_seconds, lambda: respond(None, plan.error))
        _later(around, plan.seconds, arrive)
        result = await answer
        process.check()
        return result

    def _travel_seconds(self) -> float:
        return self._around.faults.seconds(_QUICKEST_SECONDS, _SLOWEST_SECONDS)

    def _draw(self, nature: Nature, name: str) -> _Plan:
        faults, seconds, times = self._around.faults, self._travel_seconds(), nature.times
        kind, unknown = faults.random.choice(nature.unknown)
        if self._around.is_down(nature.domain):
            if nature.refusals and faults.chance(_REFUSED_WHILE_DOWN):
                return _Plan(seconds, nature.refusals[0][1](), has_effect=False)
            return _Plan(seconds, unknown(), has_effect=faults.chance(_DONE_WHILE_DOWN))
        for refusal, make in nature.refusals:
            if faults.strike(nature.domain, f"{name}: {refusal}", times=0.5 * times):
                return _Plan(seconds, make(), has_effect=False)
        for lost, has_effect in (("request", False), ("answer", True)):
            if faults.strike(nature.domain, f"{name}: {lost} lost ({kind})", times=times):
                return _Plan(seconds, unknown(), has_effect=has_effect)
        if nature.latest_seconds is not None and faults.strike(nature.domain, f"{name}: late"):
            seconds = nature.patience_seconds + faults.seconds(0.05, nature.latest_seconds)
            return _Plan(seconds, unknown(), is_late=True)
        return _Plan(seconds)


def _later(around: Surroundings, seconds: float, act: Callable[[], None]) -> None:
    """Let the network or a server act, whatever becomes of the process."""
    around.loop.call_later(seconds, act, context=around.outside)


def _do(effect: Callable[[], _T], plan: _Plan) -> tuple[_T | None, SanaBotError | None]:
    """Let a request have its effect, if it has one; return the answer as the caller will have it."""
    if not plan.has_effect:
        return None, plan.error
    try:
        result = effect()
    except SanaBotError as refusal:
        return None, plan.error or refusal
    return result, plan.error


def fail(answer: asyncio.Future[_T], error: Exception) -> None:
    """Let an answer be an error, which nobody need hear: the caller may die first."""
    answer.set_exception(error)
    answer.exception()


def _outcome(error: SanaBotError | None, result: object, *, is_lost: bool) -> str:
    if error is None:
        return "done" if result is None else str(result)[:80]
    return f"{type(error).__name__}: {error}{' (done)' if is_lost else ''}"
