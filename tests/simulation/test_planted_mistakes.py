"""The simulation finds mistakes: each of these, planted into a copy of the code, breaks a promise."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("bot", "storage", "simulation")
_SEEDS = 2_000


@dataclass(frozen=True, slots=True)
class Mistake:
    """A passage of the code, and what is written in its place."""

    name: str
    path: str
    right: str
    wrong: str


MISTAKES = (
    Mistake(
        "Run is sent before the job is written as submitting",
        "bot/jobs/submit.py",
        "job = await self._write_submitting(job_id, token)",
        "job = self._book.get(job_id)",
    ),
    Mistake(
        "Run is sent again after a timeout",
        "bot/jobs/submit.py",
        "            self._in_doubt(job.id)\n",
        "            await self._put_back(job)\n",
    ),
    Mistake(
        "a start puts jobs whose Run was under way back in line",
        "bot/jobs/service.py",
        "                self._search.add(job.id)\n            elif job.state is State.RUNNING:",
        "                await self._book.must_change(job.id, lambda job: job.evolve(State.QUEUED))\n"
        "            elif job.state is State.RUNNING:",
    ),
    Mistake(
        "credits are settled before the message holds the pictures",
        "bot/jobs/deliver.py",
        "            await self._messenger.deliver(job,",
        "            await self._settle(job, len(pictures))\n            await self._messenger.deliver(job,",
    ),
    Mistake(
        "a lost job is not refunded",
        "storage/jobs.py",
        "    if after.state in REFUNDED:\n",
        "    if after.state in REFUNDED - {State.LOST}:\n",
    ),
    Mistake(
        "what did not come of several pictures is charged all the same",
        "bot/jobs/deliver.py",
        "settle=came * parameters.credits_per_picture",
        "settle=parameters.cost_credits",
    ),
    Mistake(
        "messages that were never confirmed are not looked for",
        "bot/jobs/recovery.py",
        "        self._worker.put(job.id, delay=max(0.0, wait.total_seconds()))\n",
        "        self._failures.pop(job.id, wait.days)\n",
    ),
    Mistake(
        "a message that cannot be looked for now is taken for one that is not there",
        "bot/jobs/recovery.py",
        ">= _FAILURES_AT_MOST",
        ">= 1",
    ),
    Mistake(
        "a reply is made again when Discord has forgotten its nonce",
        "bot/jobs/recovery.py",
        "age < _NONCE_LASTS\n",
        "age < 100 * _NONCE_LASTS\n",
    ),
    Mistake(
        "a progress edit that may still come is not reckoned with",
        "bot/jobs/deliver.py",
        "        if unsure_for:\n            self._unsure[job.id]",
        "        if unsure_for < 0:\n            self._unsure[job.id]",
    ),
    Mistake(
        "a cancel while Run is under way is forgotten",
        "bot/jobs/tracker.py",
        "        if job.cancelled_by is not None or self._is_overdue(job):\n            self._told",
        "        if self._is_overdue(job):\n            self._told",
    ),
    Mistake(
        "what a callback says is believed",
        "bot/jobs/search.py",
        "not matches(job, task) or await",
        "await",
    ),
    Mistake(
        "a success that turns up after all is ignored",
        "bot/jobs/tracker.py",
        "frozenset({State.LOST, State.EXPIRED, State.CANCELLED})",
        "frozenset[State]()",
    ),
    Mistake(
        "a change that the disk refused is forgotten",
        "bot/jobs/book.py",
        "                attempt += 1\n",
        "                attempt += 1\n                return None\n",
    ),
    Mistake(
        "the memory has a change before the disk",
        "bot/jobs/book.py",
        "            await self._store.save(before, after, self._clock.now(), settle=settle)\n",
        "            self._on_change(after)\n"
        "            await self._store.save(before, after, self._clock.now(), settle=settle)\n",
    ),
    Mistake(
        "slots of jobs that have ended are not given back",
        "bot/jobs/service.py",
        "            self._slots.release(job.id)\n",
        "            self._slots.take(job.id)\n",
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_planted_mistake_is_found(mistake: Mistake, tmp_path: Path) -> None:
    """Some seed of the checks fails once the mistake is in the code, and is printed with its replay."""
    for package in _PACKAGES:
        shutil.copytree(_ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / mistake.path
    code = path.read_text()
    assert code.count(mistake.right) == 1, "the code is no longer as this test knows it"
    path.write_text(code.replace(mistake.right, mistake.wrong))
    found = subprocess.run(  # noqa: S603 - this interpreter, on a copy of this code
        [sys.executable, "-m", "simulation", "--seeds", str(_SEEDS), "--until-failure", "--processes", "1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode == 1, found.stdout[-2_000:] + found.stderr
    assert "To run it again: make simulate SEED=" in found.stdout
