"""RolloutLog on DynamoDB: one row of the table `policies` per change, kept permanently."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import orjson

from functions.evaluation.policies.policy_records import Author
from functions.evaluation.rollout.rollout_records import RolloutChange, RolloutFlag
from functions.evaluation.store.policy_rows import NumberedRows
from functions.hub.adapters.aws import Item
from risk_hub_contracts.base.times import format_instant, parse_instant

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WORLD, CHANGE = "rollout", "change"


@dataclass(frozen=True, slots=True)
class DynamoDBRollout:
    """Rows `rollout/<world_id>`, `change/<sequence>`."""

    dynamodb: "DynamoDBClient"
    table: str

    def append(self, change: RolloutChange) -> bool:
        """See RolloutLog."""
        return self._rows.append(change.world_id, change.sequence, _members(change))

    def latest(self, world_id: str) -> RolloutChange | None:
        """See RolloutLog."""
        found = self.page(world_id, None, 1)
        return found[0] if found else None

    def page(self, world_id: str, before: int | None, limit: int) -> Sequence[RolloutChange]:
        """See RolloutLog."""
        rows = self._rows.page(world_id, before, limit)
        return [_change(row, world_id) for row in rows]

    @property
    def _rows(self) -> NumberedRows:
        return NumberedRows(self.dynamodb, self.table, WORLD, CHANGE)


def _members(change: RolloutChange) -> Item:
    flags = {stage: asdict(flag) for stage, flag in change.flags.items()}
    return {
        "stage": {"S": change.stage},
        "change": {"S": change.change},
        "decider": {"S": change.decider},
        "previous": {"S": change.previous},
        "reason": {"S": change.reason},
        "changed_at": {"S": format_instant(change.changed_at)},
        "changed_by": {"S": change.changed_by.subject},
        "request_id": {"S": change.changed_by.request_id},
        "flags": {"S": orjson.dumps(flags).decode()},
    }


def _change(item: Item, world_id: str) -> RolloutChange:
    flags = orjson.loads(item["flags"]["S"])
    return RolloutChange(
        world_id=world_id,
        sequence=int(item["sequence"]["N"]),
        stage=item["stage"]["S"],
        change=item["change"]["S"],
        decider=item["decider"]["S"],
        previous=item["previous"]["S"],
        reason=item["reason"]["S"],
        changed_at=parse_instant(item["changed_at"]["S"]),
        changed_by=Author(item["changed_by"]["S"], item["request_id"]["S"]),
        flags={stage: RolloutFlag(**flag) for stage, flag in flags.items()},
    )
