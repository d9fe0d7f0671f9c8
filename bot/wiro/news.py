"""What Wiro's socket tells of a task, in types. Pure. Source: Wiro's reference, WebSocket."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProgress:
    """How far a task is, as the tool reports it; what it does not report is None."""

    percentage: int  # 0 to 100
    step: int | None = None
    steps: int | None = None  # in all; never less than `step`
    remaining_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNews:
    """One message about a task: how far it is, or that it has ended, which Task/Detail is to confirm."""

    tasktoken: str
    progress: TaskProgress | None = None
    ended: bool = False
