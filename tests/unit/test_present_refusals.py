"""Refusals and notes say what happened, what it means for the credits, and what to do now."""

from datetime import UTC, datetime, timedelta

import discord
import pytest

from bot.errors import (
    AllowanceExceededError,
    BlockedError,
    BotNamedError,
    CapExceededError,
    DirectMessagesClosedError,
    InvalidDurationError,
    InvalidParametersError,
    InvalidRequestError,
    JobOverError,
    LineFullError,
    MissingPermissionsError,
    NeedsManageServerError,
    NoCommandsError,
    NotAllowedError,
    NotBlockedError,
    NothingToRemoveError,
    NotModeratorError,
    NotSentError,
    NotServedError,
    OutOfRangeError,
    Refusal,
    ResultGoneError,
    TooManyRulesError,
    Why,
)
from bot.jobs.model import Job, State
from bot.present.buttons import read_number
from bot.present.notes import (
    CANNOT_STORE,
    COMMAND_CHANGED,
    INSPIRE_CHANGED,
    NO_PICTURE_OF_MINE,
    cancelling,
    removing,
    unexpected,
)
from bot.present.permissions import missing_permissions
from bot.present.refusals import public_refusal, refusal

FREE_AT = datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC)
REFUSALS: tuple[Refusal, ...] = (
    AllowanceExceededError(needed=4, left=1, whole=20, free_at=FREE_AT),
    AllowanceExceededError(needed=16, left=3, whole=10, free_at=None),
    InvalidParametersError(("`width` was 1000; 992 or 1024 would do.", "`steps` was 0; 1 would do.")),
    MissingPermissionsError(("View Channel", "Attach Files")),
    LineFullError(),
    NotServedError(),
    NoCommandsError(),
    NotSentError(),
    NotAllowedError(),
    JobOverError(),
    ResultGoneError(),
    DirectMessagesClosedError(),
    BlockedError(until=FREE_AT, reason="spam"),
    BlockedError(until=None, reason="@everyone\nspam"),
    NotModeratorError(),
    *(NeedsManageServerError(why) for why in Why),
    CapExceededError(50),
    InvalidDurationError("so*on"),
    OutOfRangeError("credits", minimum=0, maximum=1_000_000, given=-1),
    OutOfRangeError("reason", minimum=1, maximum=200, given=0),
    NothingToRemoveError(),
    NotBlockedError(7),
    BotNamedError(7),
    TooManyRulesError(1000),
)


def make_job(state: State) -> Job:
    """Return a job somebody cancelled."""
    return Job(
        id=42,
        state=state,
        guild_id=1,
        channel_id=2,
        member_id=3,
        upload_limit_bytes=1,
        parameters="{}",
        credits=1,
        created_at=FREE_AT,
        cancelled_by=3,
    )


def test_every_refusal_has_its_sentences() -> None:
    """No refusal is forgotten here."""
    families = (Refusal, InvalidRequestError, NothingToRemoveError)
    known = {kind for family in families for kind in family.__subclasses__()} - {InvalidRequestError}
    assert {type(error) for error in REFUSALS} == known


@pytest.mark.parametrize(
    "text",
    [
        *(refusal(error) for error in REFUSALS),
        *(public_refusal(error) for error in REFUSALS),
        CANNOT_STORE,
        COMMAND_CHANGED,
        INSPIRE_CHANGED,
        NO_PICTURE_OF_MINE,
        removing(make_job(State.DELIVERED)),
        cancelling(make_job(State.CANCELLED)),
        cancelling(make_job(State.RUNNING)),
        unexpected("E-1"),
    ],
)
def test_tone(text: str) -> None:
    """Every sentence is calm, speaks of the credits, and leaves a refund's words to refunds."""
    assert "charged" in text or "costs nothing" in text
    assert "!" not in text
    assert "oops" not in text.lower()
    assert "back" not in text
    assert text.endswith(".")
    assert len(text) <= 2000


def test_too_dear_for_now() -> None:
    """The refusal says what it would cost, what is left, and when enough is free, rounded up to a second."""
    text = refusal(REFUSALS[0])
    assert "would cost 4 credits" in text
    assert "1 of 20 left" in text
    seconds = int((FREE_AT + timedelta(seconds=1)).timestamp())
    assert f"<t:{seconds}:R> (<t:{seconds}:f>)" in text


def test_too_dear_for_ever() -> None:
    """What costs more than the whole allowance is not promised for any time."""
    text = refusal(REFUSALS[1])
    assert "would cost 16 credits, more than your whole allowance of 10" in text
    assert "3 left" in text
    assert "<t:" not in text


@pytest.mark.parametrize(
    ("left", "fits"),
    [(1, "1024 × 1024"), (3, "1024 × 1024"), (4, "2048 × 2048"), (15, "2048 × 2048"), (16, "4096 × 4096")],
)
def test_what_would_fit_now(left: int, fits: str) -> None:
    """Both kinds of refusal name the largest size that what is left pays for."""
    for free_at in (FREE_AT, None):
        text = refusal(AllowanceExceededError(needed=64, left=left, whole=20, free_at=free_at))
        assert f"a {fits} picture would fit" in text


@pytest.mark.parametrize("free_at", [FREE_AT, None])
def test_nothing_fits_where_nothing_is_left(free_at: datetime | None) -> None:
    """Nothing is offered that would be refused."""
    text = refusal(AllowanceExceededError(needed=64, left=0, whole=20, free_at=free_at))
    assert "would fit" not in text


def test_no_allowance_at_all() -> None:
    """Who may use nothing is not told of waiting or of smaller sizes, but who can change that."""
    assert refusal(AllowanceExceededError(needed=4, left=0, whole=0, free_at=None)) == (
        "There is no allowance for you in this server, so nothing was started and nothing was charged. The"
        " moderators can change that."
    )


def test_a_block_says_until_when_and_why() -> None:
    """A blocked member learns the end and the reason, whose words do nothing."""
    seconds = int((FREE_AT + timedelta(seconds=1)).timestamp())
    assert refusal(BlockedError(until=FREE_AT, reason="spam")) == (
        f"A moderator blocked you from making pictures until <t:{seconds}:f> (<t:{seconds}:R>)."
        " Reason: spam\nNothing was charged. If you think that this is a mistake, please ask the moderators"
        " of this server."
    )
    for_good = refusal(BlockedError(until=None, reason="@everyone\nspam"))
    assert r"until a moderator ends it. Reason: \@everyone spam" in for_good


def test_a_reason_is_not_for_everybody() -> None:
    """Where others can read it, a refusal says that there is a block and its end, and not why."""
    seconds = int((FREE_AT + timedelta(seconds=1)).timestamp())
    assert public_refusal(BlockedError(until=FREE_AT, reason="spam")) == (
        f"A moderator blocked you from making pictures until <t:{seconds}:f> (<t:{seconds}:R>); `/usage` says"
        " more. Nothing was charged."
    )
    for_good = public_refusal(BlockedError(until=None, reason="spam"))
    assert "until a moderator ends it; `/usage` says more." in for_good
    others = [error for error in REFUSALS if not isinstance(error, BlockedError)]
    assert [public_refusal(error) for error in others] == [refusal(error) for error in others]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotModeratorError(), ("**Moderate Members**", "`/usage`")),
        (NeedsManageServerError(Why.UNLIMITED), ("**Manage Server**", "set unlimited credits")),
        (NeedsManageServerError(Why.OWN), ("**Manage Server**", "change your own credits")),
        (NeedsManageServerError(Why.HOLDS_FOR_SELF), ("**Manage Server**", "holds for you as well")),
        (CapExceededError(1500), ("1,500 credits", "`QUOTA_MAX_CREDITS`", "unlimited")),
        (InvalidDurationError("so*on"), (r"so\*on", "`30m`", "`2d`", "ten years")),
        (
            OutOfRangeError("credits", minimum=0, maximum=1_000_000, given=-1),
            ("`credits` was -1", "0 to 1,000,000"),
        ),
        (OutOfRangeError("reason", minimum=1, maximum=200, given=300), ("300 characters", "1 to 200")),
        (NothingToRemoveError(), ("nothing like that", "`/quota list`")),
        (NotBlockedError(7), ("<@7> is not blocked.",)),
        (BotNamedError(7), ("<@7> is a bot", "a member")),
        (TooManyRulesError(1000), ("1,000 rules", "`/quota remove`")),
    ],
)
def test_refusals_of_moderators_say_what_would_do(error: Refusal, words: tuple[str, ...]) -> None:
    """Each names what is missing, the range, the cap with its setting, or examples."""
    text = refusal(error)
    assert all(word in text for word in words)
    assert "Nothing was changed or charged." in text


def test_wrong_fields_are_all_named() -> None:
    """Each wrong field keeps its own sentence on its own line, and too many are cut to what Discord takes."""
    lines = refusal(REFUSALS[2]).split("\n")
    assert lines[:2] == list(REFUSALS[2].args[0].split("\n"))
    assert len(lines) == 3
    many = refusal(InvalidParametersError(("x" * 500,) * 10))
    assert len(many) == 2000
    assert many.endswith("Please correct this and send the command again.")


def test_missing_permissions_are_named() -> None:
    """The refusal names the permissions."""
    assert "**View Channel**, **Attach Files**" in refusal(REFUSALS[3])


@pytest.mark.parametrize(
    ("is_thread", "where"), [(False, "Send Messages"), (True, "Send Messages in Threads")]
)
def test_permissions_that_are_needed(is_thread: bool, where: str) -> None:
    """Exactly what a later edit through the channel needs is asked for, and nothing where all is there."""
    everything = {"View Channel", "Attach Files", "Read Message History", where}
    assert missing_permissions(discord.Permissions.none(), is_thread=is_thread) == ("View Channel",)
    seen = discord.Permissions(view_channel=True)
    assert set(missing_permissions(seen, is_thread=is_thread)) == everything - {"View Channel"}
    enough = discord.Permissions(
        view_channel=True,
        attach_files=True,
        read_message_history=True,
        send_messages=not is_thread,
        send_messages_in_threads=is_thread,
    )
    assert missing_permissions(enough, is_thread=is_thread) == ()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        (str(2**63 - 1), 2**63 - 1),
        (str(2**63), None),
        ("9" * 5000, None),
        ("", None),
        ("0", None),
        ("01", None),
        ("-1", None),
        ("+1", None),
        (" 1", None),
        ("1\n", None),
        ("1_0", None),
        ("1.0", None),
        ("٣", None),
        ("x", None),
    ],
)
def test_numbers_from_outside(text: str, number: int | None) -> None:
    """A custom_id's number is one that this bot wrote, or none."""
    assert read_number(text) == number
