"""Every function of the hub as deployed, on moto, with a manual clock: requests in, effects out."""

import base64
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

import boto3

from events.envelope import CloudEvent
from functions.hub.adapters import aws
from functions.wiring import process
from infra.functions import WORKER_EVENTS
from infra.names import ANNOUNCED_REPORT_PREFIXES
from infra.tokens.issue import SCOPES_OF_RELEASE_1_0
from tests.fakes.answer_validation import validate_proxy_answer
from tests.fakes.clock import FrozenClock
from tests.fakes.cold_start import cold_start
from tests.fakes.deployed import CONTEXT, deployed
from tests.fakes.gateway import proxy_event
from tools.cost.calls import Meter, metered
from tools.cost.snapshot_flow import stream_record
from tools.event_samples.emitted import queue_message

Json = dict[str, Any]

TABLES = ("snapshots", "worlds", "evaluations", "marks", "segments")
BUCKET = "blobs"
NON_REGISTRY_PATHS = ("snapshots", "blobs", "risk/backtest")


class DeployedHub:
    """The hub behind its handlers; committed records are fully processed before the next request.

    Attributes:
        clock: the hub's clock.
        events: everything announced so far, as put on the bus.
    """

    def __init__(self, meter: Meter, clock: FrozenClock, token: str) -> None:
        """Take the meter that counts the handlers' AWS calls, the clock, and the token; see `deployed_hub`."""
        self.clock = clock
        self.events: list[Json] = []
        self._meter = meter
        self._token = token
        self._handlers: dict[str, Any] = {}
        self._relayed: set[tuple[str, ...]] = set()

    def send_request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Json:
        """Return a handler's answer to a request with the hub's token, after all of its consequences."""
        given = [*headers.items(), ("Authorization", f"Bearer {self._token}")]
        event = proxy_event(method, path, given, body)
        answer: Json = self.invoke(function_for(method, path), event)
        validate_proxy_answer(event, answer)
        self._process_effects()
        return answer

    def work_on(self, event: Json) -> None:
        """Deliver an announced event to each worker whose rule matches it, with all consequences."""
        announced = CloudEvent.model_validate(event)
        for worker, types in WORKER_EVENTS.items():
            if announced.type in types:
                reply = self.invoke(worker, queue_message(announced, worker))
                if reply["batchItemFailures"]:
                    raise RuntimeError(
                        f"{worker} returned {event['type']} of {event['subject']} to its queue"
                    )
                self._process_effects()

    def relay(self, item: Json) -> None:
        """Deliver a table item to the relay as its stream does, with all consequences."""
        self.invoke("event_relay", {"Records": [stream_record(item)]})
        self._process_effects()

    def invoke(self, function: str, event: Json) -> Any:
        """Call a function's handler, created for this hub."""
        if function not in self._handlers:
            self._handlers[function] = cold_start(function).lambda_handler
        return self._handlers[function](event, CONTEXT)

    def put_records(self, stored: Json, tables: Sequence[str] = TABLES) -> None:
        """Put records back as stored, without consequences."""
        dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
        for table in tables:
            # Records of a release that did not have this table yet have no entry for it.
            for item in stored["tables"].get(table, []):
                dynamodb.put_item(TableName=table, Item=unwire(item))
        for each in stored["objects"]:
            s3.put_object(
                Bucket=BUCKET,
                Key=each["key"],
                Body=base64.b64decode(each["base64"]),
                Metadata=each["metadata"],
                ChecksumAlgorithm="SHA256",
            )
        self._meter.take()

    def _process_effects(self) -> None:
        """Relay committed records and let the workers process the events, until nothing is left."""
        for call in self._meter.take():
            for item in call.items:
                if is_announced(item) and _key(item) not in self._relayed:
                    self._relayed.add(_key(item))
                    self.relay(dict(item))
            for entry in call.events:
                event = CloudEvent.model_validate_json(entry["Detail"]).model_dump(exclude_none=True)
                self.events.append(event)
                self.work_on(event)


@contextmanager
def deployed_hub(clock: FrozenClock) -> Iterator[DeployedHub]:
    """Deploy on moto, with handlers that read this clock; every answer must match the API description."""
    token = secrets.token_urlsafe(16)
    aws._cached_client.cache_clear()  # noqa: SLF001 - clients of an earlier hub would not be metered
    with (
        deployed(token, SCOPES_OF_RELEASE_1_0, RISK_HUB_OFFLOAD="true"),
        patch.object(process, "utc_now", clock),
        metered() as meter,
    ):
        yield DeployedHub(meter, clock, token)
    aws._cached_client.cache_clear()  # noqa: SLF001


def is_announced(item: Mapping[str, Any]) -> bool:
    """Return whether the stream filters pass an item to the relay."""
    if "evaluation_id" in item:
        return str(item["evaluation_id"]["S"]).startswith(tuple(ANNOUNCED_REPORT_PREFIXES))
    return "time_order" in item


def _key(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the key under which an item is stored once: a second put of it is refused and reaches no stream."""
    return tuple(item[name]["S"] for name in ("world_id", "version", "evaluation_id") if name in item)


def records() -> Json:
    """Return the content of tables and bucket, JSON-ready: binaries as base64."""
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    tables = {
        table: sorted((wired(item) for item in dynamodb.scan(TableName=table)["Items"]), key=str)
        for table in TABLES
    }
    objects = []
    for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        found = s3.get_object(Bucket=BUCKET, Key=each["Key"], ChecksumMode="ENABLED")
        data = base64.b64encode(found["Body"].read()).decode()
        objects.append({"key": each["Key"], "metadata": found["Metadata"], "base64": data})
    return {"tables": tables, "objects": objects}


def unwire(item: Json) -> Json:
    """Return an item with its binaries as bytes."""
    return {
        name: {kind: base64.b64decode(value) if kind == "B" else value}
        for name, typed in item.items()
        for kind, value in typed.items()
    }


def wired(item: Json) -> Json:
    """Return an item JSON-ready: its binaries as base64 text."""
    return {
        name: {kind: base64.b64encode(value).decode() if kind == "B" else value}
        for name, typed in item.items()
        for kind, value in typed.items()
    }


def function_for(method: str, path: str) -> str:
    """Return the function to which the API routes a request."""
    if path.startswith("/risk-hub/worlds") and not any(part in path for part in NON_REGISTRY_PATHS):
        return "world_registry"
    return "snapshot_writer" if method == "POST" else "snapshot_reader"


def instant_of(text: str) -> datetime:
    """Return an instant of a recording."""
    return datetime.fromisoformat(text)
