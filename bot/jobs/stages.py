"""How far each pending job is, and whose messages a change puts out of date."""

from typing import Final

from bot.jobs.book import Book
from bot.jobs.gate import Gate
from bot.jobs.live import Live
from bot.jobs.model import Job, State
from bot.jobs.ports import Hold, InLine, Running, Stage, Unconfirmed
from bot.jobs.queue import Line, Slots
from bot.jobs.search import Search

_PLACES_SHOWN: Final = 50  # a place further back is shown again when it gets this near


class Stages:
    """Tells the stages of pending jobs.

    Args:
        book: the open jobs.
        line: the places of those that wait.
        slots: how many start at once.
        gate: whether the line is held.
        live: how far those are that run.
        search: which of them nobody has confirmed.
    """

    def __init__(self, book: Book, line: Line, slots: Slots, gate: Gate, live: Live, search: Search) -> None:
        self._book = book
        self._line = line
        self._slots = slots
        self._gate = gate
        self._live = live
        self._search = search
        self._last_hold: Hold | None = None

    def of(self, job_id: int) -> Stage | None:
        """Tell how far an open job is, or None where there is nothing to show."""
        job = self._book.get(job_id)
        if job is None or job.state not in {State.QUEUED, State.SUBMITTING, State.RUNNING}:
            return None
        if self._gate.is_probe(job_id):  # on hold with all others until Wiro takes it
            return InLine(1, self._gate.hold)
        if self._search.has_missed(job_id):
            return Unconfirmed()
        if job.state is not State.QUEUED:
            return Running(self._live.progress(job_id))
        place = self._line.place(job_id)
        return None if place is None else InLine(place, self._gate.hold)

    def of_newcomer(self, member_id: int) -> InLine:
        """Tell where a member's next job will stand: behind those that do not start at once."""
        starting = self._slots.room if self._gate.trouble is None else 0
        place = max(1, self._line.place_of_newcomer(member_id) - starting)
        return InLine(place, self._gate.hold)

    def outdated_by(self, job: Job) -> list[int]:
        """Tell whose stages may be others since a job has changed.

        Its own; those of all that wait where the line's hold has changed with it; else those of the first.
        """
        if self._gate.hold is not self._last_hold:
            self._last_hold = self._gate.hold
            return [job.id, *self._line.jobs()]
        if job.state is State.QUEUED:
            return [job.id]
        return [job.id, *self._line.first(_PLACES_SHOWN)]
