"""One suite for every store of segments: the in-memory one, and the ones on S3 and DynamoDB."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from functions.history.adapters.dynamodb_segments import DynamoDBSegments
from functions.history.adapters.s3_segments import S3Segments
from functions.history.ports import SegmentIndex, SegmentObjectError, SegmentObjects
from functions.history.segment import SegmentRow, compress_lines, encode_line, segment_row
from functions.hub.domain.ordering import AFTER_ALL, BEFORE_ALL
from functions.hub.domain.snapshot_record import SnapshotRecord
from tests.adapters.conftest import create_table
from tests.fakes.clock import START
from tests.fakes.history import MemorySegments, plan_of
from tests.fakes.samples import WORLD, stored

KEEP = START + timedelta(days=30)


@dataclass
class Stores:
    index: SegmentIndex
    objects: SegmentObjects


@pytest.fixture(params=["memory", "aws"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "memory":
        memory = MemorySegments()
        yield Stores(memory, memory)
        return
    with mock_aws():
        yield Stores(dynamodb_segments(), s3_segments())


def dynamodb_segments() -> DynamoDBSegments:
    return DynamoDBSegments(boto3.client("dynamodb"), create_table("segments"))


def s3_segments() -> S3Segments:
    client = boto3.client("s3")
    client.create_bucket(Bucket="history")
    return S3Segments(client, "history")


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


def snapshot(minute: float, **fields: object) -> SnapshotRecord:
    fields = {"created_at": minutes(minute), **fields}
    return stored(f"v{minute:06}", as_of=minutes(minute), **fields)  # type: ignore[arg-type]


def row(*snapshots: SnapshotRecord) -> SegmentRow:
    return segment_row(snapshots, compress_lines(map(encode_line, snapshots)), KEEP)


def commit(index: SegmentIndex, *rows: SegmentRow) -> None:
    for each in rows:
        assert index.begin(plan_of(each))
        assert index.commit(plan_of(each), each)
        index.finish(plan_of(each))


def put(objects: SegmentObjects, key: str, data: bytes) -> None:
    objects.put_once(key, data, hashlib.sha256(data).hexdigest())


def test_an_object_is_stored_once_and_comes_back_whole(stores: Stores) -> None:
    put(stores.objects, "risk-history/a", b"first")
    put(stores.objects, "risk-history/a", b"second")
    assert stores.objects.get("risk-history/a") == b"first"


def test_get_of_an_unknown_object_says_that_it_is_missing(stores: Stores) -> None:
    with pytest.raises(SegmentObjectError, match="is missing") as found:
        stores.objects.get("risk-history/a")
    assert found.value.missing


def test_a_committed_row_comes_back_equal(stores: Stores) -> None:
    made = row(snapshot(1, stage="live"), snapshot(2))
    commit(stores.index, made)
    assert stores.index.row(WORLD, made.segment_order) == made
    assert list(stores.index.rows(WORLD, BEFORE_ALL, AFTER_ALL, newest_first=True)) == [made]
    assert list(stores.index.rows_by_expiry(WORLD, None, None)) == [made]


def test_a_plan_comes_back_equal_and_a_world_has_one(stores: Stores) -> None:
    first, second = plan_of(row(snapshot(1))), plan_of(row(snapshot(2)))
    assert stores.index.plan(WORLD) is None
    assert stores.index.begin(first)
    assert not stores.index.begin(second)
    assert stores.index.plan(WORLD) == first
    assert stores.index.plan("w2") is None


def test_commit_advances_the_plan_and_does_so_once(stores: Stores) -> None:
    made = row(snapshot(1))
    assert stores.index.begin(plan_of(made))
    assert stores.index.commit(plan_of(made), made)
    assert stores.index.plan(WORLD) == replace(plan_of(made), step="stored")
    assert not stores.index.commit(plan_of(made), made)


def test_commit_without_the_plan_of_the_world_stores_no_row(stores: Stores) -> None:
    made, other = row(snapshot(1)), row(snapshot(2))
    assert not stores.index.commit(plan_of(made), made)
    assert stores.index.begin(plan_of(other))
    assert not stores.index.commit(plan_of(made), made)
    assert stores.index.row(WORLD, made.segment_order) is None
    assert list(stores.index.rows_by_expiry(WORLD, None, None)) == []


def test_finish_ends_only_the_plan_that_it_names_and_the_next_one_can_begin(stores: Stores) -> None:
    made, other = row(snapshot(1)), row(snapshot(2))
    assert stores.index.begin(plan_of(made))
    stores.index.finish(plan_of(other))
    assert stores.index.plan(WORLD) == plan_of(made)
    stores.index.finish(plan_of(made))
    stores.index.finish(plan_of(made))
    assert stores.index.plan(WORLD) is None
    assert stores.index.begin(plan_of(other))
    assert stores.index.plan(WORLD) == plan_of(other)


def test_a_plan_is_never_listed_as_a_row(stores: Stores) -> None:
    assert stores.index.begin(plan_of(row(snapshot(1))))
    assert list(stores.index.rows(WORLD, BEFORE_ALL, AFTER_ALL, newest_first=False)) == []
    assert list(stores.index.rows_by_expiry(WORLD, None, None)) == []


def test_rows_are_ordered_by_their_last_snapshot_in_both_directions(stores: Stores) -> None:
    wide, inner, next_day = row(snapshot(1), snapshot(9)), row(snapshot(3)), row(snapshot(24 * 60))
    commit(stores.index, wide, next_day, inner)
    index = stores.index
    assert list(index.rows(WORLD, BEFORE_ALL, AFTER_ALL, newest_first=True)) == [next_day, wide, inner]
    assert list(index.rows(WORLD, BEFORE_ALL, AFTER_ALL, newest_first=False)) == [inner, wide, next_day]
    assert list(index.rows("w2", BEFORE_ALL, AFTER_ALL, newest_first=False)) == []


def test_rows_whose_last_versions_begin_alike_are_in_time_order(stores: Stores) -> None:
    names = ("v1", "v1-a", "v1.a")
    rows = [row(stored(name)) for name in names]
    commit(stores.index, *rows)
    assert list(stores.index.rows(WORLD, BEFORE_ALL, AFTER_ALL, newest_first=False)) == rows


@pytest.mark.parametrize(
    ("lower", "upper", "found"),
    [(0, 2, 1), (4, 4, 1), (10, 10, 0), (9, 30, 2), (9.5, 19.5, 0), (20, 24 * 60 - 1, 1), (30, 31, 0)],
)
def test_rows_between_bounds_are_those_whose_range_intersects(
    stores: Stores, lower: float, upper: float, found: int
) -> None:
    commit(stores.index, row(snapshot(1), snapshot(9)), row(snapshot(20), snapshot(22)))
    for newest_first in (True, False):
        rows = stores.index.rows(
            WORLD, snapshot(lower).order, snapshot(upper).order, newest_first=newest_first
        )
        assert len(list(rows)) == found


def test_rows_by_expiry_are_bounded_after_exclusive_and_until_inclusive(stores: Stores) -> None:
    rows = [row(snapshot(minute, ttl_sec=60)) for minute in (3, 1, 2)]
    commit(stores.index, *rows)

    def found(after: float | None, until: float | None) -> list[datetime]:
        bounds = [None if each is None else minutes(each) for each in (after, until)]
        return [each.greatest_expires_at for each in stores.index.rows_by_expiry(WORLD, *bounds)]

    assert found(None, None) == [minutes(4), minutes(3), minutes(2)]
    assert found(2, None) == [minutes(4), minutes(3)]
    assert found(2, 3) == [minutes(3)]
    assert found(None, 2) == [minutes(2)]
    assert found(4, 3) == []


def test_many_rows_are_read_page_by_page_without_gap(stores: Stores) -> None:
    rows = [row(snapshot(minute)) for minute in range(45)]
    commit(stores.index, *rows)
    assert list(stores.index.rows(WORLD, BEFORE_ALL, AFTER_ALL, newest_first=False)) == rows
    assert list(stores.index.rows(WORLD, BEFORE_ALL, AFTER_ALL, newest_first=True)) == rows[::-1]


def test_rows_between_bounds_in_the_wrong_order_are_none(stores: Stores) -> None:
    later, earlier = "2026-01-02T00:00:00.000000Z|", "2026-01-01T00:00:00.000000Z|"
    assert list(stores.index.rows("w1", later, earlier, newest_first=False)) == []
