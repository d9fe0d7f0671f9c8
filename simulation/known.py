"""All faults and all crash points that a run can draw, by name."""

from simulation import (
    callbacks,
    coverage,
    discord_port,
    disk,
    feed,
    pictures,
    schedule,
    wiro_port,
    wiro_server,
)

_NATURES = (*wiro_port.NATURES, *discord_port.NATURES)


def faults() -> frozenset[str]:
    """Return the names that `Faults` counts."""
    return frozenset(
        (
            *(name for nature in _NATURES for name in nature.names_of_faults()),
            *(f"wiro: {kind}" for kind in wiro_server.FAULTS),
            *(f"callback: {kind}" for kind in callbacks.FAULTS),
            *(f"socket: {kind}" for kind in feed.FAULTS),
            *(f"disk: {kind}" for kind in disk.FAULTS),
            *(f"pictures: {kind}" for kind in pictures.FAULTS),
            *(f"trouble: {trouble}" for trouble in schedule.TROUBLES),
            *(f"members: {deed}" for deed in schedule.DEEDS),
        )
    )


def crashes() -> frozenset[str]:
    """Return the points at which a process can die."""
    changes = ("a new job", "submitting to cancelled", *coverage.transitions())
    return frozenset(
        (
            *(name for nature in _NATURES for name in nature.names_of_crashes()),
            *(f"write of {change}, {moment}" for change in changes for moment in disk.MOMENTS),
        )
    )
