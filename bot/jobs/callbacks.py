"""What a callback does to the job whose last Run had its token: it wakes, and its body is at most a hint.

Source of the rules: the design, *Push wakes, polling guarantees*.
"""

from bot.jobs.book import Book
from bot.jobs.callback_token import hash_callback_token
from bot.jobs.model import State
from bot.jobs.search import Search
from bot.jobs.tracker import Tracker
from bot.meter import Cause
from bot.wiro.hint import taskid_hint


class Callbacks:
    """Takes callbacks in. Implements `bot.callbacks.Hears`.

    Args:
        book: the open jobs.
        search: looks for the tasks of jobs in doubt.
        tracker: asks for the tasks of all others.
    """

    def __init__(self, book: Book, search: Search, tracker: Tracker) -> None:
        self._book = book
        self._search = search
        self._tracker = tracker

    def knows_callback(self, token: str) -> bool:
        """Tell whether an open job's last Run had this token, without asking the store."""
        return self._book.open_by_callback(hash_callback_token(token)) is not None

    async def hear_callback(self, token: str, body: bytes) -> bool:
        """Take in a callback: it wakes the tracker, and its body is at most a hint.

        Returns:
            Whether any job's last Run had this token.

        Raises:
            StorageError: the store could not be read.
        """
        job = await self._book.find_by_callback(hash_callback_token(token))
        if job is None:
            return False
        if job.taskid is None and (job.id in self._search or job.state is State.LOST):
            if (taskid := taskid_hint(body)) is not None:
                self._search.hint(job.id, taskid)
            elif job.is_open:
                self._search.add(job.id)
        else:
            if job.state is State.SUBMITTING and (taskid := taskid_hint(body)) is not None:
                self._search.name(job.id, taskid)
            self._tracker.wake(job.id, Cause.CALLBACK)
        return True
