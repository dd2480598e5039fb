"""In-memory stores of evaluation policies and their activations."""

from collections.abc import Sequence

from functions.evaluation.policies.policy_records import (
    Activation,
    ListPosition,
    PolicyEntry,
    PolicyKey,
    PolicyRecord,
)
from functions.evaluation.policies.read_policies import position_of


class MemoryEvaluationPolicies:
    def __init__(self) -> None:
        self.rows: dict[PolicyKey, PolicyRecord] = {}

    def put_once(self, record: PolicyRecord) -> PolicyRecord:
        return self.rows.setdefault(record.entry.key, record)

    def get(self, key: PolicyKey) -> PolicyRecord | None:
        return self.rows.get(key)

    def page(self, policy_id: str | None, after: ListPosition | None, limit: int) -> Sequence[PolicyEntry]:
        entries = [record.entry for key, record in self.rows.items() if policy_id in {None, key.policy_id}]
        following = [each for each in entries if after is None or position_of(each).text > after.text]
        return sorted(following, key=lambda each: position_of(each).text)[:limit]


class MemoryActivations:
    """Activations by world.

    Attributes:
        competing: activations that another request appends before the next append of this process.
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Activation] = {}
        self.competing: list[Activation] = []

    def append(self, activation: Activation) -> bool:
        if self.competing:
            first = self.competing.pop(0)
            self.rows[first.world_id, first.sequence] = first
        key = (activation.world_id, activation.sequence)
        return self.rows.setdefault(key, activation) is activation

    def latest(self, world_id: str) -> Activation | None:
        found = self.page(world_id, None, 1)
        return found[0] if found else None

    def page(self, world_id: str, before: int | None, limit: int) -> Sequence[Activation]:
        found = [each for (world, _), each in self.rows.items() if world == world_id]
        found = [each for each in found if before is None or each.sequence < before]
        return sorted(found, key=lambda each: -each.sequence)[:limit]
