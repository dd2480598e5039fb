"""The worlds that have their own metrics."""

from typing import Protocol


class MeteredWorlds(Protocol):
    """The worlds with their own metrics: a bounded set, so that callers cannot create unlimited metrics."""

    def __call__(self, world_id: str, stage: str) -> bool:
        """Return whether this world and stage has its own metrics; never raise."""


def no_metered_worlds(world_id: str, stage: str) -> bool:  # noqa: ARG001 - see MeteredWorlds
    """Return False: no world has its own metrics."""
    return False
