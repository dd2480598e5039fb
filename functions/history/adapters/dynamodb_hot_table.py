"""HotTable on DynamoDB: the `snapshots` table as the move reads it, and the tombstones that it leaves."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from functions.history.ports import HOT_SAMPLE_COUNT, HotLoad, HotSnapshot
from functions.history.segment import SegmentRow
from functions.hub.adapters.aws import Item, dependency
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.conditional import write_if
from functions.hub.adapters.query_items import query_items
from functions.hub.adapters.snapshot_expressions import BY_AS_OF, index_query
from functions.hub.adapters.snapshot_item import (
    SEGMENT,
    SEGMENT_SHA256,
    from_item,
    hash_attribute,
    is_tombstone,
)
from functions.hub.domain.ordering import SEPARATOR
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import Dependency
from risk_hub_contracts.base.times import parse_instant

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STORE = Dependency.SNAPSHOT_STORE
# Bytes that DynamoDB adds to the size of each item and of each entry of an index.
OVERHEAD_BYTES: Final = 100
# Attributes of an entry in each local index, without the key of the item.
INDEX_ENTRIES: Final = (
    ("time_order", "expiry_order", "actor", "created_at"),
    ("stage_time_order", "expiry_order", "actor", "created_at"),
    ("expiry_order", "stage_time_order", "actor", "created_at"),
)
# All attributes of an item but its key, its content hash and its retention.
REMOVED: Final = (
    "time_order",
    "stage_time_order",
    "expiry_order",
    "as_of",
    "created_at",
    "expires_at",
    "stage",
    "actor",
    "correlation_id",
    "trace_header",
    "ttl_sec",
    "document_bytes",
    "body",
    "body_sha256",
)
FORGET: Final = "SET #segment = :segment, #sha256 = :sha256 REMOVE " + ", ".join(
    f"#{index}" for index in range(len(REMOVED))
)
# Some of these words are reserved by DynamoDB.
ATTRIBUTE_ALIASES: Final = {
    "#segment": SEGMENT,
    "#sha256": SEGMENT_SHA256,
    **{f"#{index}": name for index, name in enumerate(REMOVED)},
}
# A query that includes expired snapshots does not depend on the instant.
ANY_INSTANT: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DynamoDBHotTable:
    """The `snapshots` table."""

    dynamodb: "DynamoDBClient"
    table: str
    bodies: BodyStore

    def settled(
        self, world_id: str, lower: str, upper: str, created_until: datetime
    ) -> Iterator[HotSnapshot]:
        """See HotTable."""
        request = self._request(SnapshotQuery(world_id, created_until, known_at=created_until))
        request["ExpressionAttributeValues"] |= {":lower": {"S": lower}, ":upper": {"S": upper}}
        for item in query_items(self.dynamodb, STORE, request):
            if not is_tombstone(item):
                record = from_item(item, self.bodies.body_of)
                keep = datetime.fromtimestamp(int(item["retain_until"]["N"]), UTC)
                yield HotSnapshot(record, keep)

    def forget(self, snapshot: SnapshotRecord, row: SegmentRow) -> bool:
        """See HotTable. An item of release 1.0 has its hash as text, a later one as bytes."""
        refused = write_if(
            STORE,
            self.dynamodb.update_item,
            TableName=self.table,
            Key={"world_id": {"S": snapshot.world_id}, "version": {"S": snapshot.version}},
            UpdateExpression=FORGET,
            ConditionExpression="content_hash IN (:text, :hash) AND attribute_exists(time_order)",
            ExpressionAttributeNames=ATTRIBUTE_ALIASES,
            ExpressionAttributeValues={
                ":segment": {"S": row.name},
                ":sha256": {"B": bytes.fromhex(row.sha256)},
                ":text": {"S": snapshot.content_hash},
                ":hash": hash_attribute(snapshot.content_hash),
            },
        )
        return refused is None

    def newest_load(self, world_id: str) -> HotLoad:
        """See HotTable."""
        newest = SnapshotQuery(world_id, ANY_INSTANT, newest_first=True)
        with dependency(STORE):
            items = self.dynamodb.query(**self._request(newest))["Items"]
        whole = [item for item in items if not is_tombstone(item)]
        arrivals = [parse_instant(item["created_at"]["S"]) for item in whole]
        return HotLoad(len(whole), sum(map(stored_bytes, whole)), min(arrivals, default=None))

    def oldest_as_of(self, world_id: str) -> datetime | None:
        """See HotTable. A tombstone has no entry in the index."""
        oldest = {
            "TableName": self.table,
            "IndexName": BY_AS_OF,
            "KeyConditionExpression": "world_id = :world",
            "ExpressionAttributeValues": {":world": {"S": world_id}},
            "ProjectionExpression": "time_order",
            "ConsistentRead": True,
            "Limit": 1,
        }
        with dependency(STORE):
            items = self.dynamodb.query(**oldest)["Items"]  # type: ignore[arg-type]
        return parse_instant(items[0]["time_order"]["S"].partition(SEPARATOR)[0]) if items else None

    def _request(self, query: SnapshotQuery) -> dict[str, Any]:
        whole = replace(
            query, include_expired=True, newest_first=query.known_at is None, limit=HOT_SAMPLE_COUNT
        )
        return index_query(self.table, whole)


def stored_bytes(item: Item) -> int:
    """Return the size of an item and its entries in the local indexes, as the table's size counts them."""
    sizes = {name: len(name) + _value_bytes(value) for name, value in item.items()}
    key = OVERHEAD_BYTES + sizes["world_id"] + sizes["version"]
    entries = (key + sum(sizes[name] for name in names) for names in INDEX_ENTRIES)
    return OVERHEAD_BYTES + sum(sizes.values()) + sum(entries)


def _value_bytes(value: Item) -> int:
    ((kind, content),) = value.items()
    return len(content) // 2 + 2 if kind == "N" else len(content)
