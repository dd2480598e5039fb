"""ActivationLog on DynamoDB: one row of the table `policies` per activation, kept permanently."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.evaluation.policies.policy_records import Activation, Author, PolicyKey
from functions.evaluation.store.policy_rows import NumberedRows
from functions.hub.adapters.aws import Item
from risk_hub_contracts.base.times import format_instant, parse_instant

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WORLD, ACTIVATION = "world", "activation"


@dataclass(frozen=True, slots=True)
class DynamoDBActivations:
    """Rows `world/<world_id>`, `activation/<sequence>`."""

    dynamodb: "DynamoDBClient"
    table: str

    def append(self, activation: Activation) -> bool:
        """See ActivationLog."""
        return self._rows.append(activation.world_id, activation.sequence, _members(activation))

    def latest(self, world_id: str) -> Activation | None:
        """See ActivationLog."""
        found = self.page(world_id, None, 1)
        return found[0] if found else None

    def page(self, world_id: str, before: int | None, limit: int) -> Sequence[Activation]:
        """See ActivationLog."""
        rows = self._rows.page(world_id, before, limit)
        return [_activation(row, world_id) for row in rows]

    @property
    def _rows(self) -> NumberedRows:
        return NumberedRows(self.dynamodb, self.table, WORLD, ACTIVATION)


def _members(activation: Activation) -> Item:
    return {
        "policy_id": {"S": activation.key.policy_id},
        "version": {"S": activation.key.version},
        "policy_hash": {"S": activation.policy_hash},
        "reason": {"S": activation.reason},
        "stored_by": {"S": activation.stored_by},
        "activated_at": {"S": format_instant(activation.activated_at)},
        "activated_by": {"S": activation.activated_by.subject},
        "request_id": {"S": activation.activated_by.request_id},
    }


def _activation(item: Item, world_id: str) -> Activation:
    return Activation(
        world_id=world_id,
        sequence=int(item["sequence"]["N"]),
        key=PolicyKey(item["policy_id"]["S"], item["version"]["S"]),
        policy_hash=item["policy_hash"]["S"],
        reason=item["reason"]["S"],
        stored_by=item["stored_by"]["S"],
        activated_at=parse_instant(item["activated_at"]["S"]),
        activated_by=Author(item["activated_by"]["S"], item["request_id"]["S"]),
    )
