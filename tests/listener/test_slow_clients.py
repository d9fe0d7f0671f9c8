"""Clients that take their time, or take places: none keeps the listener from a callback."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.listener.calling import KNOWN, UNKNOWN, Stage
from tests.listener.raw import PATIENCE_SECONDS, Caller, answers, ask, dial, exchange, head, post
from tests.support.log import Log
from tests.support.stage import eventually

PLACES = 8
AWAITED = head(UNKNOWN, b"Content-Length: 50")
ANSWERED = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n"
NOT_SERVED = [b"", b"POST /wiro/callback/", head(KNOWN)[:-2], ANSWERED]
STARTS = [*NOT_SERVED, AWAITED]


@pytest.fixture
def short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the listener lose its patience in tenths of a second."""
    monkeypatch.setattr("bot.serving._CONNECTION_SECONDS", 0.4)
    monkeypatch.setattr("bot.callbacks._BODY_SECONDS", 0.1)


@pytest.fixture
def few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the listener have few places."""
    monkeypatch.setattr("bot.serving._CONNECTIONS_AT_MOST", PLACES)


@asynccontextmanager
async def open_connections(port: int, starts: Sequence[bytes]) -> AsyncIterator[list[Caller]]:
    """Hold connections that begin so and go no further."""
    async with AsyncExitStack() as stack:
        callers = []
        for start in starts:
            transport, caller = await dial(port)
            stack.callback(transport.abort)
            transport.write(start)
            callers.append(caller)
        yield callers


async def drip(transport: asyncio.Transport, caller: Caller, drop: bytes) -> None:
    """Send the same again and again until the listener ends the connection. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not caller.ended.is_set():
            transport.write(drop if not transport.get_write_buffer_size() else b"")
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("short_times")
@pytest.mark.parametrize("start", [b"", b"POST /wiro/callback/", head(KNOWN)[:-2] + b"X: "])
async def test_whoever_never_ends_a_header_is_cut_off(stage: Stage, start: bytes) -> None:
    """Silence and a byte now and then alike end with the connection's time, without an answer."""
    transport, caller = await dial(stage.port)
    transport.write(start)
    began = time.monotonic()
    await drip(transport, caller, b"x"[: len(start)])
    assert not caller.received
    assert stage.jobs.heard == []
    assert time.monotonic() - began < 15
    assert await stage.post(KNOWN) == 200


@pytest.mark.usefixtures("short_times")
@pytest.mark.parametrize("framing", [b"Content-Length: 5000", b"Transfer-Encoding: chunked"])
async def test_whoever_never_ends_a_body_is_answered_without_it(stage: Stage, framing: bytes) -> None:
    """A known token counts all the same: nothing in the body is believed."""
    transport, caller = await dial(stage.port)
    transport.write(head(KNOWN, framing))
    await drip(transport, caller, b"1\r\nx\r\n")
    assert [answer.status for answer in answers(bytes(caller.received))] == [200]
    assert stage.jobs.heard == [(KNOWN, b"")]


@pytest.mark.usefixtures("short_times")
async def test_whoever_sends_for_ever_is_cut_off(stage: Stage) -> None:
    """A body that never stops is neither kept nor waited for, however fast it comes."""
    transport, caller = await dial(stage.port)
    transport.write(head(KNOWN, b"Content-Length: 1000000000000"))
    await drip(transport, caller, bytes(1_000_000))
    assert stage.jobs.heard == [(KNOWN, b"")]


async def test_whoever_still_sends_sees_the_answer(stage: Stage) -> None:
    """The rest of a body that is too long is taken in for a while; a reset could tear the answer away."""
    transport, caller = await dial(stage.port)
    transport.write(head(KNOWN, b"Content-Length: 300000") + bytes(100_000))
    await eventually(lambda: bool(caller.received))
    transport.write(bytes(200_000))
    await caller.wait_until_ended()
    assert [answer.status for answer in answers(bytes(caller.received))] == [200]
    assert not caller.was_reset


async def test_a_rest_that_never_comes_is_not_waited_for_long(stage: Stage) -> None:
    """Whoever announces more than is wanted, and sends nothing, holds a place for no more than seconds."""
    began = time.monotonic()
    await exchange(stage.port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
    assert time.monotonic() - began < 8


@pytest.mark.usefixtures("few_places")
async def test_where_all_places_are_taken_the_oldest_is_given_away(stage: Stage) -> None:
    """Clients that hold their places are no hindrance, and no more are held than there are places."""
    async with open_connections(stage.port, NOT_SERVED * PLACES) as callers:
        assert await stage.post(KNOWN) == 200
        await asyncio.gather(*(caller.wait_until_ended() for caller in callers[: -PLACES + 1]))
        assert not any(caller.ended.is_set() for caller in callers[-PLACES + 1 :])
    assert await stage.post(KNOWN) == 200


@pytest.mark.usefixtures("few_places")
async def test_requests_that_are_served_give_their_places_away_as_well(stage: Stage) -> None:
    """Where a body is waited for in every place, a callback is heard all the same."""
    async with open_connections(stage.port, [AWAITED] * 3 * PLACES) as callers:
        assert await stage.post(KNOWN) == 200
        await eventually(lambda: sum(not caller.ended.is_set() for caller in callers) < PLACES)


@pytest.mark.usefixtures("few_places")
@pytest.mark.parametrize("start", NOT_SERVED)
async def test_a_callback_whose_body_still_comes_keeps_its_place(stage: Stage, start: bytes) -> None:
    """Whoever takes places with less than a callback gives them away first, however many come after it."""
    transport, caller = await dial(stage.port)
    transport.write(head(KNOWN, b"Expect: 100-continue", b"Content-Length: 2"))
    await eventually(lambda: b"100 Continue" in caller.received)
    async with open_connections(stage.port, [start] * 3 * PLACES) as callers:
        await asyncio.gather(*(caller.wait_until_ended() for caller in callers[: 2 * PLACES]))
        transport.write(b"{}")
        await caller.wait_until_ended()
    assert [answer.status for answer in answers(bytes(caller.received))] == [200]
    assert stage.jobs.heard == [(KNOWN, b"{}")]


@pytest.mark.usefixtures("few_places")
async def test_callbacks_of_many_tasks_that_end_together_are_all_heard(stage: Stage) -> None:
    """As many at once as there are places: none takes another's."""
    heard = await asyncio.gather(*(ask(stage.port, post(KNOWN)) for _ in range(PLACES)))
    assert {answer.status for answer in heard} == {200}
    assert len(stage.jobs.heard) == PLACES


@pytest.mark.usefixtures("short_times")
async def test_a_connection_that_ends_before_its_request_is_looked_at_is_no_failure(
    stage: Stage, log: Log
) -> None:
    """A busy moment lets the request and the end of the connection's time come at once: nobody is alarmed."""
    starts = [head(KNOWN, b"Content-Length: 50") + b"{"] * PLACES
    async with open_connections(stage.port, [b""] * PLACES) as callers:
        assert await stage.post(KNOWN) == 200  # all of them were taken by now
        for caller, start in zip(callers, starts, strict=True):
            caller.transport.write(start)
        time.sleep(0.5)  # noqa: ASYNC251 - this is the busy moment
        await asyncio.gather(*(caller.wait_until_ended() for caller in callers))
    assert not log.of("listener.failed")
    assert await stage.post(KNOWN) == 200


async def test_a_callback_counts_whatever_becomes_of_its_connection(stage: Stage) -> None:
    """Whoever does not wait for the answer was heard all the same."""
    await exchange(stage.port, post(KNOWN), ending="half_closes")
    assert stage.jobs.heard == [(KNOWN, b"{}")]


async def test_a_stop_waits_for_no_client(stage: Stage) -> None:
    """With every kind of slow client connected, the listener stops within seconds and leaves no task."""
    before = asyncio.all_tasks()
    async with open_connections(stage.port, STARTS * 5) as callers:
        assert await stage.post(KNOWN) == 200
        began = time.monotonic()
        await stage.listener.stop()
        assert time.monotonic() - began < 8
        await asyncio.gather(*(caller.wait_until_ended() for caller in callers))
    assert asyncio.all_tasks() <= before
