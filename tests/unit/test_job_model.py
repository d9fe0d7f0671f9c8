"""The job's transitions."""

from datetime import UTC, datetime

import pytest

from bot.jobs.model import ENDED, REFUNDED, TRANSITIONS, IllegalTransitionError, Job, State


def job(state: State, **changes: object) -> Job:
    """Return a job in a state."""
    values: dict[str, object] = {
        "id": 42,
        "state": state,
        "guild_id": 1,
        "channel_id": 2,
        "member_id": 3,
        "upload_limit_bytes": 10_485_760,
        "parameters": "{}",
        "credits": 4,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Job(**(values | changes))  # type: ignore[arg-type]  # the fields' own types hold


@pytest.mark.parametrize("origin", State)
@pytest.mark.parametrize("to", State)
def test_only_the_tables_transitions_can_be_made(origin: State, to: State) -> None:
    """Every pair of states is either in the table or refused."""
    if to in TRANSITIONS[origin]:
        assert job(origin).evolve(to).state is to
    else:
        with pytest.raises(IllegalTransitionError):
            job(origin).evolve(to)


@pytest.mark.parametrize("end", sorted(REFUNDED))
def test_every_end_without_pictures_refunds(end: State) -> None:
    """The refund follows from the state and cannot be forgotten by whoever makes the transition."""
    origin = next(state for state in State if end in TRANSITIONS[state])
    assert job(origin).evolve(end).refunded


def test_a_late_success_keeps_the_refund() -> None:
    """Pictures that turn up after the credits went back are delivered without a charge."""
    late = job(State.LOST, refunded=True).evolve(State.FINISHED).evolve(State.DELIVERED)
    assert late.refunded


def test_delivered_is_the_only_end_that_charges() -> None:
    """Of all ends, one is not refunded."""
    assert {State.DELIVERED} == ENDED - REFUNDED


def test_secrets_stay_out_of_the_representation() -> None:
    """A job in a log line or a traceback tells no token."""
    shown = repr(job(State.RUNNING, interaction_token="aW50ZXI", tasktoken="dGFzaw", callback_hash=b"hash"))
    assert "aW50ZXI" not in shown
    assert "dGFzaw" not in shown
    assert "hash" not in shown.replace("callback_hash", "")
