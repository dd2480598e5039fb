"""The actual effects: everything announced on the bus, and everything stored in the tables."""

import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from functions.evaluation.store.dynamodb_reports import stored_document
from infra.local.aws import LocalAws
from infra.names import EVENT_SOURCE, TableName, bus_name, table_name
from tools.faults.moves import name

STAGE = "local"
PROBE = "fault-witness"
POISON_PREFIX = "poison"
# The worker whose effect an event announces, and the field with the effect's creation time.
EFFECT_EVENTS = {
    "risk_evaluated": ("risk_engine", "evaluated_at"),
    "stress_evaluated": ("stress_engine", "evaluated_at"),
    "exit_signal_emitted": ("exit_engine", "emitted_at"),
    "exit_signal_cleared": ("exit_engine", "emitted_at"),
}
WORKER_OF_KIND = {"risk": "risk_engine", "stress": "stress_engine", "exit": "exit_engine"}
WORKERS = tuple(WORKER_OF_KIND.values())
Announced = dict[str, dict[str, set[str]]]


def effect(document: dict[str, Any]) -> str:
    """Return the name of an effect of one worker: `world/version` of a report, with the rule of a signal."""
    name = f"{document['world_id']}/{document['version']}"
    return f"{name} {document['rule']}" if "rule" in document else name


@dataclass
class EffectObserver:
    """Subscribe to all events before the load begins, and read the tables after it has ended."""

    aws: LocalAws
    announced: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    latest: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    announced_effects: Announced = field(
        default_factory=lambda: {worker: defaultdict(set) for worker in WORKERS}
    )

    def __post_init__(self) -> None:
        """Create the rule and its queue."""
        self._sqs: Any = self.aws.client("sqs")
        self._queue = self._sqs.create_queue(QueueName=PROBE)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        events: Any = self.aws.client("events")
        pattern = json.dumps({"source": [EVENT_SOURCE]})
        events.put_rule(Name=PROBE, EventBusName=bus_name(STAGE), EventPattern=pattern)
        target = {"Id": PROBE, "Arn": attributes["Attributes"]["QueueArn"]}
        events.put_targets(Rule=PROBE, EventBusName=bus_name(STAGE), Targets=[target])
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening after all waiting messages have been received."""
        self._stopped.set()
        self._thread.join()

    def committed(self) -> set[str]:
        """Return `world/version` of every snapshot in the table, also of moved ones, except poisoned items."""
        return set(map(name, self.items()))

    def items(self) -> list[dict[str, Any]]:
        """Return the items of the snapshots and the tombstones, without poisoned items."""
        return [
            item for item in self._scan("snapshots") if not item["world_id"]["S"].startswith(POISON_PREFIX)
        ]

    def effects(self) -> dict[str, set[str]]:
        """Return the effects that each worker has stored, by name."""
        stored: dict[str, set[str]] = {worker: set() for worker in WORKERS}
        for item in self._scan("evaluations"):
            worker = WORKER_OF_KIND.get(item["evaluation_id"]["S"].split("/")[0])
            if worker is not None:
                stored[worker].add(effect(stored_document(item)))
        return stored

    def _listen(self) -> None:
        while not self._stopped.is_set() or self._receive():
            self._receive()

    def _receive(self) -> int:
        answer = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        messages = answer.get("Messages", [])
        for message in messages:
            self._record_event(json.loads(message["Body"])["detail"])
        if messages:
            entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
            self._sqs.delete_message_batch(QueueUrl=self._queue, Entries=entries)
        return len(messages)

    def _record_event(self, event: dict[str, Any]) -> None:
        data = event["data"]
        if event["type"] == "risk_snapshot_updated":
            self.announced[effect(data)] += 1
        elif event["type"] in EFFECT_EVENTS:
            worker, instant = EFFECT_EVENTS[event["type"]]
            self.announced_effects[worker][effect(data)].add(data[instant])
            if event.get("islatest"):
                self.latest[event["type"]].add(effect(data))

    def _scan(self, table: TableName) -> list[dict[str, Any]]:
        paginator = self.aws.client("dynamodb").get_paginator("scan")
        pages = paginator.paginate(TableName=table_name(STAGE, table))
        return [item for page in pages for item in page["Items"]]
