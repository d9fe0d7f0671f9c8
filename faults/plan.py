"""What is to happen in a run, drawn from its seed alone."""

from dataclasses import dataclass
from random import Random
from typing import Final

from faults.points import POINTS, Point, Scene
from faults.stage import CHANNELS, PEOPLE
from faults.troubles import TROUBLES
from sandbox.member import Option

_NAMES: Final = tuple(TROUBLES)
_OF_SCENES: Final = {
    Scene.CANCELLED: tuple(name for name in _NAMES if name.startswith("Task/Kill: ")),
    Scene.REPLIED: tuple(name for name in _NAMES if name.startswith("reply: ")),
}
"""Troubles of calls that are made in few scenes."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One `/sana`."""

    person: str
    channel: str
    options: dict[str, Option]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A run."""

    seed: int
    point: Point
    early: tuple[str, ...]
    """Troubles that strike before the kill."""
    late: tuple[str, ...]
    """Troubles that strike while the bot is down."""
    wish: Wish
    """What the scene is about."""
    wishes: tuple[Wish, ...]
    """What others ask for before the kill."""
    later_wishes: tuple[Wish, ...]
    clicks: int
    """How many buttons and reactions members use after the kill."""
    down_seconds: float
    hour: bool
    """Whether an hour passes while the bot is down."""
    more_kills: tuple[float, ...]
    """Seconds after each next start at which the bot is killed again."""
    by_sigterm: bool
    """Whether the bot is asked to stop at its point, instead of killed."""
    has_one_slot: bool
    """Whether Wiro's account may run one task at a time."""
    echo: bool
    callbacks: bool


def draw(seed: int) -> Plan:
    """Return the plan of a seed; as many seeds in a row as there are points have each point once."""
    rng = Random(seed)  # noqa: S311 - a plan is no secret
    point = POINTS[seed % len(POINTS)]
    # One trouble takes its turn, so that a campaign meets all of them; others come by chance.
    turn = _NAMES[(seed + seed // len(POINTS)) % len(_NAMES)]
    others = rng.sample(_NAMES, k=rng.choice((0, 0, 1, 2)))
    early: list[str] = []
    late: list[str] = []
    for name in (turn, *others):
        (early if _chance(rng, 0.5) else late).append(name)
    if (fitting := _OF_SCENES.get(point.scene)) is not None and _chance(rng, 0.5):
        early.append(rng.choice(fitting))
    return Plan(
        seed=seed,
        point=point,
        early=tuple(early),
        late=tuple(late),
        wish=Wish(
            person=rng.choice(PEOPLE),
            channel="pictures",
            options=wish_options(rng, f"run {seed}, its subject"),
        ),
        wishes=_wishes(rng, seed, "before", rng.randint(0, 3)),
        later_wishes=_wishes(rng, seed, "after", rng.randint(0, 2)),
        clicks=rng.randint(0, 4),
        down_seconds=rng.choice((0.0, 0.0, 0.5, 2.0)),
        hour=_chance(rng, 0.25),
        more_kills=tuple(rng.uniform(0.0, 2.5) for _ in range(rng.choice((0, 0, 0, 1, 2)))),
        by_sigterm=_chance(rng, 0.1) and point.scene not in {Scene.STARTING, Scene.CALLED_BACK},
        has_one_slot=_chance(rng, 0.3),
        echo=not _chance(rng, 0.2),
        callbacks=point.scene is Scene.CALLED_BACK or not _chance(rng, 0.15),
    )


def _chance(rng: Random, of: float) -> bool:
    return rng.random() < of


def _wishes(rng: Random, seed: int, when: str, count: int) -> tuple[Wish, ...]:
    return tuple(
        Wish(
            person=rng.choice(PEOPLE),
            channel=rng.choice(CHANNELS),
            options=wish_options(rng, f"run {seed}, {when}, number {number}"),
        )
        for number in range(count)
    )


def wish_options(rng: Random, prompt: str) -> dict[str, Option]:
    """Return options of a `/sana` that is quickly made."""
    options: dict[str, Option] = {"prompt": prompt, "width": 256, "height": 256, "steps": rng.randint(1, 8)}
    if _chance(rng, 0.4):
        options["samples"] = rng.randint(1, 4)
    if _chance(rng, 0.2):
        options["spoiler"] = True
    return options
