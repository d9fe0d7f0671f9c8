"""The fair line and the slots: pure bookkeeping."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.queue import Line, Slots

START = 1000.0


def line_of(*jobs: tuple[int, int]) -> Line:
    """Return a line of jobs with their members; each is created a second after the one before."""
    line = Line()
    for job_id, member_id in jobs:
        line.join(job_id, member_id, START + job_id)
    return line


def drain(line: Line) -> list[int]:
    """Take everything out, in the order of service."""
    order = []
    while (job_id := line.take_next()) is not None:
        order.append(job_id)
    return order


def test_members_take_turns() -> None:
    """A member with many jobs does not keep one with a single job waiting behind all of them."""
    assert drain(line_of((1, 10), (2, 10), (3, 10), (4, 20), (5, 30))) == [1, 4, 5, 2, 3]


def test_a_members_own_jobs_keep_their_order() -> None:
    """Within a member, first come is first served."""
    assert drain(line_of((1, 10), (2, 10), (3, 10))) == [1, 2, 3]


def test_a_job_that_comes_back_keeps_its_turn() -> None:
    """A job whose turn came to nothing goes before all others, and before its member's later ones."""
    line = line_of((1, 10), (2, 10), (3, 20))
    assert line.take_next() == 1
    line.join(1, 10, START, front=True)
    assert drain(line)[0] == 1


def test_a_burst_that_comes_back_keeps_its_order() -> None:
    """Several jobs of one member that come back in any order are served in their own."""
    line = line_of((1, 10), (2, 10), (3, 10))
    taken = [line.take_next() for _ in range(3)]
    for job_id in reversed(taken):
        assert job_id is not None
        line.join(job_id, 10, START, front=True)
    assert drain(line) == [1, 2, 3]


def test_a_burst_of_several_members_that_comes_back_keeps_their_turns() -> None:
    """Whoever got through waits for the others, in whatever order their jobs come back."""
    members = {1: 10, 2: 10, 3: 20, 4: 20, 5: 30}
    for order in permutations([3, 5, 2, 4]):
        line = line_of(*members.items())
        assert drain(line) == [1, 3, 5, 2, 4]
        for job_id in order:
            line.join(job_id, members[job_id], START, front=True)
        assert drain(line) == [3, 5, 2, 4]


def test_leaving_is_not_being_served() -> None:
    """A job that left is never taken, and leaving twice is harmless."""
    line = line_of((1, 10), (2, 20))
    line.leave(1)
    line.leave(1)
    assert 1 not in line
    assert drain(line) == [2]


def test_the_oldest_is_the_one_created_first() -> None:
    """What waits longest is found for its timeout, whatever its place."""
    line = line_of((5, 10), (3, 20), (4, 30))
    assert line.oldest() == (START + 3, 3)
    line.leave(3)
    assert line.oldest() == (START + 4, 4)
    assert Line().oldest() is None


def test_a_job_that_comes_back_has_waited_from_the_first() -> None:
    """Its time in line does not begin anew with each turn that came to nothing."""
    line = line_of((1, 10))
    line.take_next()
    line.join(1, 10, START + 100, front=True)
    assert line.oldest() == (START + 1, 1)


@given(st.lists(st.integers(0, 4), max_size=30), st.integers(0, 4))
def test_places_tell_the_order_of_service(members: list[int], newcomer: int) -> None:
    """Whoever is told place n is served as the n-th, a newcomer included."""
    line = line_of(*enumerate(members, start=1))
    job_id = len(members) + 1
    promised = line.place_of_newcomer(newcomer)
    line.join(job_id, newcomer, START)
    places = {job: line.place(job) for job in line.jobs()}
    first = line.first(5)
    order = drain(line)
    assert places == {job: number for number, job in enumerate(order, start=1)}
    assert order.index(job_id) + 1 == promised
    assert first == order[:5]


@given(st.lists(st.integers(0, 4), max_size=12), st.lists(st.integers(0, 4), max_size=12), st.integers(0, 4))
def test_newcomers_stand_behind_those_that_were_announced(
    waiting: list[int], announced: list[int], newcomer: int
) -> None:
    """Jobs whose answers are on their way count as if they waited already, unless they leave before."""
    line = line_of(*enumerate(waiting, start=1))
    coming = list(enumerate(announced, start=len(waiting) + 1))
    for job_id, member_id in coming:
        line.announce(job_id, member_id, START)
    promised = line.place_of_newcomer(newcomer)
    assert promised == line_of(*enumerate([*waiting, *announced], start=1)).place_of_newcomer(newcomer)
    for job_id, member_id in coming:
        line.join(job_id, member_id, START)
    assert line.place_of_newcomer(newcomer) == promised
    for job_id, _ in coming:
        line.leave(job_id)
    assert line.place_of_newcomer(newcomer) == line_of(*enumerate(waiting, start=1)).place_of_newcomer(
        newcomer
    )


def test_a_fixed_limit_is_never_exceeded_and_wiro_may_allow_less() -> None:
    """What the owner set is the most; a refusal lowers it for a while, and no probe lifts it above."""
    slots = Slots(fixed=2, most=64)
    slots.take(1)
    slots.learn(None, 0.0)
    assert not slots.free(1.0)
    assert slots.free(200.0)
    slots.take(2)
    assert not slots.free(10_000.0)
    assert slots.limit == 2


def test_a_limit_is_learned_from_what_wiro_states() -> None:
    """With twenty under way and a stated limit of one, one it is."""
    slots = Slots(fixed=None, most=64)
    for job_id in range(20):
        slots.take(job_id)
    slots.learn(1, 0.0)
    assert slots.limit == 1


def test_a_limit_is_learned_from_what_runs_where_wiro_states_none() -> None:
    """Three run and a fourth is refused: three is the limit for now."""
    slots = Slots(fixed=None, most=64)
    for job_id in range(3):
        slots.take(job_id)
    slots.learn(None, 0.0)
    assert slots.limit == 3
    assert not slots.free(1.0)


def test_a_learned_limit_is_probed_upward() -> None:
    """An account that was topped up gets its speed back without a restart."""
    slots = Slots(fixed=None, most=4)
    slots.take(1)
    slots.learn(1, 0.0)
    assert not slots.free(100.0)
    assert slots.free(200.0)
    assert slots.limit == 2


def test_a_slot_comes_back_once() -> None:
    """Releasing a slot twice frees one."""
    slots = Slots(fixed=2, most=64)
    slots.take(1)
    slots.take(2)
    slots.release(1)
    slots.release(1)
    assert len(slots) == 1
    assert slots.free(0.0)
