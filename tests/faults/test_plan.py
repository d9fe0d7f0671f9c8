"""What happens in a run is drawn from its seed alone, and a campaign leaves nothing out."""

from faults.plan import draw
from faults.points import POINTS
from faults.troubles import TROUBLES


def test_the_same_seed_is_the_same_plan() -> None:
    """A failure can be replayed from its seed; another seed is another plan."""
    assert draw(17) == draw(17)
    assert draw(17) != draw(17 + len(POINTS))


def test_as_many_runs_as_points_have_each_point_once() -> None:
    """Wherever a campaign begins, so many runs in a row are at every point."""
    for first in (0, 1, 1234):
        points = [draw(seed).point for seed in range(first, first + len(POINTS))]
        assert set(points) == set(POINTS)


def test_two_hundred_runs_meet_every_trouble() -> None:
    """Each trouble strikes at least once, before a kill or after."""
    plans = [draw(seed) for seed in range(200)]
    assert {name for plan in plans for name in (*plan.early, *plan.late)} == set(TROUBLES)


def test_points_have_names_of_their_own() -> None:
    """No two points are counted as one."""
    assert len({point.name for point in POINTS}) == len(POINTS)
