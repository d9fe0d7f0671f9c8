"""Who is next, and whether Wiro has room: the fair line, and the slots. Both are pure bookkeeping."""

import heapq
import itertools
import math
from bisect import insort
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from typing import Final

_PROBE_SECONDS: Final = 180.0


class Line:
    """The jobs that wait for a slot, in fair order.

    Members take turns: whoever had one goes behind the others that wait, and each member's jobs keep their
    order. A turn that came to nothing is owed: members that are owed one go first, in the order of those
    turns.
    """

    def __init__(self) -> None:
        self._turns: OrderedDict[int, list[int]] = OrderedDict()
        self._member_of: dict[int, int] = {}
        self._announced: dict[int, int] = {}
        self._turn_numbers = itertools.count()
        self._turn_of: dict[int, int] = {}  # by job, from its turn until it leaves
        self._owed: dict[int, int] = {}  # by member, the turn that came to nothing
        self._since: dict[int, float] = {}  # by job, when it began to wait, until it leaves
        self._ages: list[tuple[float, int]] = []

    def __len__(self) -> int:
        """Return how many jobs wait."""
        return len(self._member_of)

    def __contains__(self, job_id: int) -> bool:
        """Tell whether the job waits."""
        return job_id in self._member_of

    def announce(self, job_id: int, member_id: int, since: float) -> None:
        """A job will join: it does not wait for a slot yet, but newcomers stand behind it.

        Args:
            job_id: which job.
            member_id: whose.
            since: when it began to wait, by the loop's time.
        """
        self._announced[job_id] = member_id
        self._since.setdefault(job_id, since)

    def join(self, job_id: int, member_id: int, since: float, *, front: bool = False) -> None:
        """Let a job wait; at the front where it has had its turn already and it came to nothing.

        Args:
            job_id: which job.
            member_id: whose.
            since: as for `announce`; of one that was announced or comes back, its first time counts.
            front: whether it goes first.
        """
        self._announced.pop(job_id, None)
        if job_id in self._member_of:
            return
        self._member_of[job_id] = member_id
        heapq.heappush(self._ages, (self._since.setdefault(job_id, since), job_id))
        insort(self._turns.setdefault(member_id, []), job_id)
        if front:
            self._owe(member_id, self._turn_of.pop(job_id, -1))

    def leave(self, job_id: int) -> None:
        """Take a job out, where it waits or was announced, and forget its turn."""
        self._announced.pop(job_id, None)
        self._turn_of.pop(job_id, None)
        self._since.pop(job_id, None)
        member_id = self._member_of.pop(job_id, None)
        if member_id is None:
            return
        self._turns[member_id].remove(job_id)
        if not self._turns[member_id]:
            del self._turns[member_id]
            self._owed.pop(member_id, None)

    def take_next(self) -> int | None:
        """Take out the job that is next, and end its member's turn."""
        if not self._turns:
            return None
        member_id, jobs = next(iter(self._turns.items()))
        job_id = jobs.pop(0)
        del self._member_of[job_id]
        self._owed.pop(member_id, None)
        self._turn_of[job_id] = next(self._turn_numbers)
        if jobs:
            self._turns.move_to_end(member_id)
        else:
            del self._turns[member_id]
        return job_id

    def place(self, job_id: int) -> int | None:
        """Return how many turns from now the job's turn is: 1 is next; None where it does not wait."""
        member_id = self._member_of.get(job_id)
        if member_id is None:
            return None
        return self._place(member_id, self._turns[member_id].index(job_id), {})

    def place_of_newcomer(self, member_id: int) -> int:
        """Return the place that a member's new job would have, once those that were announced have joined."""
        announced = Counter(self._announced.values())
        own_before = len(self._turns.get(member_id, ())) + announced[member_id]
        return self._place(member_id, own_before, announced)

    def oldest(self) -> tuple[float, int] | None:
        """Return since when the job that has waited longest waits, by the loop's time, and the job."""
        while self._ages and self._ages[0][1] not in self._member_of:
            heapq.heappop(self._ages)
        return self._ages[0] if self._ages else None

    def jobs(self) -> tuple[int, ...]:
        """Return all that wait, in no order that means anything."""
        return tuple(self._member_of)

    def first(self, count: int) -> list[int]:
        """Return the jobs whose turns come next, in fair order."""
        waiting = list(self._turns.values())
        ahead: list[int] = []
        for turn in range(max(map(len, waiting), default=0)):
            ahead.extend(jobs[turn] for jobs in waiting if turn < len(jobs))
            if len(ahead) >= count:
                break
        return ahead[:count]

    def _owe(self, member_id: int, turn: int) -> None:
        """Let a member go before all others, but for those who are owed an earlier turn."""
        self._owed[member_id] = min(turn, self._owed.get(member_id, turn))
        in_order = sorted(self._turns.items(), key=lambda waiting: self._owed.get(waiting[0], math.inf))
        self._turns = OrderedDict(in_order)

    def _place(self, member_id: int, own_before: int, announced: Mapping[int, int]) -> int:
        ahead = own_before
        rounds = own_before + 1
        for other_id, count in self._counts(announced):
            if other_id == member_id:
                rounds = own_before
            else:
                ahead += min(count, rounds)
        return ahead + 1

    def _counts(self, announced: Mapping[int, int]) -> Iterator[tuple[int, int]]:
        """Go through the members in the order of their turns, with how many jobs each has."""
        for member_id, jobs in self._turns.items():
            yield member_id, len(jobs) + announced.get(member_id, 0)
        for member_id, count in announced.items():
            if member_id not in self._turns:
                yield member_id, count


class Slots:
    """How many tasks Wiro lets the account run at once, as far as is known, and which jobs hold a slot.

    Args:
        fixed: the limit as the owner set it; None: there is none. Wiro's refusals lower it for a while.
        most: the limit that holds where nothing is known.
    """

    def __init__(self, *, fixed: int | None, most: int) -> None:
        self._most = most if fixed is None else fixed
        self._limit = self._most
        self._raise_at = 0.0
        self._held: set[int] = set()

    def __len__(self) -> int:
        """Return how many slots are held."""
        return len(self._held)

    @property
    def limit(self) -> int:
        """How many may be held at once."""
        return self._limit

    @property
    def room(self) -> int:
        """How many more may be held now."""
        return max(0, self._limit - len(self._held))

    def take(self, job_id: int) -> None:
        """Hold a slot; a job found after a start holds its own whether it is free or not."""
        self._held.add(job_id)

    def release(self, job_id: int) -> None:
        """Give the job's slot back, where it holds one."""
        self._held.discard(job_id)

    def free(self, now_seconds: float) -> bool:
        """Tell whether one more may start; a learned limit is doubled every three minutes, as a probe."""
        if self._limit < self._most and now_seconds >= self._raise_at:
            self._limit = min(self._most, 2 * self._limit)
            self._raise_at = now_seconds + _PROBE_SECONDS
        return len(self._held) < self._limit

    def learn(self, stated: int | None, now_seconds: float) -> None:
        """Take in Wiro's refusal of a task beyond the limit; the job that was refused holds no slot any more.

        Args:
            stated: the limit that Wiro named, where it did.
            now_seconds: the event loop's time.
        """
        running = max(1, len(self._held))
        self._limit = min(self._limit, running if stated is None else max(1, min(stated, running)))
        self._raise_at = now_seconds + _PROBE_SECONDS
