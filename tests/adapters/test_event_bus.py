"""EventBridgeBus: batches within the limits, refusals per entry."""

from typing import Any

import boto3
import orjson
import pytest
from moto import mock_aws

from events.envelope import CloudEvent
from events.risk_snapshot_updated import risk_snapshot_updated
from functions.announcing.eventbridge_bus import EventBridgeBus
from risk_hub_contracts.base.limits import EVENT_BATCH_MAX_ENTRIES, EVENT_ENTRY_MAX_BYTES
from tests.fakes.clients import as_client
from tests.fakes.clock import START
from tests.fakes.samples import stored

TRACE = "Root=1-67891233-abcdef012345678912345678;Sampled=1"


class RecordingClient:
    """Replaces EventBridge where its refusals matter, since emulators do not refuse."""

    def __init__(self, refuse: set[int] | None = None) -> None:
        self.calls: list[list[dict[str, str]]] = []
        self.refuse = refuse or set()
        self.seen = 0

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.calls.append(Entries)
        results = [
            {"ErrorCode": "InternalFailure"} if self.seen + i in self.refuse else {"EventId": str(i)}
            for i in range(len(Entries))
        ]
        self.seen += len(Entries)
        return {"FailedEntryCount": len(self.refuse), "Entries": results}


def announce(version: str, **document: Any) -> CloudEvent:
    announcement = stored(version, **document).to_announcement()
    return risk_snapshot_updated(announcement, time=START, is_latest=True, trace_header=TRACE)


@pytest.mark.parametrize(
    ("count", "calls"), [(0, 0), (1, 1), (EVENT_BATCH_MAX_ENTRIES, 1), (EVENT_BATCH_MAX_ENTRIES + 1, 2)]
)
def test_batches_hold_at_most_ten_entries(count: int, calls: int) -> None:
    client = RecordingClient()
    assert (
        list(EventBridgeBus(as_client(client), "bus").publish([announce(f"v{i}") for i in range(count)]))
        == []
    )
    assert len(client.calls) == calls


def test_batches_hold_at_most_the_byte_limit() -> None:
    client = RecordingClient()
    big = [announce(f"v{i}", filler="x" * 100_000) for i in range(5)]
    EventBridgeBus(as_client(client), "bus").publish(big)
    sizes = [sum(len(text.encode()) for entry in call for text in entry.values()) for call in client.calls]
    assert max(sizes) <= EVENT_ENTRY_MAX_BYTES
    assert [len(call) for call in client.calls] == [2, 2, 1]


def test_f8_only_rejected_entries_are_returned() -> None:
    events = [announce(f"v{i}") for i in range(12)]
    client = RecordingClient(refuse={1, 11})
    assert list(EventBridgeBus(as_client(client), "bus").publish(events)) == [events[1], events[11]]


def test_bus_entry_is_a_cloud_event_with_a_trace_header() -> None:
    client = RecordingClient()
    EventBridgeBus(as_client(client), "bus").publish([announce("v1")])
    (entry,) = client.calls[0]
    assert entry["Source"] == "risk-signal-hub"
    assert entry["DetailType"] == "risk_snapshot_updated"
    assert entry["TraceHeader"] == TRACE
    assert orjson.loads(entry["Detail"])["subject"] == "w1"


def test_published_event_reaches_a_rule_target() -> None:
    with mock_aws():
        events, sqs = boto3.client("events"), boto3.client("sqs")
        events.create_event_bus(Name="hub")
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="r", EventBusName="hub", EventPattern='{"source": ["risk-signal-hub"]}')
        events.put_targets(Rule="r", EventBusName="hub", Targets=[{"Id": "q", "Arn": arn}])
        assert list(EventBridgeBus(events, "hub").publish([announce("v1")])) == []
        (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert orjson.loads(message["Body"])["detail"]["data"]["version"] == "v1"
