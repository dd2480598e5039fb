"""Cost of reads of the hot table and history: requests and bytes, for any length of the history."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.history.adapters.dynamodb_hot_table import DynamoDBHotTable
from functions.history.adapters.dynamodb_segments import DynamoDBSegments
from functions.history.adapters.s3_segments import S3Segments
from functions.history.adapters.segment_item import expiry_order, row_item
from functions.history.segment import SegmentRow
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.domain.ordering import time_order
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from risk_hub_contracts.base.limits import HOT_MIN_SECONDS, SEGMENT_MAX_COUNT
from tests.adapters.conftest import create_table
from tests.adapters.counting import Requests
from tests.fakes.clock import START
from tests.fakes.history import FAR_FUTURE, Seam
from tests.fakes.samples import WORLD, series, stored

TEN_MILLION_VERSIONS_ROWS = 10_000_000 // SEGMENT_MAX_COUNT
BATCH_ITEMS = 25


class Counted:
    def __init__(self) -> None:
        self.requests = Requests()
        s3 = self.requests.watch(boto3.client("s3"))
        s3.create_bucket(Bucket="blobs")
        self.dynamodb = self.requests.watch(boto3.client("dynamodb"))
        bodies, name = BodyStore(s3, "blobs"), create_table("snapshots")
        self.seam = Seam(
            DynamoDBSnapshots(self.dynamodb, name, bodies),
            DynamoDBHotTable(self.dynamodb, name, bodies),
            DynamoDBSegments(self.dynamodb, create_table("segments")),
            S3Segments(s3, "blobs"),
        )
        self.seam.clock.now = START + timedelta(hours=3)

    def put(self, *snapshots: SnapshotRecord) -> list[SnapshotRecord]:
        return [self.seam.hot.put_once(each, FAR_FUTURE).stored for each in snapshots]

    def ask(self, **query: Any) -> tuple[list[str], list[str], int]:
        """Return the versions found, the requests and the bytes of their answers."""
        asked = SnapshotQuery(**{"world_id": WORLD, "at": self.seam.clock(), **query})
        self.requests.clear()
        found = [each.version for each in self.seam.whole.select(asked)]
        return found, list(self.requests.operations), self.requests.response_bytes

    def lengthen(self, first: SegmentRow, rows: int) -> None:
        """Add rows of full segments on earlier days, one a day; their objects are never read."""
        for start in range(0, rows, BATCH_ITEMS):
            made = [earlier(first, days) for days in range(start + 1, start + BATCH_ITEMS + 1)]
            for key in (lambda row: row.segment_order, expiry_order):
                puts: list[Any] = [{"PutRequest": {"Item": row_item(row, key(row))}} for row in made]
                self.dynamodb.batch_write_item(RequestItems={"segments": puts})


def earlier(row: SegmentRow, days: int) -> SegmentRow:
    """Return the row of a full segment that ended some days earlier."""
    ago = timedelta(days=days)
    start, end = (time_order(at, at, "v") for at in (START - ago - timedelta(hours=9), START - ago))
    return replace(
        row,
        segment_id=f"{days}",
        first_order=start,
        last_order=end,
        count=SEGMENT_MAX_COUNT,
        least_created_at=row.least_created_at - ago,
        greatest_created_at=row.greatest_created_at - ago,
        greatest_expires_at=row.greatest_expires_at - ago,
    )


@pytest.fixture
def counted() -> Iterator[Counted]:
    with mock_aws():
        yield Counted()


def test_latest_and_a_short_list_of_a_fresh_world_are_one_request(counted: Counted) -> None:
    counted.put(*series(30, ttl_sec=86_400))
    counted.seam.clock.now = START + timedelta(minutes=30)
    assert counted.ask()[1] == ["Query"]
    assert counted.ask(limit=15)[1] == ["Query"]
    assert counted.ask(as_of_from=START + timedelta(minutes=16), newest_first=False, limit=99)[1] == ["Query"]


@pytest.mark.parametrize(("seconds", "requests"), [(0, 1), (HOT_MIN_SECONDS, 1), (HOT_MIN_SECONDS + 1, 2)])
def test_a_snapshot_older_than_the_shortest_window_costs_one_more_query(
    counted: Counted, seconds: int, requests: int
) -> None:
    counted.put(stored("old", ttl_sec=86_400))
    counted.seam.clock.now = START + timedelta(seconds=seconds)
    assert counted.ask() == (["old"], ["Query"] * requests, counted.requests.response_bytes)


def test_a_write_makes_one_request_and_a_replay_of_a_moved_version_one_more(counted: Counted) -> None:
    (kept,) = counted.put(stored())
    counted.seam.move(kept)
    counted.requests.clear()
    counted.seam.whole.put_once(stored("v2"), FAR_FUTURE)
    assert counted.requests.operations == ["PutItem"]
    counted.requests.clear()
    assert not counted.seam.whole.put_once(stored(), FAR_FUTURE).created
    assert counted.requests.operations == ["PutItem", "GetObject"]


def test_a_lookup_by_version_costs_one_request_and_one_more_in_history(counted: Counted) -> None:
    kept = counted.put(*series(3))
    counted.seam.move(*kept[:2])
    for version, operations in (
        ("v000", ["GetItem", "GetObject"]),
        ("v002", ["GetItem"]),
        ("x", ["GetItem"]),
    ):
        counted.requests.clear()
        counted.seam.whole.get(WORLD, version)
        assert counted.requests.operations == operations


def test_a_read_in_history_costs_two_queries_and_one_get_for_each_visited_segment(counted: Counted) -> None:
    kept = counted.put(*series(12, ttl_sec=60))
    for start in range(0, 10, 2):
        counted.seam.move(*kept[start : start + 2])
    past = {"include_expired": True, "as_of_to": kept[5].as_of}
    assert counted.ask(**past, limit=1)[:2] == (["v005"], ["Query", "Query", "GetObject"])
    assert counted.ask(**past, limit=2)[:2] == (["v005", "v004"], ["Query", "Query", "GetObject"])
    found, operations, _ = counted.ask(**past, limit=3)
    assert (found, operations) == (["v005", "v004", "v003"], ["Query", "Query", "GetObject", "GetObject"])
    rising = counted.ask(include_expired=True, newest_first=False, limit=2)
    assert rising[:2] == (["v000", "v001"], ["Query", "Query", "GetObject"])


def test_a_world_of_expired_snapshots_costs_one_request_more_than_without_history(counted: Counted) -> None:
    kept = counted.put(*series(6, ttl_sec=60))
    counted.seam.move(*kept[:3])
    assert counted.ask()[:2] == ([], ["Query", "Query", "Query"])


def readings(counted: Counted) -> list[tuple[list[str], list[str], int]]:
    past = {"include_expired": True, "as_of_to": START + timedelta(minutes=16)}
    return [
        counted.ask(),
        counted.ask(**past),
        counted.ask(**past, limit=5),
        counted.ask(**past, stage="paper", limit=2),
        counted.ask(as_of_to=START + timedelta(minutes=6), at=START + timedelta(minutes=6, seconds=30)),
        counted.ask(at=START + timedelta(minutes=4), known_at=START + timedelta(minutes=4), limit=3),
        counted.ask(
            include_expired=True, newest_first=False, as_of_from=START + timedelta(minutes=2), limit=3
        ),
    ]


def test_reads_cost_the_same_requests_and_bytes_for_twenty_versions_and_for_ten_million(
    counted: Counted,
) -> None:
    kept = counted.put(*series(20, ttl_sec=60))
    rows = [counted.seam.move(*kept[start : start + 2]) for start in range(0, 20, 2)]
    short = readings(counted)
    assert [len(found) for found, _, _ in short] == [0, 1, 5, 2, 1, 1, 3]
    counted.lengthen(rows[0], TEN_MILLION_VERSIONS_ROWS)
    assert readings(counted) == short
