"""The move on the real adapters: its requests, and a crash before and after each of them."""

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
from functions.history.move_snapshots import MoveSnapshots
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from tests.adapters.conftest import create_table
from tests.adapters.test_snapshot_store import random_numbers
from tests.fakes.clock import START
from tests.fakes.history import FAR_FUTURE, Seam
from tests.fakes.samples import WORLD, series, stored
from tests.history.moving import NOW, SETTLE, WINDOW, CrashError, answer_bytes

LARGE = stored("large", as_of=START + timedelta(hours=1), created_at=START, numbers=random_numbers())
YOUNG = stored("young", as_of=NOW - timedelta(days=1), created_at=NOW - timedelta(days=1), ttl_sec=86_400)
EVERYTHING = SnapshotQuery(WORLD, NOW, include_expired=True, limit=50)
# One segment of three snapshots, one of them with its body in the bucket: the requests of the move in order.
REQUESTS = [
    *("GetItem", "Query", "Query", "Query", "GetObject", "PutItem"),  # window and plan
    *("Query", "GetObject", "PutObject", "GetObject", "TransactWriteItems"),  # store, verify, commit
    *("GetObject", "UpdateItem", "UpdateItem", "UpdateItem", "UpdateItem"),  # forget, finish
]


class Interrupted:
    """botocore clients whose n-th request, from now on, ends the process before or after its effect."""

    def __init__(self) -> None:
        self.operations: list[str] = []
        self.stop_at, self.when = 0, "before"

    def watch(self, client: Any) -> Any:
        client.meta.events.register("before-call.*.*", self._before)
        client.meta.events.register("after-call.*.*", self._after)
        return client

    def arm(self, stop_at: int, when: str) -> None:
        self.operations.clear()
        self.stop_at, self.when = stop_at, when

    def _before(self, model: Any, **_: Any) -> None:
        self.operations.append(model.name)
        if self.when == "before":
            self._stop()

    def _after(self, **_: Any) -> None:
        if self.when == "after":
            self._stop()

    def _stop(self) -> None:
        if len(self.operations) == self.stop_at:
            raise CrashError


class Aws:
    def __init__(self) -> None:
        self.wire = Interrupted()
        s3, dynamodb = (self.wire.watch(boto3.client(name)) for name in ("s3", "dynamodb"))
        s3.create_bucket(Bucket="blobs")
        bodies, name = BodyStore(s3, "blobs"), create_table("snapshots")
        self.s3, self.dynamodb = s3, dynamodb
        self.table = DynamoDBHotTable(dynamodb, name, bodies)
        self.index = DynamoDBSegments(dynamodb, create_table("segments"))
        self.objects = S3Segments(s3, "blobs")
        self.seam = Seam(DynamoDBSnapshots(dynamodb, name, bodies), self.table, self.index, self.objects)
        self.seam.clock.now = NOW

    def put(self, *snapshots: SnapshotRecord) -> None:
        for snapshot in snapshots:
            self.seam.whole.put_once(snapshot, FAR_FUTURE)

    def move_all(self) -> int:
        move = MoveSnapshots(self.table, self.index, self.objects, self.seam.clock, WINDOW, SETTLE)
        moved = 0
        while (step := move(WORLD)) is not None:
            moved += step.moved
        return moved

    def answers(self) -> list[bytes]:
        whole = self.seam.whole
        queries = [EVERYTHING, replace(EVERYTHING, newest_first=False, limit=2), SnapshotQuery(WORLD, NOW)]
        versions = ("v000", "v001", "large", "young")
        return [answer_bytes(whole.select(query)) for query in queries] + [
            answer_bytes([whole.get(WORLD, version)]) for version in versions
        ]

    def history_keys(self) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket="blobs", Prefix="risk-history/")
        return [each["Key"] for each in listed.get("Contents", [])]


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mock_aws():
        made = Aws()
        made.put(*series(2), LARGE, YOUNG)
        yield made


def test_a_move_makes_a_fixed_number_of_requests_and_one_more_for_each_snapshot(aws: Aws) -> None:
    before = aws.answers()
    aws.wire.arm(0, "before")
    assert aws.move_all() == 3
    idle = ["GetItem", "Query", "Query"]
    assert aws.wire.operations == [*REQUESTS, *idle]
    assert aws.answers() == before


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("request_number", range(1, len(REQUESTS) + 1))
def test_after_a_crash_at_any_request_answers_are_equal_and_the_next_run_completes_the_move(
    aws: Aws, request_number: int, when: str
) -> None:
    before = aws.answers()
    aws.wire.arm(request_number, when)
    with pytest.raises(CrashError):
        aws.move_all()
    aws.wire.arm(0, when)
    assert aws.answers() == before
    aws.move_all()
    assert aws.answers() == before
    rows = list(aws.index.rows(WORLD, " ", "~", newest_first=True))
    assert [row.count for row in rows] == [3]
    assert aws.history_keys() == [row.key for row in rows]
    assert aws.table.oldest_as_of(WORLD) == YOUNG.as_of
    assert aws.index.plan(WORLD) is None
