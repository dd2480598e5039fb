"""The size of a world's items in DynamoDB: requested with each put of a snapshot, and named where a world is full."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.evaluation.exit_state import ExitState
from functions.evaluation.input_note import InputNote
from functions.evaluation.store.dynamodb_exit_journal import DynamoDBExitJournal
from functions.evaluation.store.dynamodb_input_notes import DynamoDBInputNotes
from functions.evaluation.store.dynamodb_reports import DynamoDBReports
from functions.hub.adapters import aws as hub_aws
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_blob_marks import DynamoDBBlobMarks
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds
from functions.hub.ports import Dependency, SnapshotStore, WorldFullError
from tests.adapters.conftest import create_table, declared_tables
from tests.adapters.test_exit_journal import after, record
from tests.fakes.clients import as_client
from tests.fakes.clock import START
from tests.fakes.samples import WORLD, stored
from tests.fakes.stores import MemorySnapshots

UNTIL = START + timedelta(days=30)
CODE = "ItemCollectionSizeLimitExceededException"
BAD_REQUEST = 400


class ErrorBody:
    """The body of DynamoDB's error, in the form that botocore reads."""

    def stream(self, **_: Any) -> list[bytes]:
        return [json.dumps({"__type": CODE, "message": "Item collection size limit exceeded"}).encode()]


def full_answer(url: str) -> AWSResponse:
    headers = HTTPHeaders()
    headers["content-type"] = "application/x-amz-json-1.0"
    return AWSResponse(url, BAD_REQUEST, headers, ErrorBody())


class Table:
    """DynamoDB with item collections of the size that a test sets; moto has no such size.

    Attributes:
        estimate: the range that the answer to a put has if the request asks for it; None for an answer without it.
        is_full: whether each put and update is refused, as in a full item collection.
        writes: the bodies of the puts and updates.
    """

    def __init__(self) -> None:
        self.estimate: list[float] | None = None
        self.is_full = False
        self.writes: list[dict[str, Any]] = []
        # Any: the type stubs declare hooks without a result, but a result takes the place of the request.
        self.client = as_client(boto3.client("dynamodb", config=hub_aws.CONFIG))
        for operation in ("PutItem", "UpdateItem"):
            self.client.meta.events.register(f"before-call.dynamodb.{operation}", self._before_write)
        self.client.meta.events.register("after-call.dynamodb.PutItem", self._after_put)

    def _before_write(self, params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        self.writes.append(json.loads(params["body"]))
        if not self.is_full:
            return None
        error = {"Error": {"Code": CODE}, "ResponseMetadata": {"HTTPStatusCode": BAD_REQUEST}}
        return full_answer(params["url"]), error

    def _after_put(self, parsed: dict[str, Any], **_: Any) -> None:
        asked = self.writes[-1].get("ReturnItemCollectionMetrics") == "SIZE"
        if asked and self.estimate is not None:
            key = {"world_id": {"S": WORLD}}
            parsed["ItemCollectionMetrics"] = {
                "ItemCollectionKey": key,
                "SizeEstimateRangeGB": self.estimate,
            }


@pytest.fixture
def table() -> Iterator[Table]:
    with mock_aws():
        yield Table()


@pytest.fixture
def snapshots(table: Table) -> DynamoDBSnapshots:
    boto3.client("s3").create_bucket(Bucket="blobs")
    bodies = BodyStore(boto3.client("s3"), "blobs")
    return DynamoDBSnapshots(table.client, create_table("snapshots"), bodies)


def memory() -> MemorySnapshots:
    store = MemorySnapshots()
    store.full_worlds.add(WORLD)
    return store


@pytest.mark.parametrize(
    ("estimate", "gigabytes"),
    [([0.0, 1.0], 1.0), ([1.0, 2.0], 2.0), ([9, 10], 10.0), ([], None), (None, None)],
)
def test_put_of_a_snapshot_returns_the_upper_bound_of_the_worlds_size(
    table: Table, snapshots: DynamoDBSnapshots, estimate: list[float] | None, gigabytes: float | None
) -> None:
    table.estimate = estimate
    outcome = snapshots.put_once(stored(), UNTIL)
    assert (outcome.created, outcome.world_gigabytes) == (True, gigabytes)
    assert [write["ReturnItemCollectionMetrics"] for write in table.writes] == ["SIZE"]


def test_put_of_a_stored_version_returns_no_size(table: Table, snapshots: DynamoDBSnapshots) -> None:
    table.estimate = [1.0, 2.0]
    snapshots.put_once(stored(), UNTIL)
    assert snapshots.put_once(stored(content_hash="sha256:other"), UNTIL).world_gigabytes is None


def test_only_the_table_of_snapshots_has_a_local_index_and_so_a_size_limit() -> None:
    limited = [name for name, table in declared_tables().items() if "LocalSecondaryIndexes" in table]
    assert limited == ["snapshots"]


@pytest.mark.parametrize("kind", ["memory", "dynamodb"])
def test_put_into_a_full_world_raises_world_full_error_and_stores_nothing(
    table: Table, snapshots: DynamoDBSnapshots, kind: str
) -> None:
    table.is_full = True
    store: SnapshotStore = memory() if kind == "memory" else snapshots
    with pytest.raises(WorldFullError, match="world 'w1' is full: the snapshot store") as caught:
        store.put_once(stored(), UNTIL)
    assert (caught.value.world_id, caught.value.dependency) == (WORLD, Dependency.SNAPSHOT_STORE)
    assert store.get(WORLD, "v1") is None


def test_error_of_a_full_world_is_not_retried(table: Table, snapshots: DynamoDBSnapshots) -> None:
    sent: list[str] = []

    def before_send(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.url)
        return full_answer(request.url)

    table.client.meta.events.register_first("before-send.dynamodb.PutItem", before_send)
    with pytest.raises(WorldFullError):
        snapshots.put_once(stored(), UNTIL)
    assert len(sent) == 1


Write = Callable[[Any, str], object]
OTHER_WRITES: dict[str, tuple[str, Write]] = {
    "a report": ("evaluations", lambda client, name: DynamoDBReports(client, name).put_once(record(), UNTIL)),
    "an exit state": (
        "evaluations",
        lambda client, name: DynamoDBExitJournal(client, name).commit(after(ExitState()), [], UNTIL),
    ),
    "an input note": (
        "evaluations",
        lambda client, name: DynamoDBInputNotes(client, name).put_once(
            WORLD, "seen/1", InputNote("2026-01-05T12:00:00.000000Z"), UNTIL
        ),
    ),
    "a deletion lease": (
        "marks",
        lambda client, name: DynamoDBBlobMarks(client, name).lease(WORLD, "a" * 64, "me", START, UNTIL),
    ),
    "a head": ("worlds", lambda client, name: DynamoDBWorlds(client, name).advance_head(stored())),
}


@pytest.mark.parametrize("what", OTHER_WRITES)
def test_every_conditional_write_names_the_world_that_is_full(table: Table, what: str) -> None:
    purpose, write = OTHER_WRITES[what]
    name = create_table(purpose)
    table.is_full = True
    with pytest.raises(WorldFullError, match=r"is full: the .*store") as caught:
        write(table.client, name)
    assert caught.value.world_id in {WORLD, record().report.world_id}


def test_transaction_that_a_full_world_cancels_raises_world_full_error(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def canceled(**_: Any) -> None:
        response: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": "None"}, {"Code": "ItemCollectionSizeLimitExceeded"}],
        }
        raise ClientError(response, "TransactWriteItems")

    journal = DynamoDBExitJournal(table.client, create_table("evaluations"))
    monkeypatch.setattr(table.client, "transact_write_items", canceled)
    with pytest.raises(WorldFullError):
        journal.commit(after(ExitState(), record()), [record()], UNTIL)
