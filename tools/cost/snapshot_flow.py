"""One snapshot from POST to its last event, and its reads, through the deployed handlers on moto."""

import json
import math
import os
import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from events.envelope import CloudEvent
from functions.wiring import process
from infra.environments import ENVIRONMENTS
from infra.functions import FUNCTIONS, WORKER_EVENTS
from infra.names import (
    ANNOUNCED_REPORT_PREFIXES,
    POWERTOOLS_METRICS_NAMESPACE,
    POWERTOOLS_SERVICE_NAME,
    metrics_namespace,
)
from tests.fakes.answer_validation import validate_proxy_answer
from tests.fakes.cold_start import cold_start
from tests.fakes.deployed import deployed
from tests.fakes.gateway import proxy_event
from tools.cost.calls import Call, Meter, metered
from tools.cost.log_bytes import log_bytes, recorded_lines
from tools.cost.prices import ASSUMED, BYTES_PER_GB, PRICES
from tools.cost.ticking_clock import TickingClock
from tools.event_samples.emitted import queue_message

TOKEN = secrets.token_urlsafe(16)
RETURNS_OBSERVATIONS = 250
CONTEXT = SimpleNamespace(aws_request_id="8a7e61f0-5c0d-4a2e-9b1f-3d2c7e6a9f10")
# As API Gateway sends it.
TRACE_HEADER = "Root=1-695bb3d2-2f6a1c9e4b7d8a0f3e5c6b7a;Parent=53995c3f42cd8ad8;Sampled=0"
# Set by Lambda's runtime for each invocation; each log line names the trace.
TRACE_VARIABLE = "_X_AMZN_TRACE_ID"
# The stage whose bill is estimated.
STAGE = "prod"
PLATFORM_LOG_BYTES = (
    ASSUMED.platform_log_bytes_per_invocation if ENVIRONMENTS[STAGE].system_log_level == "INFO" else 0
)


@dataclass(frozen=True)
class Invocation:
    """One invocation of one function: its trigger, its calls, and the bytes of its lines in the log."""

    function: str
    trigger: str
    calls: list[Call]
    log_bytes: int

    @property
    def dollars(self) -> float:
        """Return the cost of the invocation: its trigger, the function, its calls, its log."""
        milliseconds = ASSUMED.milliseconds_of_work + ASSUMED.milliseconds_per_call * len(self.calls)
        gb_seconds = FUNCTIONS[self.function].memory_mib / 1024 * milliseconds / 1000
        trigger = {
            "request": PRICES.rest_request + ingestion_cost(ASSUMED.access_log_bytes_per_request),
            "message": ASSUMED.queue_requests_per_message * PRICES.queue_request_chunk,
            "stream": 0.0,
        }
        return (
            trigger[self.trigger]
            + PRICES.lambda_request
            + gb_seconds * PRICES.lambda_gb_second_arm64
            + sum(call.dollars for call in self.calls)
            + self.log_dollars
        )

    @property
    def log_dollars(self) -> float:
        """Return the cost of the lines of the function, and of Lambda's own lines about the invocation."""
        return ingestion_cost(self.log_bytes + PLATFORM_LOG_BYTES)


def ingestion_cost(size_bytes: int) -> float:
    """Return the cost of bytes that CloudWatch Logs ingests."""
    return size_bytes / BYTES_PER_GB * PRICES.log_gb


@dataclass(frozen=True)
class SnapshotFlow:
    """The invocations that a snapshot causes, and the invocation of each kind of read by its name."""

    publishing: list[Invocation]
    reads: dict[str, Invocation]

    @property
    def post(self) -> Invocation:
        """Return the producer's own request."""
        return self.publishing[0]


def body(assets: int, now: datetime) -> dict[str, Any]:
    """Return a book of random weights as of one second before `now`."""
    rng = random.Random(5)
    raw = [rng.random() for _ in range(assets)]
    return {
        "version": "rebalance-2026-01-05T11:59:00Z",
        "as_of": (now - timedelta(seconds=1)).isoformat().replace("+00:00", "Z"),
        "ttl_sec": 86_400,
        "weights": {f"ASSET{i:04}": value / math.fsum(raw) for i, value in enumerate(raw)},
        "realized_returns": [rng.gauss(0, 0.01) for _ in range(RETURNS_OBSERVATIONS)],
        "stress": {"crash": {"shocks": {}, "default": -0.1}},
    }


def measure_flows(sizes: Sequence[int]) -> dict[int, SnapshotFlow]:
    """Send one snapshot of each number of assets through the hub, each in a separate world, and read it back."""
    clock = TickingClock()
    settings = {POWERTOOLS_METRICS_NAMESPACE: metrics_namespace(STAGE)}
    with (
        patch.object(process, "utc_now", clock),
        deployed(TOKEN, ["snapshots:write", "snapshots:read"], **settings),
        metered(tells_collection_size=True) as meter,
    ):
        handlers: dict[str, Any] = {}
        walks = {
            assets: _FlowRunner(meter, handlers, clock, f"/risk-hub/worlds/w{assets}/snapshots")
            for assets in sizes
        }
        return {assets: walk.measure(body(assets, clock())) for assets, walk in walks.items()}


@dataclass
class _FlowRunner:
    meter: Meter
    handlers: dict[str, Any]
    clock: TickingClock
    path: str

    def measure(self, document: dict[str, Any]) -> SnapshotFlow:
        """Publish the document and read it back."""
        publishing = list(self.publish(document))
        risk = f"{document['version']}/risk"
        reads = {"latest": "latest", "lookup": "lookup?as_of=2100-01-01T00:00:00Z", "risk": risk}
        return SnapshotFlow(
            publishing, {name: self._http("GET", f"{self.path}/{tail}") for name, tail in reads.items()}
        )

    def publish(self, document: dict[str, Any]) -> Iterator[Invocation]:
        """Yield the invocations of one snapshot, each with the real output of the previous one as input."""
        post = self._http("POST", self.path, json.dumps(document).encode())
        yield post
        yield from self._announce(post)

    def _announce(self, leg: Invocation) -> Iterator[Invocation]:
        for item in [item for call in leg.calls for item in call.items]:
            if _is_announced(item):
                record = stream_record(item, written=self.clock())
                relayed = self._invoke("event_relay", "stream", {"Records": [record]})
                yield relayed
                for entry in [entry for each in relayed.calls for entry in each.events]:
                    yield from self._work(entry)

    def _work(self, entry: dict[str, Any]) -> Iterator[Invocation]:
        for worker, types in WORKER_EVENTS.items():
            if entry["DetailType"] in types:
                event = CloudEvent.model_validate_json(entry["Detail"])
                leg = self._invoke(worker, "message", self._message(event, worker))
                yield leg
                yield from self._announce(leg)

    def _message(self, event: CloudEvent, worker: str) -> dict[str, Any]:
        """Return the message with its time of arrival, from which the worker measures how long it waited."""
        message = queue_message(event, worker)
        sent = str(int(self.clock().timestamp() * 1000))
        message["Records"][0]["attributes"]["SentTimestamp"] = sent
        return message

    def _http(self, method: str, path: str, content: bytes | None = None) -> Invocation:
        headers = [
            ("Authorization", f"Bearer {TOKEN}"),
            ("Content-Type", "application/json"),
            ("X-Actor", "gateway"),
            ("X-Stage", "paper"),
            ("X-Amzn-Trace-Id", TRACE_HEADER),
        ]
        function = "snapshot_writer" if method == "POST" else "snapshot_reader"
        event = proxy_event(method, path, headers, content)
        leg, answer = self._invoke_with_answer(function, "request", event)
        validate_proxy_answer(event, answer)
        return leg

    def _invoke(self, function: str, trigger: str, event: dict[str, Any]) -> Invocation:
        return self._invoke_with_answer(function, trigger, event)[0]

    def _invoke_with_answer(
        self, function: str, trigger: str, event: dict[str, Any]
    ) -> tuple[Invocation, dict[str, Any]]:
        if function not in self.handlers:
            self.handlers[function] = cold_start(function).lambda_handler
        self.meter.take()
        os.environ |= {POWERTOOLS_SERVICE_NAME: function, TRACE_VARIABLE: TRACE_HEADER}
        with recorded_lines() as lines:
            answer = self.handlers[function](event, CONTEXT)
        failed = answer.get("batchItemFailures") or answer.get("statusCode", 200) >= 400 if answer else False
        if failed:
            raise RuntimeError(f"{function} failed: {answer}")
        return Invocation(function, trigger, self.meter.take(), log_bytes(lines)), answer or {}


def _is_announced(item: Any) -> bool:
    """Return whether the stream's filter passes the item to the relay."""
    if "mark" in item:
        return False
    return "evaluation_id" not in item or item["evaluation_id"]["S"].startswith(ANNOUNCED_REPORT_PREFIXES)


def stream_record(item: Any, written: datetime | None = None) -> dict[str, Any]:
    """Return the stream record of a put item, with the time of the put if it is given."""
    table, key = ("evaluations", "evaluation_id") if "evaluation_id" in item else ("snapshots", "version")
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}/stream/2026-01-05T00:00:00.000"
    keys = {name: item[name] for name in ("world_id", key)}
    time = {} if written is None else {"ApproximateCreationDateTime": int(written.timestamp())}
    return {
        "eventID": "1",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "eventSourceARN": arn,
        "awsRegion": "us-east-1",
        "dynamodb": {
            **time,
            "Keys": keys,
            "NewImage": item,
            "SequenceNumber": "1",
            "StreamViewType": "NEW_IMAGE",
        },
    }
