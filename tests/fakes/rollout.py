"""In-memory store of the rollout changes of worlds."""

from collections.abc import Sequence

from functions.evaluation.rollout.rollout_records import RolloutChange


class MemoryRollout:
    """Rollout changes by world.

    Attributes:
        competing: changes that another request appends before the next append of this process.
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], RolloutChange] = {}
        self.competing: list[RolloutChange] = []

    def append(self, change: RolloutChange) -> bool:
        if self.competing:
            first = self.competing.pop(0)
            self.rows[first.world_id, first.sequence] = first
        return self.rows.setdefault((change.world_id, change.sequence), change) is change

    def latest(self, world_id: str) -> RolloutChange | None:
        found = self.page(world_id, None, 1)
        return found[0] if found else None

    def page(self, world_id: str, before: int | None, limit: int) -> Sequence[RolloutChange]:
        found = [each for (world, _), each in self.rows.items() if world == world_id]
        found = [each for each in found if before is None or each.sequence < before]
        return sorted(found, key=lambda each: -each.sequence)[:limit]
