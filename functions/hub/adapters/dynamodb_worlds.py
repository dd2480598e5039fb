"""WorldStore and ExitPolicies on DynamoDB: one row per world and stage, with its head and its exit policy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.hub.adapters.aws import dependency
from functions.hub.adapters.conditional import write_if
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import Dependency, Head
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.policies.exit_policy import ExitPolicy

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STORE = Dependency.WORLD_STORE
# A row with none of these is left over from a registration: its world counts as unknown.
KNOWN_WORLD_ATTRIBUTES = ("head_order", "expectation", "exit_policy")


@dataclass(frozen=True, slots=True)
class DynamoDBWorlds:
    """The `worlds` table."""

    dynamodb: "DynamoDBClient"
    table: str

    def advance_head(self, snapshot: SnapshotRecord) -> bool:
        """See WorldStore. A head equal to the snapshot (announced again) counts as advanced."""
        head = {
            ":order": snapshot.order,
            ":version": snapshot.version,
            ":as_of": format_instant(snapshot.as_of),
            ":created_at": format_instant(snapshot.created_at),
            ":expires_at": format_instant(snapshot.expires_at),
            ":hash": snapshot.content_hash,
        }
        failed = write_if(
            STORE,
            self.dynamodb.update_item,
            TableName=self.table,
            Key={"world_id": {"S": snapshot.world_id}, "stage": {"S": snapshot.stage}},
            UpdateExpression=(
                "SET head_order = :order, head_version = :version, head_as_of = :as_of, "
                "head_created_at = :created_at, head_expires_at = :expires_at, head_hash = :hash"
            ),
            ConditionExpression="attribute_not_exists(head_order) OR head_order <= :order",
            ExpressionAttributeValues={name: {"S": text} for name, text in head.items()},
        )
        return failed is None

    def heads(self, world_id: str) -> Sequence[Head | None]:
        """See WorldStore."""
        with dependency(STORE):
            answer = self.dynamodb.query(
                TableName=self.table,
                KeyConditionExpression="world_id = :world",
                ExpressionAttributeValues={":world": {"S": world_id}},
                ConsistentRead=True,
            )
        return [_head(row) for row in answer["Items"] if not row.keys().isdisjoint(KNOWN_WORLD_ATTRIBUTES)]

    def exit_policy(self, world_id: str, stage: str) -> ExitPolicy | None:
        """See ExitPolicies."""
        with dependency(STORE):
            answer = self.dynamodb.get_item(
                TableName=self.table,
                Key={"world_id": {"S": world_id}, "stage": {"S": stage}},
                ProjectionExpression="exit_policy",
                ConsistentRead=True,
            )
        stored = answer.get("Item", {}).get("exit_policy")
        return None if stored is None else ExitPolicy.model_validate_json(stored["S"])


def _head(row: dict[str, Any]) -> Head | None:
    if "head_order" not in row:
        return None
    return Head(row["world_id"]["S"], row["stage"]["S"], row["head_order"]["S"])
