"""A thread for work of any length, which the end of the process does not wait for."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import ParamSpec, TypeVar

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class DaemonThread(Executor):
    """Calls one function after the other, in a thread that begins with the first.

    `ThreadPoolExecutor` is not it: Python waits for the threads of every one before the process ends.

    Args:
        name: the thread's.
    """

    def __init__(self, name: str) -> None:
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def submit(
        self,
        fn: Callable[_Arguments, _Result],
        /,
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> Future[_Result]:
        """Let a function be called when those before it are done, unless its future is cancelled by then."""
        future = Future[_Result]()
        self._calls.put(partial(_call, future, partial(fn, *args, **kwargs)))
        if self._thread.ident is None:
            self._thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - `Executor` has them
        """Let the thread end when nothing is left to call. Never waits for it."""
        self._calls.put(None)

    def _work(self) -> None:
        for call in iter(self._calls.get, None):
            call()
            del call  # and the picture with it, before the next is waited for


def _call(future: Future[_Result], function: Callable[[], _Result]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(function())
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
        future.set_exception(error)
