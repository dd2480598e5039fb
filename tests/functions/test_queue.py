"""The queue door: partial batch replies, and the health metrics of one batch."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from events.envelope import CloudEvent
from functions.hub.queue import queue_worker
from tests.events.emitted import queue_message
from tests.fakes.clock import START, FrozenClock

NAMESPACE = "RiskSignalHub"


@pytest.fixture(autouse=True)
def _deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "stress_engine")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE)


@pytest.fixture
def sample(pytestconfig: pytest.Config) -> CloudEvent:
    path = pytestconfig.rootpath / "events" / "samples" / "risk_snapshot_updated.json"
    return CloudEvent.model_validate_json(path.read_text())


def batch(sample: CloudEvent, *receives: int) -> dict[str, Any]:
    """Return an invocation with one message for each count of receives; message and event ids are their places."""
    records = []
    for place, count in enumerate(receives):
        (record,) = queue_message(sample.model_copy(update={"id": str(place)}), "stress-engine")["Records"]
        record |= {"messageId": str(place), "attributes": {"ApproximateReceiveCount": str(count)}}
        records.append(record)
    return {"Records": records}


def handled(work: Callable[[CloudEvent], str], invocation: dict[str, Any], **late: float) -> Any:
    clock = FrozenClock(START)
    clock.advance(**late)
    return queue_worker("stress_engine", work, clock)(invocation, SimpleNamespace(aws_request_id="r"))


def emf(captured: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the one EMF document among the printed lines; an empty one when there is none."""
    lines = [json.loads(line) for line in captured.readouterr().out.splitlines() if "_aws" in line]
    assert len(lines) <= 1
    return lines[0] if lines else {}


def totals(document: dict[str, Any]) -> dict[str, float]:
    return {name: sum(values) for name, values in document.items() if name.endswith("_total")}


def test_outcomes_retries_and_delay_are_measured(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    words = iter(["evaluated", "repeated", "repeated", "expired", "no_signal"])
    assert handled(lambda _: next(words), batch(sample, 1, 1, 2, 1, 3), seconds=7) == {
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


def test_dimensions_come_from_closed_lists_whatever_the_events_say(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    """F30: an event's world and stage are a client's words."""
    handled(lambda _: "a word of its own", batch(sample, 1))
    document = emf(capsys)
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == NAMESPACE
    assert [sorted(names) for names in directive["Dimensions"]] == [["service", "worker"]]
    assert document["worker"] == "stress_engine"
    assert totals(document) == {"risk_hub_worker_processed_total": 1}


def test_f11_a_message_that_fails_goes_back_alone(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(event: CloudEvent) -> str:
        if event.id == "1":
            raise RuntimeError("a dependency is down")
        return "evaluated"

    reply = handled(work, batch(sample, 1, 4, 1))
    assert reply == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert totals(emf(capsys)) == {"risk_hub_worker_processed_total": 2, "risk_hub_snapshot_retry_total": 1}


def test_a_batch_that_fails_as_a_whole_is_returned_message_by_message(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_: CloudEvent) -> str:
        raise RuntimeError("the store is down")

    reply = handled(work, batch(sample, 1, 1))
    assert [each["itemIdentifier"] for each in reply["batchItemFailures"]] == ["0", "1"]
    assert emf(capsys) == {}


def test_a_message_that_is_no_event_is_returned_and_its_neighbour_handled(sample: CloudEvent) -> None:
    invocation = batch(sample, 1, 1)
    invocation["Records"][0]["body"] = json.dumps({"detail": {"specversion": "1.0"}})
    reply = handled(lambda _: "evaluated", invocation)
    assert reply == {"batchItemFailures": [{"itemIdentifier": "0"}]}


def test_a_clock_behind_the_producers_gives_no_negative_delay(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    handled(lambda _: "evaluated", batch(sample, 1), seconds=-5)
    assert emf(capsys)["risk_hub_processing_delay_seconds"] == [0.0]


def test_f28_the_delay_of_a_replay_is_no_delay_of_the_pipeline(
    sample: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    replayed = sample.model_copy(update={"replay": True})
    handled(lambda _: "repeated", batch(replayed, 1), hours=40)
    document = emf(capsys)
    assert document["risk_hub_worker_processed_total"] == [1.0]
    assert "risk_hub_processing_delay_seconds" not in document
