"""Conditional puts whose refusal lacks the existing item, as with some DynamoDB emulators."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.evaluation.input_note import InputNote
from functions.evaluation.store.dynamodb_input_notes import DynamoDBInputNotes
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.ports import DependencyUnavailableError
from tests.adapters.conftest import create_table
from tests.adapters.counting import Requests
from tests.fakes.clients import as_client
from tests.fakes.clock import START
from tests.fakes.samples import WORLD, stored

UNTIL = START + timedelta(days=30)


@dataclass
class WithoutItems:
    """DynamoDB that ignores `ReturnValuesOnConditionCheckFailure`.

    Attributes:
        removes_items: whether the item is removed after it has refused the put, as an expired one may be.
    """

    dynamodb: Any
    removes_items: bool = False

    def put_item(self, ReturnValuesOnConditionCheckFailure: str, **request: Any) -> Any:  # noqa: N803
        assert ReturnValuesOnConditionCheckFailure == "ALL_OLD"
        try:
            return self.dynamodb.put_item(**request)
        except self.dynamodb.exceptions.ConditionalCheckFailedException as error:
            error.response.pop("Item", None)
            if self.removes_items:
                key = {name: request["Item"][name] for name in ("world_id", "version")}
                self.dynamodb.delete_item(TableName=request["TableName"], Key=key)
            raise

    def __getattr__(self, operation: str) -> Any:
        return getattr(self.dynamodb, operation)


@pytest.fixture
def requests() -> Iterator[Requests]:
    with mock_aws():
        yield Requests()


def snapshots(requests: Requests, *, removes_items: bool = False) -> DynamoDBSnapshots:
    boto3.client("s3").create_bucket(Bucket="blobs")
    dynamodb = WithoutItems(requests.watch(boto3.client("dynamodb")), removes_items)
    return DynamoDBSnapshots(
        as_client(dynamodb), create_table("snapshots"), BodyStore(boto3.client("s3"), "blobs")
    )


def test_failed_conditional_put_without_the_item_reads_it_from_the_table(requests: Requests) -> None:
    store = snapshots(requests)
    first = stored(note="first")
    other = replace(first, content_hash="sha256:" + "f" * 64)
    assert store.put_once(first, UNTIL).created
    requests.clear()
    outcome = store.put_once(other, UNTIL)
    assert not outcome.created
    assert outcome.stored.content_hash == first.content_hash
    assert requests.operations == ["PutItem", "GetItem"]


def test_item_removed_after_a_failed_conditional_put_raises_unavailable_error(requests: Requests) -> None:
    store = snapshots(requests, removes_items=True)
    assert store.put_once(stored(), UNTIL).created
    with pytest.raises(DependencyUnavailableError, match="removed meanwhile"):
        store.put_once(stored(), UNTIL)
    assert store.get(WORLD, "v1") is None


def test_failed_input_note_put_returns_the_stored_note(requests: Requests) -> None:
    dynamodb = WithoutItems(requests.watch(boto3.client("dynamodb")))
    notes = DynamoDBInputNotes(as_client(dynamodb), create_table("evaluations"))
    first, second = InputNote("2026-01-05T12:00:00.000000Z"), InputNote("2026-01-06T12:00:00.000000Z")
    assert notes.put_once(WORLD, "seen/1", first, UNTIL) == first
    assert notes.put_once(WORLD, "seen/1", second, UNTIL) == first
