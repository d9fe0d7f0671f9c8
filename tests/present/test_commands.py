"""Commands as members type them: parsed, checked, handed to the job service, answered."""

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from bot.errors import AllowanceExceededError, LineFullError, StorageError
from bot.parameters import SanaParameters
from sandbox.discord.permissions import Permission
from sandbox.discord.server import DiscordServer
from sandbox.members import Member, Members
from tests.present.support import Notes, answer_to, parameters_of

pytestmark = pytest.mark.usefixtures("bot")

CALLBACK = "/interactions/{interaction_id}/{token}/callback"


async def test_sana_is_answered_with_its_message(
    server: DiscordServer, member: Member, service: Notes
) -> None:
    """One call answers the command with the job's own message, after which the job is promised."""
    sent = await member.type(
        "sana",
        channel="pictures",
        prompt="a red fox",
        negative_prompt="rain",
        size="wide-2k",
        height=512,
        steps=10,
        scale=4.5,
        samples=2,
        seed=9,
        spoiler=True,
    )
    job = await service.until_told("acknowledged")
    assert job.message_id == sent.message_id
    assert parameters_of(job) == SanaParameters(
        prompt="a red fox",
        negative_prompt="rain",
        width=2688,
        height=512,
        steps=10,
        scale=4.5,
        samples=2,
        seed=9,
        spoiler=True,
    )
    assert (job.member_id, job.credits) == (member.id, 4)
    assert job.channel_id == sent.channel_id
    assert job.upload_limit_bytes == 10 * 1024 * 1024
    message = await answer_to(member, sent)
    assert not message.ephemeral
    assert "a red fox" in message.text
    assert [button.label for button in message.buttons] == ["Cancel"]
    assert [call.status for call in server.requests.of("POST", CALLBACK)] == [200]


async def test_every_picture_has_a_seed(member: Member, service: Notes) -> None:
    """Without a seed the bot draws one, another each time."""
    for _ in range(3):
        await member.type("sana", channel="pictures", prompt="a red fox")
    seeds = {parameters_of(job).seed for job in service.jobs.values()}
    assert len(seeds) == 3


async def test_bad_input_gets_one_sentence_a_field(member: Member, service: Notes) -> None:
    """What Discord's clients cannot check is answered for the member alone, and nothing is taken on."""
    sent = await member.type("sana", channel="pictures", prompt="fox", width=1000, height=333, raw=True)
    message = await answer_to(member, sent)
    assert message.ephemeral
    assert [line.split()[0] for line in message.text.split("\n")[:2]] == ["`width`", "`height`"]
    assert "992 or 1,024" in message.text
    assert service.jobs == {}


@pytest.mark.parametrize(
    "options",
    [
        {"prompt": 5},
        {"prompt": "fox", "steps": "many"},
        {"prompt": "fox", "size": "huge"},
        {"prompt": "x" * 2001},
        {"prompt": "fox", "spoiler": "maybe"},
        {},
    ],
    ids=str,
)
async def test_hostile_input_is_refused_politely(
    member: Member, service: Notes, options: dict[str, str | int]
) -> None:
    """Whatever comes past Discord's own checks gets an answer for the member alone."""
    sent = await member.type("sana", channel="pictures", options=options, raw=True)
    message = await answer_to(member, sent)
    assert message.ephemeral
    assert "Nothing was charged." in message.text
    assert service.jobs == {}


@pytest.mark.parametrize(
    ("channel", "lacking"), [("no-files", "**Attach Files**"), ("hidden", "**View Channel**")]
)
async def test_missing_permissions_are_named_first(
    member: Member, service: Notes, channel: str, lacking: str
) -> None:
    """Where the bot could not edit its message later, it says what it lacks; nothing is reserved."""
    sent = await member.type("sana", channel=channel, prompt="fox")
    message = await answer_to(member, sent)
    assert message.ephemeral
    assert lacking in message.text
    assert service.jobs == {}


async def test_threads_need_a_permission_of_their_own(
    server: DiscordServer, member: Member, service: Notes
) -> None:
    """In a thread, sending in threads counts, not sending in channels."""
    pictures = server.world.channel_named("pictures")
    server.world.deny(pictures, server.bot_user_id, Permission.SEND_MESSAGES)
    await member.type("sana", channel="thread", prompt="fox")
    await service.until_told("acknowledged")
    server.world.deny(pictures, server.bot_user_id, Permission.SEND_MESSAGES_IN_THREADS)
    sent = await member.type("sana", channel="thread", prompt="fox")
    assert "**Send Messages in Threads**" in (await answer_to(member, sent)).text
    assert len(service.jobs) == 1


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (
            AllowanceExceededError(needed=4, left=1, whole=20, free_at=datetime(2030, 1, 1, tzinfo=UTC)),
            "<t:1893456000:R>",
        ),
        (LineFullError("10000 jobs"), "Too many pictures"),
        (StorageError("disk full"), "cannot take new pictures"),
    ],
    ids=["allowance", "line", "storage"],
)
async def test_refusals_are_for_the_member_alone(
    member: Member, service: Notes, refusal: Exception, words: str
) -> None:
    """What the job service refuses is said in a member's words, and to nobody else."""
    service.refuse_with = refusal
    with capture_logs():
        sent = await member.type("sana", channel="pictures", prompt="fox")
    message = await answer_to(member, sent)
    assert message.ephemeral
    assert words in message.text
    assert "disk" not in message.text


async def test_our_own_errors_have_a_reference(member: Member, service: Notes) -> None:
    """An error of the program is answered politely, under a reference that the log has as well."""
    service.refuse_with = ZeroDivisionError("inner words")
    with capture_logs() as logs:
        sent = await member.type("sana", channel="pictures", prompt="fox")
    message = await answer_to(member, sent)
    (line,) = [line for line in logs if line["event"] == "command.failed"]
    assert message.ephemeral
    assert f"`{line['reference']}`" in message.text
    assert line["exc_info"] is service.refuse_with
    assert "inner words" not in message.text


class TestServedServers:
    """Only the servers that the owner names are served."""

    @pytest.fixture
    def served(self, server: DiscordServer) -> frozenset[int]:
        """Serve the first server alone."""
        return frozenset({server.world.guild_named("Sandbox").id})

    async def test_others_are_told(self, members: Members, service: Notes) -> None:
        """A command from elsewhere is refused, for its member alone."""
        outsider = members.of("outsider", guild="Second server")
        sent = await outsider.type("sana", channel="general", prompt="fox")
        message = await answer_to(outsider, sent)
        assert message.ephemeral
        assert "do not serve this server" in message.text
        assert service.jobs == {}
        await members.of("member").type("sana", channel="general", prompt="fox")
        await service.until_told("acknowledged")
