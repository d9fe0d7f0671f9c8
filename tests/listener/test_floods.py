"""Floods: what nobody asked for costs next to nothing."""

import asyncio
import gzip
import time

import pytest

from tests.listener.calling import KNOWN, UNKNOWN, Stage
from tests.listener.raw import answers, ask, exchange, head, post

_BOMB = gzip.compress(bytes(100_000_000))


async def test_a_flood_of_guesses_is_refused_before_it_costs_a_look_up(stage: Stage) -> None:
    """Two thousand guesses make for no more look-ups than the limit allows; a known token has no limit."""
    began = time.monotonic()

    async def guess(number: int) -> tuple[int, str | None]:
        answer = await ask(stage.port, post(f"{number:043}"))
        return answer.status, answer.headers.get("retry-after")

    guesses = [
        result
        for start in range(0, 2000, 100)
        for result in await asyncio.gather(*(guess(start + number) for number in range(100)))
    ]
    seconds = time.monotonic() - began
    assert set(guesses) == {(404, None), (429, "2")}
    assert stage.jobs.looked_up <= 41 + 20 * seconds
    known = await asyncio.gather(*(ask(stage.port, post(KNOWN)) for _ in range(100)))
    assert {answer.status for answer in known} == {200}


async def test_a_refused_guess_is_not_asked_for_its_body(stage: Stage) -> None:
    """Where the limit is reached, nobody is invited to send more."""
    for _ in range(100):
        await exchange(stage.port, post(UNKNOWN))
    received = await exchange(stage.port, head(UNKNOWN, b"Expect: 100-continue", b"Content-Length: 4"))
    assert b"100 Continue" not in received
    assert [answer.status for answer in answers(received)] == [429]


@pytest.mark.parametrize("path", ["/", "/healthz", f"/wiro/callback/{KNOWN}", f"/wiro/callback/{UNKNOWN}"])
async def test_a_bomb_is_not_set_off(stage: Stage, path: str) -> None:
    """A hundred kilobytes that unpack to a hundred megabytes cost no time, wherever they are sent."""
    request = head(KNOWN, b"Content-Encoding: gzip", b"Content-Length: %d" % len(_BOMB)) + _BOMB
    request = request.replace(f"/wiro/callback/{KNOWN}".encode(), path.encode())
    began = time.process_time()
    await asyncio.gather(*(exchange(stage.port, request) for _ in range(20)))
    assert time.process_time() - began < 0.5
