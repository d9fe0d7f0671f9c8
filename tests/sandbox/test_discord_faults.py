import asyncio

import aiohttp
import pytest

from sandbox.discord import Fault
from sandbox.members import Refused
from tests.sandbox.discord_support import Json, scene

ROUTE = "/channels/{channel_id}/messages"
SENDING = {"method": "POST", "route": r"/channels/\{channel_id\}/messages"}


@pytest.mark.parametrize("after_effect", [False, True])
async def test_an_error_before_or_after_the_effect(*, after_effect: bool) -> None:
    """The scripted status is answered so many times; the effect is there only where it is to be."""
    async with scene() as at:
        await at.members.add_fault(kind="status", status=502, times=2, after_effect=after_effect, **SENDING)
        url = at.server.api_base + at.bot.messages()
        headers = {"Authorization": f"Bot {at.server.config.token}"}
        for expected in (502, 502, 200):
            async with at.bot.session.post(url, json={"content": "x"}, headers=headers) as answer:
                assert answer.status == expected
        assert len(await at.member.read("general")) == (3 if after_effect else 1)
        assert [call.status for call in at.server.requests.of("POST", ROUTE)] == [502, 502, 200]


@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_reset(*, after_effect: bool) -> None:
    """The connection is dropped, before or after the effect, and recorded as such."""
    async with scene() as at:
        at.server.faults.add(Fault(kind="reset", method="POST", after_effect=after_effect))
        with pytest.raises(aiohttp.ClientConnectionError):
            await at.bot.call("POST", at.bot.messages(), {"content": "x"})
        assert len(await at.member.read("general")) == after_effect
        assert [call.status for call in at.server.requests.of("POST", ROUTE)] == [0]


async def test_a_cut_off_answer() -> None:
    """The effect is there, but its answer breaks off."""
    async with scene() as at:
        at.server.faults.add(Fault(kind="cut_off", method="POST"))
        with pytest.raises(aiohttp.ClientPayloadError):
            await at.bot.call("POST", at.bot.messages(), {"content": "x"})
        assert len(await at.member.read("general")) == 1


async def test_a_stall_applies_late() -> None:
    """A stalled call takes effect after its sender gave up waiting for it."""
    async with scene() as at:
        at.server.faults.add(Fault(kind="stall", method="POST", seconds=0.2))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await at.bot.call("POST", at.bot.messages(), {"content": "late"})
        assert await at.member.read("general") == []
        await at.member.wait_for_message("general", lambda seen: seen.text == "late")


@pytest.mark.parametrize(("retry_after", "via"), [(True, True), (False, True), (True, False), (False, False)])
async def test_a_rate_limit(*, retry_after: bool, via: bool) -> None:
    """A 429 comes with or without Retry-After and Via, and without effect."""
    async with scene() as at:
        fault: Json = {"kind": "rate_limit", "seconds": 0.5, "retry_after": retry_after, "via": via}
        await at.members.add_fault(**fault, **SENDING)
        status, body = await at.bot.call("POST", at.bot.messages(), {"content": "x"})
        assert status == 429
        assert ("retry_after" in body, "Retry-After" in at.bot.headers) == (retry_after, retry_after)
        assert ("Via" in at.bot.headers) == via
        assert await at.member.read("general") == []


async def test_faults_choose_their_calls() -> None:
    """A fault skips what it should, concerns its route alone, lasts until taken back, and must make sense."""
    async with scene() as at:
        await at.members.add_fault(kind="status", status=503, skip=1, **SENDING)
        await at.bot.ok("GET", "/users/@me")
        await at.bot.ok("POST", at.bot.messages(), {"content": "x"})
        at.server.faults.add(Fault(kind="status", status=403, times=None))
        headers = {"Authorization": f"Bot {at.server.config.token}"}
        for _ in range(3):
            async with at.bot.session.get(at.server.api_base + "/users/@me", headers=headers) as answer:
                assert answer.status == 403
        await at.members.clear_faults()
        await at.bot.ok("POST", at.bot.messages(), {"content": "x"})
        for wrong in ({"kind": "magic"}, {"kind": "status", "status": "x"}, {}):
            with pytest.raises(Refused):
                await at.members.add_fault(**wrong)


async def test_events_are_delayed() -> None:
    """Events come late where they are told to, and all of them in order."""
    async with scene() as at:
        await at.members.trouble_gateway(event_delay_seconds=0.02)
        for word in ("one", "two"):
            await at.member.write(word, channel="general")
        found = [(await at.bot.event("MESSAGE_CREATE"))["content"] for _ in "12"]
        assert found == ["one", "two"]
