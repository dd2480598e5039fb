"""One suite for every HotTable: the in-memory one and the one on DynamoDB."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.history.adapters.dynamodb_hot_table import INDEX_ENTRIES, DynamoDBHotTable
from functions.history.ports import HotLoad, HotTable
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.domain.ordering import AFTER_ALL, BEFORE_ALL
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import SnapshotMovedError, SnapshotStore
from tests.adapters.conftest import create_table, declared_tables
from tests.adapters.test_segments import row
from tests.adapters.test_snapshot_store import random_numbers
from tests.fakes.clock import START
from tests.fakes.history import MemoryHotTable
from tests.fakes.samples import WORLD, series, stored

RETENTION = timedelta(days=30)
TOMBSTONE_MAX_BYTES = 250


class Hot:
    """One table by both of its ports."""

    def __init__(self, store: SnapshotStore, table: HotTable, dynamodb: Any = None, name: str = "") -> None:
        self.store, self.table = store, table
        self.dynamodb, self.name = dynamodb, name

    def put(self, *snapshots: SnapshotRecord) -> None:
        for snapshot in snapshots:
            assert self.store.put_once(snapshot, snapshot.retain_until(RETENTION)).created

    def stored(self) -> list[SnapshotRecord]:
        far = START + timedelta(days=400)
        return [each.record for each in self.table.settled(WORLD, BEFORE_ALL, AFTER_ALL, far)]

    def versions(self, **query: Any) -> list[str]:
        asked = SnapshotQuery(**{"world_id": WORLD, "at": START, "limit": 10, **query})
        return [each.version for each in self.store.select(asked)]


def dynamodb_hot_of(dynamodb: Any, name: str, bodies: BodyStore) -> Hot:
    store, table = DynamoDBSnapshots(dynamodb, name, bodies), DynamoDBHotTable(dynamodb, name, bodies)
    return Hot(store, table, dynamodb, name)


@pytest.fixture
def dynamodb_hot() -> Iterator[Hot]:
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="blobs")
        bodies = BodyStore(boto3.client("s3"), "blobs")
        yield dynamodb_hot_of(boto3.client("dynamodb"), create_table("snapshots"), bodies)


@pytest.fixture(params=["memory", "dynamodb"])
def hot(request: pytest.FixtureRequest) -> Hot:
    if request.param == "dynamodb":
        found: Hot = request.getfixturevalue("dynamodb_hot")
        return found
    memory = MemoryHotTable()
    return Hot(memory, memory)


def hashed(version: str = "v1", **fields: Any) -> SnapshotRecord:
    """Return a snapshot whose content hash has the form of a real one."""
    return stored(version, content_hash="sha256:" + "5a" * 32, **fields)


def test_settled_yields_whole_snapshots_oldest_first_with_their_retention(hot: Hot) -> None:
    large = stored("large", as_of=START - timedelta(minutes=1), numbers=random_numbers())
    hot.put(*series(3), large)
    found = list(hot.table.settled(WORLD, BEFORE_ALL, AFTER_ALL, START + timedelta(minutes=9)))
    assert [each.record.version for each in found] == ["large", "v000", "v001", "v002"]
    assert found[0].record.document == large.document
    assert all(each.retain_until == each.record.retain_until(RETENTION) for each in found)


def test_settled_is_bounded_by_time_orders_and_by_arrival(hot: Hot) -> None:
    rows = series(250)
    hot.put(*rows)
    late = stored("late", as_of=rows[1].as_of, created_at=START + timedelta(days=1))
    hot.put(late)
    table = hot.table
    between = table.settled(WORLD, rows[1].order, rows[240].order, START + timedelta(hours=9))
    assert [each.record.version for each in between] == [each.version for each in rows[1:241]]
    arrived = table.settled(WORLD, BEFORE_ALL, rows[5].order, rows[2].created_at)
    assert [each.record.version for each in arrived] == ["v000", "v001", "v002"]
    assert list(table.settled("w2", BEFORE_ALL, AFTER_ALL, START)) == []


def test_a_forgotten_snapshot_leaves_a_tombstone_that_names_its_segment(hot: Hot) -> None:
    gone, kept = series(2, ttl_sec=86_400)
    hot.put(gone, kept)
    segment = row(gone)
    assert hot.table.forget(gone, segment)
    with pytest.raises(SnapshotMovedError) as moved:
        hot.store.get(WORLD, gone.version)
    assert (moved.value.version, moved.value.content_hash) == (gone.version, gone.content_hash)
    assert (moved.value.segment, moved.value.sha256) == (segment.name, segment.sha256)
    assert hot.store.content_hash(WORLD, gone.version) == gone.content_hash  # type: ignore[attr-defined]
    assert [each.version for each in hot.stored()] == [kept.version]
    assert hot.versions() == hot.versions(stage="paper") == [kept.version]


def test_inv_01_the_version_of_a_tombstone_stays_taken(hot: Hot) -> None:
    hot.put(hashed())
    hot.table.forget(hashed(), row(hashed()))
    for offered in (hashed(), stored("v1", created_at=START + timedelta(days=1))):
        with pytest.raises(SnapshotMovedError):
            hot.store.put_once(offered, offered.retain_until(RETENTION))
    assert hot.stored() == []


def test_forget_is_done_once_and_only_for_the_same_content(hot: Hot) -> None:
    hot.put(*series(2))
    first, second = series(2)
    other = stored(second.version, as_of=second.as_of, created_at=second.created_at, content_hash="sha256:x")
    segment = row(first)
    assert hot.table.forget(first, segment)
    assert not any(hot.table.forget(each, segment) for each in (first, other, stored("unknown")))
    assert [each.version for each in hot.stored()] == [second.version]
    assert hot.store.get(WORLD, "unknown") is None


def test_last_expiry_of_the_table_does_not_count_tombstones(hot: Hot) -> None:
    gone = stored("gone", ttl_sec=9_000)
    hot.put(gone, stored("kept", ttl_sec=60))
    hot.table.forget(gone, row(gone))
    assert hot.store.last_expiry(WORLD) == START + timedelta(minutes=1)


def test_the_load_of_a_world_is_measured_on_its_newest_snapshots(hot: Hot) -> None:
    assert hot.table.newest_load(WORLD) == HotLoad(0, 0, None)
    hot.put(*series(120))
    load = hot.table.newest_load(WORLD)
    assert (load.count, load.since) == (100, START + timedelta(minutes=20))
    assert load.size_bytes > 100 * 100


def test_the_oldest_as_of_is_that_of_a_snapshot_and_not_of_a_tombstone(hot: Hot) -> None:
    assert hot.table.oldest_as_of(WORLD) is None
    first, *rest = series(3)
    hot.put(first, *rest)
    assert hot.table.oldest_as_of(WORLD) == START
    hot.table.forget(first, row(first))
    assert hot.table.oldest_as_of(WORLD) == START + timedelta(minutes=1)


def raw_item(hot: Hot, version: str) -> dict[str, Any]:
    key = {"world_id": {"S": WORLD}, "version": {"S": version}}
    item: dict[str, Any] = hot.dynamodb.get_item(TableName=hot.name, Key=key)["Item"]
    return item


def test_the_size_of_an_item_counts_the_entries_that_the_template_declares() -> None:
    declared = [
        {
            "world_id",
            "version",
            *(key["AttributeName"] for key in index["KeySchema"]),
            *index["Projection"]["NonKeyAttributes"],
        }
        for index in declared_tables()["snapshots"]["LocalSecondaryIndexes"]
    ]
    assert [{"world_id", "version", *names} for names in INDEX_ENTRIES] == declared


@pytest.mark.parametrize("numbers", [[1.0], random_numbers()], ids=["inline body", "body in the bucket"])
def test_a_tombstone_has_no_index_attribute_and_no_body_and_is_small(
    dynamodb_hot: Hot, numbers: list[float]
) -> None:
    gone = hashed("2026-01-05T12:00", numbers=numbers, correlation_id="c-1", trace_header="Root=1")
    dynamodb_hot.put(gone)
    before = raw_item(dynamodb_hot, gone.version)
    dynamodb_hot.table.forget(gone, row(gone))
    item = raw_item(dynamodb_hot, gone.version)
    assert set(item) == {"world_id", "version", "content_hash", "segment", "segment_sha256", "retain_until"}
    assert item["retain_until"] == before["retain_until"]
    size = sum(len(name) + len(next(iter(value.values()))) for name, value in item.items())
    assert size <= TOMBSTONE_MAX_BYTES


def test_a_read_leaves_out_a_snapshot_that_becomes_a_tombstone_during_the_read(
    dynamodb_hot: Hot, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = stored("old", as_of=START - timedelta(days=9), ttl_sec=86_400)
    dynamodb_hot.put(*series(5, ttl_sec=60), old)
    fetch = dynamodb_hot.dynamodb.batch_get_item

    def moved_before_the_fetch(**request: Any) -> Any:
        dynamodb_hot.table.forget(old, row(old))
        return fetch(**request)

    monkeypatch.setattr(dynamodb_hot.dynamodb, "batch_get_item", moved_before_the_fetch)
    assert dynamodb_hot.versions(at=START + timedelta(hours=1), limit=1) == []
