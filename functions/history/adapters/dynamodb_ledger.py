"""Ledger on DynamoDB: the base table of snapshots, which holds items and tombstones in the order of versions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from functions.history.reconcile import LedgerLine
from functions.hub.adapters.aws import Item
from functions.hub.adapters.query_items import query_items
from functions.hub.adapters.snapshot_item import SEGMENT, stored_hash
from functions.hub.ports import Dependency

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ATTRIBUTE_ALIASES: Final = {"#segment": SEGMENT}
ATTRIBUTES: Final = "version, content_hash, #segment, retain_until"


@dataclass(frozen=True, slots=True)
class DynamoDBLedger:
    """Ledger on the `snapshots` table: it reads snapshots and tombstones alike."""

    dynamodb: "DynamoDBClient"
    table: str

    def lines(self, world_id: str, after: str | None) -> Iterator[LedgerLine]:
        """See Ledger."""
        request: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "world_id = :world",
            "ProjectionExpression": ATTRIBUTES,
            "ExpressionAttributeNames": ATTRIBUTE_ALIASES,
            "ExpressionAttributeValues": {":world": {"S": world_id}},
            "ConsistentRead": True,
        }
        if after is not None:
            request["ExclusiveStartKey"] = {"world_id": {"S": world_id}, "version": {"S": after}}
        return map(_line, query_items(self.dynamodb, Dependency.SNAPSHOT_STORE, request))


def _line(item: Item) -> LedgerLine:
    return LedgerLine(
        version=item["version"]["S"],
        content_hash=stored_hash(item),
        segment=item.get(SEGMENT, {}).get("S"),
        retain_until=datetime.fromtimestamp(int(item["retain_until"]["N"]), UTC),
    )
