"""News of running tasks as they happen: how far each is, and that it has ended.

The feed may be silent at any time. It makes messages livelier and ends sooner; polling guarantees, and what
it says of an end is never believed: it only wakes the tracker.
"""

from collections.abc import Callable

from bot.jobs.model import Job
from bot.jobs.ports import Feed
from bot.wiro.news import TaskNews, TaskProgress


class Live:
    """Knows how far the running tasks are.

    Args:
        feed: tells of tasks.
        moved: is told of a job whose task may have come further; not again until `progress` was asked for.
        ended: is told once of a job whose task is said to have ended.
    """

    def __init__(self, feed: Feed, *, moved: Callable[[int], None], ended: Callable[[int], None]) -> None:
        self._feed = feed
        self._moved = moved
        self._ended = ended
        self._tasktokens: dict[int, str] = {}
        self._heard_of: dict[str, int] = {}  # the jobs whose tasks have not ended yet, by tasktoken
        self._progress: dict[int, TaskProgress] = {}
        self._newest: dict[int, TaskNews] = {}  # what nobody has asked for yet

    def follow(self, job: Job) -> None:
        """Listen for a running job's task; no matter if that is done already."""
        if job.tasktoken is None or job.id in self._tasktokens:
            return
        self._tasktokens[job.id] = job.tasktoken
        self._heard_of[job.tasktoken] = job.id
        self._feed.follow(job.tasktoken)

    def forget(self, job_id: int) -> None:
        """Listen no more, and drop what was heard; no matter if nothing was."""
        tasktoken = self._tasktokens.pop(job_id, None)
        if tasktoken is not None:
            self._progress.pop(job_id, None)
            self._newest.pop(job_id, None)
            self._listen_no_more(tasktoken)

    def progress(self, job_id: int) -> TaskProgress | None:
        """Return how far a running job's task is, as the tool said last: it may count each picture anew."""
        news = self._newest.pop(job_id, None)
        if news is not None and (progress := news.progress()) is not None:
            self._progress[job_id] = progress
        return self._progress.get(job_id)

    def stop(self) -> None:
        """Let `run` return soon."""
        self._feed.stop()

    async def run(self) -> None:
        """Listen until stopped."""
        await self._feed.run(self._hear)

    def _hear(self, news: TaskNews) -> None:
        job_id = self._heard_of.get(news.tasktoken)
        if job_id is None:
            return
        if news.ended:
            self._listen_no_more(news.tasktoken)
            self._ended(job_id)
            return
        is_first = job_id not in self._newest
        self._newest[job_id] = news
        if is_first:
            self._moved(job_id)

    def _listen_no_more(self, tasktoken: str) -> None:
        if self._heard_of.pop(tasktoken, None) is not None:
            self._feed.forget(tasktoken)
