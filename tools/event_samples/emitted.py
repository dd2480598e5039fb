"""The real events of one real book, and the invocations that its handlers receive.

`python -m tools.event_samples.emitted` writes events/samples and events/invocations; `--check` compares.
"""

import base64
import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from events.envelope import CloudEvent
from functions.announcing.announce_commits import AnnounceCommits
from functions.announcing.relay_records import RelayRecords
from functions.announcing.stream_records import StreamRecordDecoder
from functions.evaluation.derived_record import AnyDerivedRecord
from functions.evaluation.exits.emit_exit_signals import EmitExitSignals
from functions.evaluation.risk.evaluate import EvaluateRisk
from functions.evaluation.store import dynamodb_reports
from functions.evaluation.stress.evaluate import EvaluateStress
from functions.history.segment import encode_line
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.snapshot_item import compress, to_item
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.use_cases.publish_snapshot import PublishRequest, PublishSnapshot
from risk_hub_contracts.policies.exit_policy import ExitPolicy, StressLimit
from tests.fakes.bus_and_tokens import MemoryBus, MemoryFailures
from tests.fakes.clock import START, FrozenClock
from tests.fakes.gateway import proxy_event
from tests.fakes.marks import MemoryMarks
from tests.fakes.samples import stored
from tests.fakes.stores import (
    MemoryBlobs,
    MemoryForecasts,
    MemoryInputNotes,
    MemoryReports,
    MemorySnapshots,
    MemoryWorlds,
)

ROOT = Path(__file__).parents[2] / "events"
RETENTION = timedelta(days=30)
# No record here has its body in S3.
NO_S3: Any = None
BODY: dict[str, Any] = {
    "as_of": "2026-01-05T11:59:58Z",
    "version": "rebalance-2026-01-05T11:59:58Z",
    "weights": {"AAPL": 0.6, "MSFT": 0.4},
    "covariance": {"ids": ["AAPL", "MSFT"], "upper": [0.0004, 0.0002, 0.0003]},
    "realized_returns": {"AAPL": [0.011, -0.024] * 60, "MSFT": [0.008, -0.019] * 60},
    "stress": {
        "crash": {"shocks": {"AAPL": -0.35, "MSFT": -0.3}, "margin_call": 0.12},
        "rates_up": {"shocks": {"AAPL": -0.06}},
    },
    "provenance": {"source": "gateway", "reason": "rebalance", "strategy_id": "momentum"},
}
CALM: dict[str, Any] = {
    "as_of": "2026-01-05T11:59:59Z",
    "version": "rebalance-2026-01-05T11:59:59Z",
    "stress": {"crash": {"shocks": {"AAPL": -0.2, "MSFT": -0.2}}},
}
POLICY = ExitPolicy(version="us2-1", cool_down_seconds=3_600, stress=(StressLimit(max_loss=0.3),))
HEADERS = {
    "Content-Type": "application/json",
    "X-Actor": "gateway",
    "X-Stage": "paper",
    "X-Correlation-Id": "rebalance-42",
}
ARN = (
    "arn:aws:dynamodb:us-east-1:000000000000:table/risk-hub-local-snapshots-2/stream/2026-01-05T00:00:00.000"
)


def stream_record(snapshot: SnapshotRecord, event_name: str = "INSERT") -> dict[str, Any]:
    """Return the stream record of a put, in the JSON that Lambda receives."""
    body, size = compress(snapshot.document)
    item = to_item(snapshot.sized(size), {"body": {"B": body}}, snapshot.retain_until(RETENTION))
    image = {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value
        for name, value in item.items()
    }
    keys = {"world_id": item["world_id"], "version": item["version"]}
    return {
        "eventID": "1",
        "eventName": event_name,
        "eventSource": "aws:dynamodb",
        "eventSourceARN": ARN,
        "awsRegion": "us-east-1",
        "dynamodb": {"Keys": keys, "NewImage": image, "SequenceNumber": "1", "StreamViewType": "NEW_IMAGE"},
    }


def evaluation_record(evaluation: AnyDerivedRecord) -> dict[str, Any]:
    """Return the stream record of a stored evaluation, in the JSON that Lambda receives."""
    item = dynamodb_reports.to_item(evaluation, START + RETENTION)
    keys = {name: item[name] for name in ("world_id", "evaluation_id")}
    return {
        **stream_record(stored()),
        "eventSourceARN": ARN.replace("snapshots-2", "evaluations"),
        "dynamodb": {"Keys": keys, "NewImage": item, "SequenceNumber": "1", "StreamViewType": "NEW_IMAGE"},
    }


def queue_message(event: CloudEvent, worker: str) -> dict[str, Any]:
    """Return the SQS invocation in which a rule's match reaches a worker."""
    body = {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": event.type,
        "source": event.source,
        "account": "000000000000",
        "time": "2026-01-05T12:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": json.loads(event.to_detail()),
    }
    record = {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "handle",
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:risk-hub-local-{worker}",
        "awsRegion": "us-east-1",
    }
    return {"Records": [record]}


class Walk:
    """One book from POST to exit signal: the input of each step is the real output of the previous one."""

    def __init__(self) -> None:
        clock, self.snapshots, blobs = FrozenClock(), MemorySnapshots(), MemoryBlobs()
        self.evaluations, self.bus, self.worlds = MemoryReports(), MemoryBus(), MemoryWorlds()
        self.worlds.policies["us2", "paper"] = POLICY
        # Returns of this size stay inline; the samples show a reference.
        offload = OffloadPolicy(enabled=True, inline_threshold_entries=100, inline_returns_max_bytes=0)
        self.publish = PublishSnapshot(self.snapshots, blobs, MemoryMarks(), clock, offload, RETENTION)
        decoder, announce = StreamRecordDecoder(BodyStore(NO_S3, "")), AnnounceCommits(self.worlds, self.bus)
        self.relay = RelayRecords(decoder, announce, MemoryFailures())
        common = (self.evaluations, clock, RETENTION)
        self.risk = EvaluateRisk(
            self.snapshots, blobs, self.evaluations, MemoryForecasts(), MemoryInputNotes(), clock, RETENTION
        )
        self.stress = EvaluateStress(self.snapshots, blobs, *common)
        self.exit = EmitExitSignals(self.snapshots, self.worlds, *common)

    def announced(self, record: dict[str, Any]) -> CloudEvent:
        """Relay a stream record; return the event as a worker reads it."""
        assert self.relay([record]).announced == 1
        return CloudEvent.model_validate_json(self.bus.taken[-1].to_detail())

    def evaluated(self, work: Callable[[CloudEvent], str], event: CloudEvent) -> CloudEvent:
        """Give an event to a worker that stores one record; return the event of that record."""
        before = set(self.evaluations.rows)
        assert work(event) == "evaluated"
        (new,) = set(self.evaluations.rows) - before
        return self.announced(evaluation_record(self.evaluations.rows[new]))

    def cleared(self) -> CloudEvent:
        """Publish the next book, whose loss is within the limit; return the event of the all-clear."""
        calm = {**BODY, **CALM}
        publication = PublishRequest(
            "us2", "gateway", "paper", json.dumps(calm).encode(), HEADERS["X-Correlation-Id"]
        )
        updated = self.announced(stream_record(self.publish(publication).stored))
        return self.evaluated(self.exit, self.evaluated(self.stress, updated))


def emitted() -> dict[str, Any]:
    """Walk one book from POST to its exit signal and the all-clear; return each file by its path under events/."""
    walk, body = Walk(), json.dumps(BODY).encode()
    publication = PublishRequest("us2", "gateway", "paper", body, HEADERS["X-Correlation-Id"])
    stored_snapshot = walk.publish(publication).stored
    record = stream_record(stored_snapshot)
    updated = walk.announced(record)
    risk, stress = walk.evaluated(walk.risk, updated), walk.evaluated(walk.stress, updated)
    assert walk.exit(risk) == "no_signal"
    signal = walk.evaluated(walk.exit, stress)
    cleared = walk.cleared()
    return {
        **{
            f"samples/{event.type}.json": json.loads(event.to_detail())
            for event in (updated, risk, stress, signal, cleared)
        },
        "samples/history_row.json": json.loads(encode_line(stored_snapshot)),
        "invocations/snapshot_writer.json": proxy_event(
            "POST", "/risk-hub/worlds/us2/snapshots", HEADERS.items(), body
        ),
        "invocations/event_relay.json": {"Records": [record]},
        "invocations/risk_engine.json": queue_message(updated, "risk-engine"),
        "invocations/stress_engine.json": queue_message(updated, "stress-engine"),
        "invocations/exit_engine.json": queue_message(stress, "exit-engine"),
    }


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` name those that differ; return the exit code."""
    stale = []
    for name, content in emitted().items():
        path, text = ROOT / name, json.dumps(content, indent=2, sort_keys=True) + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    if "--check" in arguments and stale:
        sys.stderr.write(f"events/{', events/'.join(stale)}: not what is emitted; run `make contracts`\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
