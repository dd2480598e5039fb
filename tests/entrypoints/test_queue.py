"""The queue entry point: partial batch replies, and the health metrics of one batch."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from events.envelope import CloudEvent
from functions.entrypoints.queue import queue_worker
from functions.evaluation.worker_steps import Outcome
from functions.hub.ports import BlobError
from functions.telemetry.health import ReportTally
from risk_hub_contracts.base.limits import QUEUE_RECEIVES_MAX_COUNT
from risk_hub_contracts.blob.refs import BlobRef
from tests.fakes.clock import START, FrozenClock
from tools.event_samples.emitted import queue_message

NAMESPACE = "RiskSignalHub"
STAGES = frozenset({"paper", "live"})


@pytest.fixture(autouse=True)
def _deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "stress_engine")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE)


@pytest.fixture
def sample(pytestconfig: pytest.Config) -> CloudEvent:
    path = pytestconfig.rootpath / "events" / "samples" / "risk_snapshot_updated.json"
    return CloudEvent.model_validate_json(path.read_text(encoding="utf-8"))


def batch(sample: CloudEvent, *receives: int) -> dict[str, Any]:
    """Return an invocation with one message for each receive count; ids are the messages' positions."""
    records = []
    for place, count in enumerate(receives):
        (record,) = queue_message(sample.model_copy(update={"id": str(place)}), "stress-engine")["Records"]
        record |= {"messageId": str(place), "attributes": {"ApproximateReceiveCount": str(count)}}
        records.append(record)
    return {"Records": records}


def handled(work: Callable[[CloudEvent], Outcome], invocation: dict[str, Any], **late: float) -> Any:
    clock = FrozenClock(START)
    clock.advance(**late)
    return queue_worker("stress_engine", work, clock, STAGES)(invocation, SimpleNamespace(aws_request_id="r"))


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.readouterr().out.splitlines() if "_aws" in line]


def emf(captured: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the EMF document of the worker among the printed lines."""
    (document,) = [line for line in lines(captured) if "worker" in line]
    return document


def totals(document: dict[str, Any]) -> dict[str, float]:
    return {name: sum(values) for name, values in document.items() if name.endswith("_total")}


@pytest.mark.parametrize("replay", [False, True])
def test_f28_expiry_in_a_replay_is_not_counted_by_stage(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str], *, replay: bool
) -> None:
    handled(lambda _: Outcome.EXPIRED, batch(sample.model_copy(update={"replay": replay}), 1))
    written = lines(capsys)
    by_stage = [line for line in written if "worker" not in line]
    assert [line["risk_hub_snapshot_expired_total"] for line in by_stage] == ([] if replay else [[1]])
    (by_worker,) = [line for line in written if "worker" in line]
    assert by_worker["risk_hub_snapshot_expired_total"] == [1]


def test_inv_15_history_events_are_not_counted_as_failures_until_dead_lettered(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: CloudEvent) -> Outcome:
        raise ValueError("for a test")

    past = sample.model_copy(update={"history": True})
    handled(lambda _: Outcome.HISTORY, batch(past, 1), days=90)
    assert "risk_hub_processing_delay_seconds" not in emf(capsys)
    assert handled(fail, batch(past, 1), days=90)["batchItemFailures"]
    assert not [line for line in lines(capsys) if "risk_hub_snapshot_failed_total" in line]
    handled(fail, batch(past, QUEUE_RECEIVES_MAX_COUNT), days=90)
    assert totals(emf(capsys))["risk_hub_snapshot_dlq_total"] == 1


def test_outcomes_retries_and_delay_are_measured(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = iter(
        [Outcome.EVALUATED, Outcome.REPEATED, Outcome.REPEATED, Outcome.EXPIRED, Outcome.NO_SIGNAL]
    )
    assert handled(lambda _: next(outcomes), batch(sample, 1, 1, 2, 1, 3), seconds=7) == {
        "batchItemFailures": []
    }
    document = emf(capsys)
    assert totals(document) == {
        "risk_hub_worker_processed_total": 5,
        "risk_hub_snapshot_dedupe_total": 2,
        "risk_hub_snapshot_expired_total": 1,
        "risk_hub_snapshot_retry_total": 2,
    }
    assert document["risk_hub_processing_delay_seconds"] == [7.0] * 5


def test_metric_dimensions_never_come_from_event_data(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    """F30: an event's world and stage are client input."""
    handled(lambda _: Outcome.EVALUATED, batch(sample, 1))
    document = emf(capsys)
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == NAMESPACE
    assert [sorted(names) for names in directive["Dimensions"]] == [["worker"]]
    assert document["worker"] == "stress_engine"
    assert totals(document) == {"risk_hub_worker_processed_total": 1}


def test_f11_only_the_failed_message_of_a_batch_is_returned(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(event: CloudEvent) -> Outcome:
        if event.id == "1":
            raise RuntimeError("a dependency is down")
        return Outcome.EVALUATED

    reply = handled(work, batch(sample, 1, 4, 1))
    assert reply == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert totals(emf(capsys)) == {
        "risk_hub_worker_processed_total": 2,
        "risk_hub_snapshot_failed_total": 1,
        "risk_hub_snapshot_retry_total": 1,
    }


def test_batch_with_only_failures_returns_every_message_id(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_: CloudEvent) -> Outcome:
        raise RuntimeError("the store is down")

    reply = handled(work, batch(sample, 1, 1))
    assert [each["itemIdentifier"] for each in reply["batchItemFailures"]] == ["0", "1"]
    assert totals(emf(capsys)) == {"risk_hub_snapshot_failed_total": 2}


def test_failures_are_counted_by_stage_only_for_deployed_stages(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_: CloudEvent) -> Outcome:
        raise RuntimeError("the store is down")

    elsewhere = {**sample.data, "provenance": {"actor": "a", "stage": "made-up"}}
    handled(work, batch(sample, QUEUE_RECEIVES_MAX_COUNT))
    handled(work, batch(sample.model_copy(update={"data": elsewhere}), 1))
    by_stage = [line for line in lines(capsys) if "stage" in line]
    assert [(line["stage"], totals(line)) for line in by_stage] == [
        (
            sample.data["provenance"]["stage"],
            {
                "risk_hub_snapshot_failed_total": 1,
                "risk_hub_snapshot_dlq_total": 1,
                "risk_hub_snapshot_retry_total": 1,
            },
        )
    ]


def test_only_the_failure_of_the_last_receive_is_a_dead_letter(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_: CloudEvent) -> Outcome:
        raise RuntimeError("the store is down")

    handled(work, batch(sample, QUEUE_RECEIVES_MAX_COUNT - 1))
    handled(work, batch(sample, QUEUE_RECEIVES_MAX_COUNT))
    dead = [totals(line).get("risk_hub_snapshot_dlq_total") for line in lines(capsys) if "worker" in line]
    assert dead == [None, 1]


def test_metrics_of_one_message_are_one_line(sample: CloudEvent, capsys: pytest.CaptureFixture[str]) -> None:
    tally = ReportTally("risk_engine", STAGES)

    def work(event: CloudEvent) -> Outcome:
        tally(event, "paper", "complete")
        return Outcome.EVALUATED

    worker = queue_worker("risk_engine", work, FrozenClock(START), STAGES)
    worker(batch(sample, 1), SimpleNamespace(aws_request_id="r"))
    (line,) = lines(capsys)
    dimensions = [each["Dimensions"] for each in line["_aws"]["CloudWatchMetrics"]]
    assert dimensions == [[["stage", "status", "worker"]], [["stage"]], [["worker"]]]


def test_metrics_of_a_message_are_printed_before_the_work_on_the_next_begins(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = ReportTally("stress_engine", STAGES)
    printed: list[int] = []

    def work(event: CloudEvent) -> Outcome:
        printed.append(sum(line["risk_hub_reports_total"] == [1] for line in lines(capsys)))
        tally(event, "paper", "complete")
        return Outcome.EVALUATED

    handled(work, batch(sample, 1, 1, 1))
    assert printed == [0, 1, 1]
    assert emf(capsys)["risk_hub_reports_total"] == [1]


def test_unusable_blob_is_counted_as_a_blob_error(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_: CloudEvent) -> Outcome:
        ref = BlobRef(ref=f"s3://b/risk-blobs/w1/{'a' * 64}", sha256="a" * 64, bytes=1, kind="covariance")
        raise BlobError(ref, "the blob is missing")

    handled(work, batch(sample, 1))
    (line,) = [line for line in lines(capsys) if "reason" in line]
    assert (line["reason"], line["risk_hub_blob_errors_total"]) == ("unusable", [1])
    by_reason = line["_aws"]["CloudWatchMetrics"][0]
    assert by_reason["Dimensions"] == [["reason"]]
    assert [metric["Name"] for metric in by_reason["Metrics"]] == ["risk_hub_blob_errors_total"]


def test_queue_age_of_a_message_is_measured(sample: CloudEvent, capsys: pytest.CaptureFixture[str]) -> None:
    invocation = batch(sample, 1)
    invocation["Records"][0]["attributes"]["SentTimestamp"] = str(int(START.timestamp() * 1000) - 90_000)
    handled(lambda _: Outcome.EVALUATED, invocation)
    assert emf(capsys)["risk_hub_queue_age_seconds"] == [90.0]


def test_invalid_event_is_returned_and_the_rest_of_the_batch_is_handled(sample: CloudEvent) -> None:
    invocation = batch(sample, 1, 1)
    invocation["Records"][0]["body"] = json.dumps({"detail": {"specversion": "1.0"}})
    reply = handled(lambda _: Outcome.EVALUATED, invocation)
    assert reply == {"batchItemFailures": [{"itemIdentifier": "0"}]}


def test_processing_delay_is_zero_when_the_clock_is_behind_the_producer(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    handled(lambda _: Outcome.EVALUATED, batch(sample, 1), seconds=-5)
    assert emf(capsys)["risk_hub_processing_delay_seconds"] == [0.0]


def test_f28_replayed_event_writes_no_processing_delay(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    replayed = sample.model_copy(update={"replay": True})
    handled(lambda _: Outcome.REPEATED, batch(replayed, 1), hours=40)
    document = emf(capsys)
    assert document["risk_hub_worker_processed_total"] == [1.0]
    assert "risk_hub_processing_delay_seconds" not in document


@pytest.mark.parametrize(("metered", "stage"), [(True, "paper"), (False, "paper"), (True, "made-up")])
def test_expiry_is_counted_by_world_only_for_worlds_with_metrics_in_a_deployed_stage(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str], *, metered: bool, stage: str
) -> None:
    """F30: neither an unexpected world nor a caller's own stage name becomes a dimension."""
    event = sample.model_copy(update={"data": {**sample.data, "provenance": {"actor": "a", "stage": stage}}})
    worker = queue_worker(
        "stress_engine", lambda _: Outcome.EXPIRED, FrozenClock(START), STAGES, lambda *_: metered
    )
    worker(batch(event, 1, 1), SimpleNamespace(aws_request_id="r"))
    by_world = [line for line in lines(capsys) if "world_id" in line]
    if not metered or stage not in STAGES:
        assert by_world == []
        return
    (line,) = by_world
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["stage", "world_id"]]
    assert (line["stage"], line["world_id"]) == (stage, sample.data["world_id"])
    assert line["risk_hub_snapshot_expired_total"] == [2]


def test_f28_expiry_in_a_replay_is_not_counted_by_world(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    replayed = sample.model_copy(update={"replay": True})
    worker = queue_worker(
        "stress_engine", lambda _: Outcome.EXPIRED, FrozenClock(START), STAGES, lambda *_: True
    )
    worker(batch(replayed, 1), SimpleNamespace(aws_request_id="r"))
    assert [line for line in lines(capsys) if "world_id" in line] == []
