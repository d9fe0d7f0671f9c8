"""What Linux knows of another process: processor time of all its threads, and memory."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_USER_TICKS, _SYSTEM_TICKS = 11, 12  # behind the name: proc_pid_stat(5), fields 14 and 15
_RESET_PEAK: Final = "5"  # proc_pid_clear_refs(5)
_KIB: Final = 1024


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used, with all its threads, those that ended included."""
    fields = _read(pid, "stat").rpartition(")")[2].split()
    return (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / _TICKS_PER_SECOND


def resident_bytes(pid: int) -> int:
    """Return how much memory a process holds now."""
    return _status(pid, "VmRSS")


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process has held since `reset_peak`, or since its start."""
    return _status(pid, "VmHWM")


def reset_peak(pid: int) -> None:
    """Let the peak be what the process holds now."""
    Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK)


def _status(pid: int, name: str) -> int:
    for line in _read(pid, "status").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * _KIB
    raise ValueError(f"process {pid} has no {name}: it has ended")


def _read(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


@contextmanager
def one_core_each(*pids: int) -> Iterator[None]:
    """Keep these processes on the first core and this one on the others, where there are others."""
    cores = os.sched_getaffinity(0)
    first, others = {min(cores)}, cores - {min(cores)} or cores
    try:
        _keep(os.getpid(), others)
        for pid in pids:
            _keep(pid, first)
        yield
    finally:
        for pid in (os.getpid(), *pids):
            _keep(pid, cores)


def _keep(pid: int, cores: set[int]) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.sched_setaffinity(int(thread.name), cores)
