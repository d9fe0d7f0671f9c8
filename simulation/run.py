"""Runs one seed: everything random in the bot comes from it, and what the bot logs goes into the trace."""

import contextlib
import logging
import random
import secrets
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import structlog

from simulation.coverage import Coverage
from simulation.faults import Faults
from simulation.loop import StuckError, VirtualLoop
from simulation.process import watch_tasks
from simulation.promises import check
from simulation.trace import Trace
from simulation.world import World

_MOST_ROUNDS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a seed."""

    seed: int
    violations: tuple[str, ...]
    digest: str
    lines: tuple[str, ...]
    coverage: Coverage
    rounds: int


def simulate(seed: int, *, whole_trace: bool = False) -> Outcome:
    """Run one seed and check the promises."""
    loop = VirtualLoop(most_rounds=_MOST_ROUNDS)
    trace = Trace(loop, is_whole=whole_trace)
    coverage = Coverage()
    watch_tasks(loop)
    with contextlib.closing(loop), _seeded(seed), _logged(trace):
        world = World(loop, trace, Faults(seed, coverage), coverage)
        loop.set_exception_handler(lambda _, context: world.complain(f"asyncio: {context['message']}"))
        try:
            loop.run_until_complete(world.live())
        except StuckError as error:
            world.complain(str(error))
            world.abandon()
        else:
            check(world)
        world.disk.close()
    return Outcome(seed, tuple(world.violations), trace.digest, tuple(trace.lines), coverage, loop.rounds)


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Draw the bot's jitter and its callback tokens from the seed, for as long as the run lasts."""
    state, token_urlsafe = random.getstate(), secrets.token_urlsafe
    tokens = random.Random(seed)  # noqa: S311 - a simulation keeps no secret

    def drawn_token(nbytes: int | None = None) -> str:  # noqa: ARG001 - as `secrets` has it
        return f"{tokens.getrandbits(256):064x}"[:43]

    random.seed(seed)
    secrets.token_urlsafe = drawn_token
    try:
        yield
    finally:
        secrets.token_urlsafe = token_urlsafe
        random.setstate(state)


@contextlib.contextmanager
def _logged(trace: Trace) -> Iterator[None]:
    """Write what the bot logs into the trace, and nowhere else."""
    before = structlog.get_config()

    def note(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> NoReturn:  # noqa: ANN401 - as structlog has it
        what = event.pop("event")
        trace.note("log", f"{what} {event}")
        raise structlog.DropEvent

    structlog.configure(
        processors=[note],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)
