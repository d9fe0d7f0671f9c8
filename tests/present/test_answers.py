"""A job is promised only once Discord took its first answer."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from sandbox.discord.faults import Fault
from sandbox.discord.server import DiscordServer
from sandbox.members import Member
from tests.present.support import Notes, answer_to

pytestmark = pytest.mark.usefixtures("bot")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=503, after_effect=True),
        Fault(kind="reset", after_effect=True),
        Fault(kind="reset"),
        Fault(kind="cut_off"),
        Fault(kind="rate_limit", via=False),
    ],
    ids=lambda fault: f"{fault.kind} {fault.after_effect}",
)
async def test_answers_in_doubt_are_looked_for(
    server: DiscordServer, member: Member, service: Notes, fault: Fault
) -> None:
    """Where Discord may have taken the answer, its message is looked for instead of promised or withdrawn."""
    server.faults.add(replace(fault, method="POST", route=r"/interactions/.*"))
    with capture_logs():
        await member.type("sana", channel="pictures", prompt="fox", wait=False)
        await service.until_told("acknowledgement_unknown")
    assert len(service.told) == 1


async def test_an_answer_that_stalls_is_looked_for(
    server: DiscordServer, member: Member, service: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that is not confirmed in time is in doubt as well."""
    monkeypatch.setattr("bot.present.answers._ANSWER_SECONDS", 0.1)
    server.faults.add(Fault(kind="stall", method="POST", seconds=0.5))
    with capture_logs():
        await member.type("sana", channel="pictures", prompt="fox", wait=False)
        await service.until_told("acknowledgement_unknown")


@pytest.mark.parametrize("status", [400, 404])
async def test_answers_that_were_refused_are_withdrawn(
    server: DiscordServer, member: Member, service: Notes, status: int
) -> None:
    """Where Discord surely refused the answer, the job is withdrawn, and the member told where possible."""
    server.faults.add(Fault(kind="status", method="POST", status=status))
    with capture_logs() as logs:
        sent = await member.type("sana", channel="pictures", prompt="fox")
    await service.until_told("never_acknowledged")
    assert len(service.told) == 1
    message = await answer_to(member, sent)
    assert message.ephemeral
    assert "nothing is charged" in message.text
    assert [line["log_level"] for line in logs if line["event"] == "command.failed"] == ["error"]
