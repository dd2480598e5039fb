"""One suite for every SnapshotStore: in memory, on DynamoDB, and on the hot table with history."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.history.adapters.dynamodb_hot_table import DynamoDBHotTable
from functions.history.adapters.dynamodb_segments import DynamoDBSegments
from functions.history.adapters.s3_segments import S3Segments
from functions.hub.adapters.body_store import PREFIX, BodyStore
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import PutOutcome, SnapshotStore
from tests.adapters.conftest import create_table
from tests.fakes.clock import START
from tests.fakes.history import Seam, memory_seam
from tests.fakes.samples import WORLD, series, stored
from tests.fakes.stores import MemorySnapshots

RETENTION = timedelta(days=30)


class Moving:
    """A store of hot table and history that moves every n-th snapshot to history as soon as it is stored."""

    def __init__(self, seam: Seam, every: int) -> None:
        self.seam, self.every, self.stored = seam, every, 0
        self.get, self.select = seam.whole.get, seam.whole.select
        self.last_expiry = seam.whole.last_expiry

    def put_once(self, snapshot: SnapshotRecord, retain_until: datetime) -> PutOutcome:
        outcome = self.seam.whole.put_once(snapshot, retain_until)
        self.stored += outcome.created
        if outcome.created and self.stored % self.every == 0:
            held = self.seam.hot.get(snapshot.world_id, snapshot.version)
            assert held is not None
            self.seam.move(held)
        return outcome


@pytest.fixture(params=["memory", "dynamodb", "memory 1", "memory 2", "dynamodb 1", "dynamodb 2"])
def store(request: pytest.FixtureRequest) -> Iterator[SnapshotStore]:
    kind, _, every = request.param.partition(" ")
    if kind == "memory":
        yield Moving(memory_seam(), int(every)) if every else MemorySnapshots()
        return
    with mock_aws():
        yield Moving(aws_seam(), int(every)) if every else dynamodb_store()


def aws_seam() -> Seam:
    return seam_of(dynamodb_store(), create_table("segments"))


def seam_of(hot: DynamoDBSnapshots, segments: str) -> Seam:
    index = DynamoDBSegments(hot.dynamodb, segments)
    table = DynamoDBHotTable(hot.dynamodb, hot.table, hot.bodies)
    return Seam(hot, table, index, S3Segments(hot.bodies.s3, hot.bodies.bucket))


def dynamodb_store() -> DynamoDBSnapshots:
    boto3.client("s3").create_bucket(Bucket="blobs")
    bodies = BodyStore(boto3.client("s3"), "blobs")
    return DynamoDBSnapshots(boto3.client("dynamodb"), create_table("snapshots"), bodies)


def put(store: SnapshotStore, *snapshots: SnapshotRecord) -> None:
    for snapshot in snapshots:
        assert store.put_once(snapshot, snapshot.retain_until(RETENTION)).created


def versions(store: SnapshotStore, **query: Any) -> list[str]:
    requested = SnapshotQuery(**{"world_id": WORLD, "at": START + timedelta(minutes=1), "limit": 10, **query})
    return [found.version for found in store.select(requested)]


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


def test_stored_snapshot_round_trips(store: SnapshotStore) -> None:
    snapshot = stored(correlation_id="c-1", trace_header=None, note="é", numbers=[1.5, -0.25])
    put(store, snapshot)
    found = store.get(WORLD, "v1")
    assert found is not None
    assert replace(found, document_bytes=0) == snapshot
    assert found.document_bytes > 0


def test_inv_01_existing_version_keeps_its_first_content(store: SnapshotStore) -> None:
    put(store, stored(content_hash="sha256:first"))
    outcome = store.put_once(stored(content_hash="sha256:second", created_at=minutes(1)), minutes(99999))
    assert not outcome.created
    assert outcome.stored.content_hash == "sha256:first"
    found = store.get(WORLD, "v1")
    assert found is not None
    assert found.content_hash == "sha256:first"


def test_inv_02_a_replay_returns_the_first_record(store: SnapshotStore) -> None:
    put(store, stored())
    outcome = store.put_once(stored(created_at=minutes(5)), minutes(99999))
    assert not outcome.created
    assert outcome.stored.created_at == START


def test_get_of_an_unknown_version_returns_none(store: SnapshotStore) -> None:
    put(store, stored())
    assert store.get(WORLD, "v2") is None
    assert store.get("w2", "v1") is None


def test_inv_03_f3_f4_newest_is_by_as_of_then_created_at_then_version(store: SnapshotStore) -> None:
    put(store, stored("b", created_at=minutes(0.1)), stored("a", created_at=minutes(0.1)))
    put(store, stored("c", created_at=minutes(0.2)), stored("z", as_of=minutes(-1), created_at=minutes(0.3)))
    assert versions(store) == ["c", "b", "a", "z"]
    assert versions(store, newest_first=False) == ["z", "a", "b", "c"]


def test_query_returns_no_snapshots_of_other_worlds(store: SnapshotStore) -> None:
    put(store, stored(world_id="w10"), stored("v2", world_id="w"))
    assert versions(store) == []


def test_paging_by_limit_and_after_has_no_gap_or_repetition(store: SnapshotStore) -> None:
    put(store, *series(7, ttl_sec=86_400))
    seen: list[str] = []
    after = None
    while page := store.select(SnapshotQuery(WORLD, minutes(10), limit=3, after=after)):
        seen += [found.version for found in page]
        after = page[-1].order
    assert seen == [f"v{i:03}" for i in reversed(range(7))]


def test_after_cursor_works_in_ascending_order(store: SnapshotStore) -> None:
    rows = series(4, ttl_sec=86_400)
    put(store, *rows)
    assert versions(store, newest_first=False, after=rows[1].order) == ["v002", "v003"]


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_inv_07_expired_snapshots_are_excluded_at_any_position(store: SnapshotStore, limit: int) -> None:
    put(store, stored("old-but-live", as_of=minutes(-60), ttl_sec=86_400))
    put(store, *series(6, ttl_sec=60))
    at = minutes(5.5)
    expected = ["v005", "old-but-live"]
    assert versions(store, at=at, limit=limit) == expected[:limit]
    assert versions(store, at=minutes(30), limit=limit) == ["old-but-live"]
    assert (
        versions(store, at=minutes(30), limit=limit, include_expired=True)
        == [
            "v005",
            "v004",
            "v003",
            "v002",
            "v001",
        ][:limit]
    )


def test_inv_07_snapshot_expires_exactly_at_its_expiry_instant(store: SnapshotStore) -> None:
    put(store, stored(ttl_sec=60))
    assert versions(store, at=minutes(1) - timedelta(microseconds=1)) == ["v1"]
    assert versions(store, at=minutes(1)) == []


def test_stage_and_actor_filters_apply_before_the_limit(store: SnapshotStore) -> None:
    put(store, *series(5, ttl_sec=86_400))
    put(
        store,
        stored("live-1", stage="live", as_of=minutes(-5)),
        stored("ops-1", actor="ops", as_of=minutes(-9)),
    )
    assert versions(store, stage="live", limit=1) == ["live-1"]
    assert versions(store, actor="ops", limit=1) == ["ops-1"]
    assert versions(store, actor="ops", stage="live") == []
    assert versions(store, actor="ops", limit=1, include_expired=True) == ["ops-1"]


def test_from_and_to_are_inclusive(store: SnapshotStore) -> None:
    put(store, *series(5, ttl_sec=86_400))
    assert versions(store, as_of_from=minutes(1), as_of_to=minutes(3)) == ["v003", "v002", "v001"]
    assert versions(store, as_of_from=minutes(3), as_of_to=minutes(1)) == []


def test_inv_08_known_at_hides_snapshots_created_later(store: SnapshotStore) -> None:
    put(store, stored("first", as_of=minutes(0), created_at=minutes(0), ttl_sec=600))
    put(store, stored("backfill", as_of=minutes(-30), created_at=minutes(8), ttl_sec=86_400))
    put(store, stored("late", as_of=minutes(1), created_at=minutes(9), ttl_sec=600))
    assert versions(store, at=minutes(5), known_at=minutes(5)) == ["first"]
    assert versions(store, at=minutes(5), known_at=minutes(5), limit=1) == ["first"]
    assert versions(store, at=minutes(8), known_at=minutes(8)) == ["first", "backfill"]
    assert versions(store, at=minutes(11), known_at=minutes(11)) == ["late", "backfill"]
    assert versions(store, at=minutes(12), known_at=minutes(12), limit=1, as_of_to=minutes(0)) == ["backfill"]


def test_last_expiry_is_the_maximum_of_the_world(store: SnapshotStore) -> None:
    assert store.last_expiry(WORLD) is None
    put(
        store,
        stored("long", ttl_sec=7200),
        stored("short", as_of=minutes(9), created_at=minutes(9), ttl_sec=60),
    )
    assert store.last_expiry(WORLD) == minutes(120)


def test_inv_08_last_expiry_ignores_snapshots_created_after_known_at(store: SnapshotStore) -> None:
    put(store, stored("first", ttl_sec=600), *series(3, ttl_sec=60))
    put(store, stored("later", as_of=minutes(-30), created_at=minutes(9), ttl_sec=86_400))
    assert store.last_expiry(WORLD, START - timedelta(seconds=1)) is None
    assert store.last_expiry(WORLD, minutes(8)) == minutes(10)
    assert store.last_expiry(WORLD, minutes(9)) == minutes(9 + 24 * 60)


def random_numbers() -> list[float]:
    """Return numbers that compression leaves larger than an item."""
    drawn = random.Random(7)
    return [drawn.random() for _ in range(60_000)]


def test_a_body_past_the_item_limit_is_stored_in_the_bucket_and_comes_back_whole(
    store: SnapshotStore,
) -> None:
    numbers = random_numbers()
    put(store, stored(ttl_sec=86_400, numbers=numbers))
    if isinstance(store, DynamoDBSnapshots):
        bodies = store.bodies
        listed = bodies.s3.list_objects_v2(Bucket=bodies.bucket, Prefix=f"{PREFIX}/{WORLD}/")
        assert listed["KeyCount"] >= 1
    found = store.get(WORLD, "v1")
    assert found is not None
    assert found.document["numbers"] == numbers
    assert versions(store) == ["v1"]
