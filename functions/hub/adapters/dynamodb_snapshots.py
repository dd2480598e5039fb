"""SnapshotStore on DynamoDB: one conditional put per snapshot, one strongly consistent query per read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.hub.adapters.aws import Item, dependency
from functions.hub.adapters.batch_get import batch_get
from functions.hub.adapters.body_store import BodyStore, read_each
from functions.hub.adapters.conditional import existing_item, put_once_measured
from functions.hub.adapters.snapshot_expressions import expiry_window, index_query, latest_expiry
from functions.hub.adapters.snapshot_item import compress, from_item, is_tombstone, stored_hash, to_item
from functions.hub.domain.ordering import SEPARATOR
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import Dependency, PutOutcome
from risk_hub_contracts.base.times import parse_instant

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STORE = Dependency.SNAPSHOT_STORE


@dataclass(frozen=True, slots=True)
class DynamoDBSnapshots:
    """The `snapshots` table."""

    dynamodb: "DynamoDBClient"
    table: str
    bodies: BodyStore

    def put_once(self, snapshot: SnapshotRecord, retain_until: datetime) -> PutOutcome:
        """See SnapshotStore."""
        body, _ = compress(snapshot.document)
        item = to_item(snapshot, self.bodies.place(snapshot.world_id, body), retain_until)
        taken, gigabytes = put_once_measured(self.dynamodb, self.table, STORE, item)
        if taken is None:
            return PutOutcome(snapshot, created=True, world_gigabytes=gigabytes)
        key = _key(snapshot.world_id, snapshot.version)
        existing = existing_item(taken, self.dynamodb, self.table, STORE, key)
        return self._outcome_of_collision(self._read(existing), snapshot)

    def get(self, world_id: str, version: str) -> SnapshotRecord | None:
        """See SnapshotStore."""
        key = _key(world_id, version)
        with dependency(STORE):
            answer = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return self._read(answer["Item"]) if "Item" in answer else None

    def content_hash(self, world_id: str, version: str) -> str | None:
        """See StoredHashes."""
        with dependency(STORE):
            answer = self.dynamodb.get_item(
                TableName=self.table,
                Key=_key(world_id, version),
                ProjectionExpression="content_hash",
                ConsistentRead=True,
            )
        return stored_hash(answer["Item"]) if "Item" in answer else None

    def select(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        """See SnapshotStore.

        The first request reads the newest `limit` items of the index. More is read only if some of them do
        not match: the expiry index finds the few unexpired ones, for any length of the history; a search of
        expired history continues page by page. A snapshot that is moved during the read is left out: a later
        read of history finds it (ADR-0055).
        """
        lower, upper = query.bounds()
        if lower > upper:
            return []
        request = index_query(self.table, query)
        items, last_key = self._query(request)
        if len(items) < query.limit and last_key and not query.include_expired:
            return self._select_unexpired(query)
        while len(items) < query.limit and last_key:
            request = {**request, "ExclusiveStartKey": last_key}
            request.pop("Limit", None)
            more, last_key = self._query(request)
            items += more
        return read_each(self._read, [item for item in items[: query.limit] if not is_tombstone(item)])

    def last_expiry(self, world_id: str, known_at: datetime | None = None) -> datetime | None:
        """See SnapshotStore."""
        request = latest_expiry(self.table, world_id, known_at)
        items, last_key = self._query(request)
        while last_key and not items:
            items, last_key = self._query({**request, "ExclusiveStartKey": last_key})
        if not items:
            return None
        return parse_instant(items[0]["expiry_order"]["S"].partition(SEPARATOR)[0])

    def _select_unexpired(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        request = expiry_window(self.table, query.world_id, query.at, until_known=query.known_at)
        items, last_key = self._query(request)
        while last_key:
            more, last_key = self._query({**request, "ExclusiveStartKey": last_key})
            items += more
        rows = [row for row in items if _matches(query, row)]
        rows.sort(key=_time_order, reverse=query.newest_first)
        wanted = [row["version"]["S"] for row in rows[: query.limit]]
        found = self._get_many(query.world_id, wanted)
        return [found[version] for version in wanted if version in found]

    def _get_many(self, world_id: str, versions: list[str]) -> dict[str, SnapshotRecord]:
        keys = [_key(world_id, version) for version in versions]
        items = batch_get(self.dynamodb, self.table, STORE, keys)
        found = read_each(self._read, [item for item in items if not is_tombstone(item)])
        return {snapshot.version: snapshot for snapshot in found}

    def _query(self, request: dict[str, Any]) -> tuple[list[Item], dict[str, Any] | None]:
        with dependency(STORE):
            answer = self.dynamodb.query(**request)
        return answer["Items"], answer.get("LastEvaluatedKey")

    def _read(self, item: Item) -> SnapshotRecord:
        return from_item(item, self.bodies.body_of)

    def _outcome_of_collision(self, stored: SnapshotRecord, offered: SnapshotRecord) -> PutOutcome:
        """Distinguish another item from our own put that the client repeated after a lost response (F1)."""
        ours = stored.created_at == offered.created_at and stored.content_hash == offered.content_hash
        return PutOutcome(stored, created=ours)


def _key(world_id: str, version: str) -> Item:
    return {"world_id": {"S": world_id}, "version": {"S": version}}


def _time_order(row: Item) -> str:
    return str(row["stage_time_order"]["S"].partition(SEPARATOR)[2])


def _matches(query: SnapshotQuery, row: Item) -> bool:
    stage, _, order = row["stage_time_order"]["S"].partition(SEPARATOR)
    return query.matches_row(order, stage, row["actor"]["S"], parse_instant(row["created_at"]["S"]))
