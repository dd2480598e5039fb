"""`queues redrive event-relay-failures`: read the table, announce again, and only then delete (F10)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from functions.announcing.sqs_failure_queue import SQSFailureQueue
from functions.evaluation.derived_record import DerivedRecord
from functions.evaluation.store import dynamodb_reports
from functions.hub.adapters import snapshot_item
from risk_hub_contracts.reports.exit_signal import ExitSignal
from risk_hub_contracts.reports.risk import RiskReport
from tests.adapters.conftest import create_table
from tests.fakes.clients import as_client
from tests.fakes.clock import START
from tests.fakes.samples import series
from tests.operate.conftest import Run, Stage, page
from tools.event_samples.emitted import emitted, evaluation_record, stream_record

FAILURES = "event-relay-failures"
SAMPLES = emitted()
RISK = DerivedRecord(RiskReport.model_validate(SAMPLES["samples/risk_evaluated.json"]["data"]))
EXIT = DerivedRecord(ExitSignal.model_validate(SAMPLES["samples/exit_signal_emitted.json"]["data"]))
RETENTION = timedelta(days=30)


def isolate(stage: Stage, *records: dict[str, Any]) -> None:
    """Send records to the failure queue as the relay does."""
    queue = SQSFailureQueue(as_client(stage.sqs), stage.url(FAILURES))
    for record in records:
        queue.isolate(record, "ValueError: damaged")


def given_up(table: str, first: datetime, last: datetime) -> str:
    """Return Lambda's message to an on-failure destination: a batch's stream position, without its keys."""
    batch = {
        "shardId": "shardId-1",
        "startSequenceNumber": "1",
        "endSequenceNumber": "9",
        "approximateArrivalOfFirstRecord": first.isoformat().replace("+00:00", "Z"),
        "approximateArrivalOfLastRecord": last.isoformat().replace("+00:00", "Z"),
        "batchSize": 3,
        "streamArn": f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}/stream/2026-01-05T00:00:00.000",
    }
    return json.dumps({"version": "1.0", "requestContext": {}, "DDBStreamBatchInfo": batch})


def test_isolated_records_are_announced_again_by_key_and_deleted(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = series(2)
    isolate(stage, stream_record(first), stream_record(second), evaluation_record(RISK))
    assert run("queues", "redrive", FAILURES) == 0
    assert sorted(map(str, stage.relay.requests)) == sorted(
        map(
            str,
            [
                {"world_id": "w1", "versions": ["v000"]},
                {"world_id": "w1", "versions": ["v001"]},
                {"world_id": RISK.report.world_id, "evaluations": [RISK.evaluation_id]},
            ],
        )
    )
    assert stage.held(FAILURES) == []
    assert "Announced 3 records again; 3 messages" in capsys.readouterr().out


def test_f10_batch_from_an_expired_stream_is_announced_from_the_table(stage: Stage, run: Run) -> None:
    table, dynamodb = create_table("snapshots"), boto3.client("dynamodb")
    for snapshot in series(12):
        body, size = snapshot_item.compress(snapshot.document)
        item = snapshot_item.to_item(snapshot.sized(size), {"body": {"B": body}}, START + RETENTION)
        dynamodb.put_item(TableName=table, Item=item)
    dynamodb.put_item(TableName=table, Item={"world_id": {"S": "w1"}, "version": {"S": "no snapshot"}})
    arrived = (START + timedelta(minutes=each) for each in (4, 6))
    stage.send(FAILURES, given_up(table, *arrived))
    assert run("queues", "redrive", FAILURES) == 0
    (request,) = stage.relay.requests
    assert request == {"world_id": "w1", "versions": ["v003", "v004", "v005", "v006", "v007"]}
    assert stage.held(FAILURES) == []


def test_f10_batch_of_reports_and_signals_is_announced_from_the_table(stage: Stage, run: Run) -> None:
    table, dynamodb = create_table("evaluations"), boto3.client("dynamodb")
    for evaluation in (RISK, EXIT):
        item = dynamodb_reports.to_item(evaluation, START + RETENTION)
        dynamodb.put_item(TableName=table, Item=item)
    at = datetime.fromisoformat(EXIT.report.emitted_at).astimezone(UTC)
    stage.send(FAILURES, given_up(table, at, at))
    assert run("queues", "redrive", FAILURES) == 0
    requested = {each for request in stage.relay.requests for each in request["evaluations"]}
    assert EXIT.evaluation_id in requested


def test_relay_failure_redrive_splits_requests_by_the_rate(stage: Stage, run: Run) -> None:
    table, dynamodb = create_table("snapshots"), boto3.client("dynamodb")
    for snapshot in series(5, step=timedelta(seconds=1)):
        body, size = snapshot_item.compress(snapshot.document)
        item = snapshot_item.to_item(snapshot.sized(size), {"body": {"B": body}}, START + RETENTION)
        dynamodb.put_item(TableName=table, Item=item)
    stage.send(FAILURES, given_up(table, START, START))
    assert run("queues", "redrive", FAILURES, "--rate", "2") == 0
    assert [len(request["versions"]) for request in stage.relay.requests] == [2, 2, 1]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (page(0, missing=["v1"]), "v1 of world w1 is no longer in the table"),
        (page(0, unreadable=["v1"]), "the item under v1 of world w1 is not a record"),
    ],
)
def test_message_that_cannot_be_announced_stays_in_the_failure_queue(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str], answer: dict[str, Any], reason: str
) -> None:
    stage.relay.answers = [answer]
    isolate(stage, stream_record(series(1)[0]))
    assert run("queues", "redrive", FAILURES) == 1
    assert reason in capsys.readouterr().err
    assert len(stage.held(FAILURES)) == 1


@pytest.mark.parametrize(
    "body", ["no JSON", "{}", '{"keys": null}', '{"keys": {"world_id": {"S": "w1"}}}', "[]"]
)
def test_message_without_record_keys_stays_in_the_queue_with_an_error(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str], body: str
) -> None:
    stage.send(FAILURES, body)
    assert run("queues", "redrive", FAILURES) == 1
    assert "it does not name a record" in capsys.readouterr().err
    assert (stage.held(FAILURES), stage.relay.requests) == ([body], [])


def test_relay_error_during_redrive_deletes_no_message(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.relay.answers = [{"errorMessage": "the event bus is unavailable"}]
    isolate(stage, stream_record(series(1)[0]))
    assert run("queues", "redrive", FAILURES) == 1
    assert "the event bus is unavailable" in capsys.readouterr().err
    attributes = stage.sqs.get_queue_attributes(QueueUrl=stage.url(FAILURES), AttributeNames=["All"])[
        "Attributes"
    ]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_relay_failure_redrive_dry_run_announces_nothing(
    stage: Stage, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    isolate(stage, stream_record(series(1)[0]))
    assert run("queues", "redrive", FAILURES, "--dry-run") == 0
    assert "Would announce the records of 1 message " in capsys.readouterr().out
    assert (len(stage.held(FAILURES)), stage.relay.requests) == (1, [])
