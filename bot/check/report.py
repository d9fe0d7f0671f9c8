"""What the checks found: for people as a table (see `bot.check.table`), for machines as JSON. Pure."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum


class Status(StrEnum):
    """What came of a check."""

    OK = "ok"
    NOTE = "note"  # works, and could be better, or is meant so: no fault
    FAULT = "fault"
    SKIPPED = "skipped"  # could not be looked at because of another fault


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found, in sentences for the owner.

    Args:
        status: what came of it.
        found: what is the case.
        mend: what to do; empty where nothing is to be done.
    """

    status: Status
    found: str
    mend: str = ""


def ok(found: str) -> Outcome:
    """Return that all is well."""
    return Outcome(Status.OK, found)


def note(found: str, mend: str) -> Outcome:
    """Return that it works, and how it could be better."""
    return Outcome(Status.NOTE, found, mend)


def fault(found: str, mend: str) -> Outcome:
    """Return what is wrong, and how to mend it."""
    return Outcome(Status.FAULT, found, mend)


def skipped(found: str) -> Outcome:
    """Return why it was not looked at."""
    return Outcome(Status.SKIPPED, found)


class FaultError(Exception):
    """A check found a fault from which it cannot go on.

    Args:
        found, mend: as for `Outcome`.
    """

    def __init__(self, found: str, mend: str) -> None:
        super().__init__(found)
        self.outcome = fault(found, mend)


@dataclass(frozen=True, slots=True)
class Result:
    """A check by its name, and what it found."""

    name: str
    status: Status
    found: str
    mend: str


@dataclass(frozen=True, slots=True)
class Report:
    """All results, in the order in which they are shown."""

    version: str
    results: tuple[Result, ...]

    @property
    def is_ok(self) -> bool:
        """Whether no check found a fault."""
        return all(result.status is not Status.FAULT for result in self.results)

    def masked(self, mask: Callable[[str], str]) -> "Report":
        """Return the same without secrets."""
        return Report(
            self.version,
            tuple(
                Result(mask(each.name), each.status, mask(each.found), mask(each.mend))
                for each in self.results
            ),
        )

    def to_json(self) -> str:
        """Return one JSON document: `version`, `ok`, and `checks` with `name`, `status`, `found`, `mend`."""
        checks = [asdict(result) for result in self.results]
        return json.dumps({"version": self.version, "ok": self.is_ok, "checks": checks}, indent=2)
