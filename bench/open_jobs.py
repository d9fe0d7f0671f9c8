"""Jobs that a stop left open: rows in the bot's database, and tasks that run on at the sandbox's Wiro."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Final

import aiohttp

from bench.stage import NEVER_ENDS, Side
from bot.parameters import SanaParameters
from bot.wiro.signing import Credentials, headers
from sandbox.wiro.tool import OWNER, PROJECT
from storage.migrate import migrate
from storage.times import to_ms

_PROMPT: Final = f"A {NEVER_ENDS} painting of a lighthouse in the fog, oil on canvas, number "
_CALLS_AT_ONCE: Final = 32
_MADE_BEFORE: Final = timedelta(
    minutes=20
)  # the interaction's token is too old by now, as after any long stop
_ACCEPTED_BEFORE: Final = timedelta(minutes=10)
_TOKEN_LENGTH: Final = 200  # about that of Discord's

_INSERT: Final = """
    INSERT INTO jobs (
        state, guild_id, channel_id, member_id, message_id, interaction_token, upload_limit_bytes, parameters,
        credits, created_at, submitted_at, accepted_at, callback_hash, taskid, tasktoken
    ) VALUES ('running', ?, ?, ?, ?, ?, 10485760, ?, 1, ?, ?, ?, ?, ?, ?)
"""
_RESERVE: Final = """
    INSERT INTO ledger (
        guild_id, member_id, job_id, kind, credits, allowance_credits, grant_credits, counts_at, at
    )
    SELECT guild_id, member_id, id, 'reserve', credits, credits, 0, created_at, created_at FROM jobs
    WHERE NOT EXISTS (SELECT 1 FROM ledger WHERE job_id = jobs.id)
"""


async def leave_open(side: Side, count: int) -> None:
    """Add so many jobs, as they are when the bot is stopped while Wiro works on them."""
    tasks = await _run_tasks(side, count)
    await asyncio.to_thread(_store, side, tasks)


async def _run_tasks(side: Side, count: int) -> list[tuple[str, str]]:
    """Run so many tasks that do not end, and return their taskids and tasktokens."""
    credentials = Credentials(side.wiro.config.api_key, side.wiro.config.api_secret)
    url = f"{side.wiro.api_base}/Run/{OWNER}/{PROJECT}"
    numbers = iter(range(count))
    tasks: list[tuple[str, str]] = []

    async def work(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            signed = headers(credentials, str(time.time_ns()))
            async with session.post(url, json={"prompt": f"{_PROMPT}{number}"}, headers=signed) as response:
                accepted = await response.json()
            tasks.append((accepted["taskid"], accepted["socketaccesstoken"]))

    async with (
        aiohttp.ClientSession(headers={"User-Agent": "sana-bot-bench"}) as session,
        asyncio.TaskGroup() as workers,
    ):
        for _ in range(_CALLS_AT_ONCE):
            workers.create_task(work(session))
    return tasks


def _store(side: Side, tasks: list[tuple[str, str]]) -> None:
    migrate(side.database)
    with closing(sqlite3.connect(side.database, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.executemany(_INSERT, _rows(side, tasks))
        connection.execute(_RESERVE)
        connection.execute("COMMIT")


def _rows(side: Side, tasks: list[tuple[str, str]]) -> Iterator[tuple[object, ...]]:
    now = datetime.now(UTC)
    made, accepted = to_ms(now - _MADE_BEFORE), to_ms(now - _ACCEPTED_BEFORE)
    for taskid, tasktoken in tasks:
        number = int(taskid)
        yield (
            side.people.guild_id,
            side.people.channel_id,
            side.people.member_ids[number % len(side.people.member_ids)],
            number,
            f"{number:0{_TOKEN_LENGTH}}",
            SanaParameters(prompt=f"{_PROMPT}{number}", seed=number).to_json(),
            made,
            accepted,
            accepted,
            number.to_bytes(32, "big"),
            taskid,
            tasktoken,
        )
