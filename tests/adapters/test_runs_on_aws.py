"""Runs and anchors on the real adapters: their requests, and a crash before and after each of them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import boto3
import pytest
from moto import mock_aws

from functions.evaluation.runs.adapters.dynamodb_runs import DynamoDBRuns
from functions.evaluation.runs.adapters.s3_anchors import S3Anchors
from functions.evaluation.runs.anchor_runs import ANCHOR_SETTLE, AnchorRuns
from functions.evaluation.runs.append_item import AppendItem, ItemDraft
from functions.evaluation.runs.create_runs import CreateRuns
from functions.evaluation.runs.verify_runs import VerifyRuns
from risk_hub_contracts.runs.anchor import following_hour, hour_of, hour_start
from tests.adapters.conftest import create_table
from tests.adapters.test_move_on_aws import Interrupted
from tests.fakes.anchored_runs import REQUEST
from tests.fakes.clock import START, FrozenClock
from tests.fakes.runs import draft, run_key, validation
from tests.history.moving import CrashError

KEY = run_key()
REQUESTS = [
    "TransactWriteItems",  # create
    *("Query", "TransactWriteItems") * 2,  # append twice
    *("ListObjectVersions", "ListObjectVersions"),  # find the newest anchor
    *("PutObject", "ListObjectVersions", "GetObject"),  # store the hour of the first anchor, and read it
    # The first anchor: every item, leaves, anchor, and the stored version of the anchor.
    *("Scan", "PutObject", "PutObject", "ListObjectVersions", "GetObject"),
]


class Aws:
    """One run on moto, its anchors, and a process that creates it, appends to it and anchors it."""

    def __init__(self) -> None:
        self.wire = Interrupted()
        s3, dynamodb = (self.wire.watch(boto3.client(name)) for name in ("s3", "dynamodb"))
        s3.create_bucket(Bucket="anchors", ObjectLockEnabledForBucket=True)
        self.clock = FrozenClock()
        self.runs = DynamoDBRuns(dynamodb, create_table("evaluation_runs"))
        self.anchors = S3Anchors(s3, "anchors", timedelta(days=36_500), self.clock)

    def work(self) -> None:
        """Do everything; a repetition at the same times changes nothing."""
        self.clock.now = START
        CreateRuns(self.runs, self.clock)([draft(KEY)])
        append = AppendItem(self.runs, self.clock)
        append(ItemDraft(KEY, "o1", "anna", REQUEST))
        append(ItemDraft(KEY, "e1", "worker", validation("cohort", "fail")))
        self.clock.now = hour_start(following_hour(hour_of(START))) + ANCHOR_SETTLE
        AnchorRuns(self.runs, self.anchors, self.clock)()

    def require_whole(self) -> None:
        found = VerifyRuns(self.runs, self.anchors, self.clock)()
        assert (found.runs, found.items, found.anchors, found.broken) == (1, 3, 1, ())
        assert [leaf.hour for leaf in self.anchors.anchors()] == [hour_of(START)]


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mock_aws():
        yield Aws()


def test_the_requests_of_a_run_and_of_its_anchor(aws: Aws) -> None:
    aws.wire.arm(0, "before")
    aws.work()
    assert aws.wire.operations == REQUESTS
    aws.require_whole()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("stop_at", range(1, len(REQUESTS) + 1))
def test_a_lost_answer_at_any_request_is_repaired_by_repeating_it(
    aws: Aws, stop_at: int, when: Literal["before", "after"]
) -> None:
    aws.wire.arm(stop_at, when)
    with pytest.raises(CrashError):
        aws.work()
    aws.wire.arm(0, when)
    aws.work()
    aws.require_whole()
