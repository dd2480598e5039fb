"""Port to the store of rollout changes. Every adapter and every fake passes one test suite."""

from collections.abc import Sequence
from typing import Protocol

from functions.evaluation.rollout.rollout_records import RolloutChange


class RolloutLog(Protocol):
    """Changes by world, kept permanently. Every method may raise DependencyUnavailableError."""

    def append(self, change: RolloutChange) -> bool:
        """Store a change under its sequence; return False, without a change, if the sequence is taken."""

    def latest(self, world_id: str) -> RolloutChange | None:
        """Return the change with the greatest sequence, or None; one strongly consistent query."""

    def page(self, world_id: str, before: int | None, limit: int) -> Sequence[RolloutChange]:
        """Return at most `limit` changes with a lower sequence than `before`, newest first; strongly consistent."""
