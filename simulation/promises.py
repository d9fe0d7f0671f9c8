"""The four promises, checked on what the simulated servers and the ledger hold."""

import json
import sqlite3
from typing import Final

from bot.jobs.model import REFUNDED, State
from bot.parameters.choices import credits_per_picture
from simulation.discord_server import Kind, Message
from simulation.wiro_server import SimulatedTask
from simulation.world import World
from storage.times import from_ms

_TOLD_WITHIN_SECONDS: Final = 300.0  # Wiro is told to stop a task, where it can be reached
_LOOKS_IN_VAIN_AT_MOST: Final = 4
_FETCHES_AT_LEAST: Final = 10  # that failed, before pictures may be given up


def check(world: World) -> None:
    """Complain of every promise that was not kept."""
    for row in world.disk.query("SELECT * FROM jobs"):
        _check_job(world, row)


def _check_job(world: World, row: sqlite3.Row) -> None:
    state = State(row["state"])
    name = f"S-{row['id']} ({state})"
    world.coverage.ends[state] += 1
    messages = world.discord.of_job(row["id"])
    if row["removed_by"] is not None and row["removed_at"] is None:
        world.complain(f"{name} is still to be removed")
    if row["closed_at"] is None:
        world.complain(f"{name} is still open")
    if len(messages) > 1:
        world.complain(f"{name} has {len(messages)} messages")
    if not messages and (state is not State.CANCELLED or row["submitted_at"] is not None):
        world.complain(f"{name} has no message")
    _check_ledger(world, row, state, name)
    if messages and row["id"] not in world.discord.disturbed:
        _check_message(world, row, state, messages[0], name)
    _check_tasks(world, row, state, name)


def _check_ledger(world: World, row: sqlite3.Row, state: State, name: str) -> None:
    entries = world.disk.query("SELECT kind, credits FROM ledger WHERE job_id = ?", row["id"])
    amounts = {entry["kind"]: entry["credits"] for entry in entries}
    reserved, settled, refunded = (amounts.get(kind, 0) for kind in ("reserve", "settle", "refund"))
    if len(amounts) != len(entries) or reserved != row["credits"] or settled + refunded != reserved:
        world.complain(f"{name}: the ledger holds {amounts}")
    if bool(row["refunded"]) != (refunded == reserved):
        world.complain(f"{name}: it says refunded {row['refunded']}, and the ledger {amounts}")
    if (state in REFUNDED) != (refunded == reserved) and not row["refunded"]:
        world.complain(f"{name}: it ended {state}, and the ledger holds {amounts}")


def _check_message(world: World, row: sqlite3.Row, state: State, message: Message, name: str) -> None:
    content = message.content if row["removed_by"] is None else message.best
    if message.is_deleted != (row["removed_by"] is not None and state is State.DELIVERED):
        world.complain(
            f"{name}: deleted {message.is_deleted}, and it was to be removed by {row['removed_by']}"
        )
    if row["message_id"] != message.id:
        world.complain(f"{name}: its message is {message.id}, and it knows {row['message_id']}")
    if state is State.DELIVERED:
        parameters = json.loads(row["parameters"])
        each = credits_per_picture(parameters["width"], parameters["height"])
        settled = sum(
            entry["credits"]
            for entry in world.disk.query(
                "SELECT credits FROM ledger WHERE job_id = ? AND kind = 'settle'", row["id"]
            )
        )
        charged = 0 if row["refunded"] else content.pictures * each
        if content.kind is not Kind.PICTURES or not content.pictures:
            world.complain(f"{name}: its message says {content}")
        elif settled != charged or content.missing != parameters["samples"] - content.pictures:
            world.complain(f"{name}: {settled} settled, and its message says {content}")
        elif content.says_refunded != bool(row["refunded"]):
            world.complain(f"{name}: refunded {row['refunded']}, and its message says {content}")
    elif content.kind is not Kind.END or content.state != state or not content.says_refunded:
        world.complain(f"{name}: its message says {content}")


def _check_tasks(world: World, row: sqlite3.Row, state: State, name: str) -> None:
    tasks = world.wiro.of_job(row["id"])
    if len(tasks) > 1:
        world.complain(f"{name}: {len(tasks)} tasks were billed")
    for task in tasks:
        _check_cancel(world, row, task, name)
    succeeded = [task for task in tasks if task.has_succeeded]
    if state is State.DELIVERED and not (succeeded and succeeded[0].taskid == row["taskid"]):
        world.complain(f"{name}: it was delivered, and its task has not succeeded")
    if (
        succeeded
        and state is not State.DELIVERED
        and row["id"] not in world.discord.disturbed
        and not _could_not_be_delivered(world, row, state, succeeded[0])
    ):
        world.complain(f"{name}: its task succeeded, and it was not delivered")


def _check_cancel(world: World, row: sqlite3.Row, task: SimulatedTask, name: str) -> None:
    """Who was told that a job is being cancelled had better be told the truth."""
    asked_at = world.crowd.cancelled_at.get(row["id"])
    if task.looks_in_vain >= _LOOKS_IN_VAIN_AT_MOST:
        world.complain(f"{name}: it is being cancelled, and Wiro is asked for its task, not told to stop")
    if asked_at is None or row["state"] == State.LOST or row["refunded"]:
        return
    if (
        min(task.told_to_stop_at, task.ends_at)
        > max(asked_at, task.starts_at, task.listed_from) + world.away_seconds + _TOLD_WITHIN_SECONDS
    ):
        world.complain(f"{name}: its end was promised at {asked_at:.0f} s, and Wiro was never told")


def _could_not_be_delivered(world: World, row: sqlite3.Row, state: State, task: SimulatedTask) -> bool:
    """Tell whether a success had to be missed: nobody told of it, or the pictures were not to be had."""
    ended_at = (from_ms(row["ended_at"] or row["created_at"]) - world.beginning).total_seconds()
    match state:
        case State.FAILED:
            urls = [output.url for output in task.outputs]
            are_ruined = all(map(world.storehouse.is_ruined, urls))
            return are_ruined or sum(world.storehouse.failures[url] for url in urls) >= _FETCHES_AT_LEAST
        case State.EXPIRED | State.CANCELLED:
            return task.ends_at > ended_at and not task.was_heard_of
        case State.LOST:
            last = max((at for at in world.wiro.listings if at <= ended_at), default=None)
            return last is not None and last < task.listed_from and not task.was_heard_of
        case _:
            return False
