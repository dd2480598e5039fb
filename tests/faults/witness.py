"""What really happened: everything announced on the bus, and everything that stands in the tables."""

import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from infra.local.aws import LocalAws
from infra.names import EVENT_SOURCE, bus_name, physical_name

STAGE = "local"
PROBE = "fault-witness"
POISON_PREFIX = "poison"


@dataclass
class Witness:
    """Subscribes to all events before the load begins, and reads the tables when it has ended."""

    aws: LocalAws
    announced: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    evaluated: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        """Make the rule and its queue."""
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
        """Stop listening, after what is there has been heard."""
        self._stopped.set()
        self._thread.join()

    def committed(self) -> set[str]:
        """Return `world/version` of every snapshot in the table, poisoned items aside."""
        return {f"{i['world_id']['S']}/{i['version']['S']}" for i in self._scan("snapshots") if "as_of" in i}

    def effects(self) -> set[str]:
        """Return `world/version` of every snapshot that has a risk report."""
        return {
            f"{item['world_id']['S']}/{item['evaluation_id']['S'].split('/')[1]}"
            for item in self._scan("evaluations")
            if item["evaluation_id"]["S"].startswith("risk/")
        }

    def _listen(self) -> None:
        while not self._stopped.is_set() or self._hear():
            self._hear()

    def _hear(self) -> int:
        answer = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        messages = answer.get("Messages", [])
        for message in messages:
            self._note(json.loads(message["Body"])["detail"])
        if messages:
            entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
            self._sqs.delete_message_batch(QueueUrl=self._queue, Entries=entries)
        return len(messages)

    def _note(self, event: dict[str, Any]) -> None:
        name = f"{event['data']['world_id']}/{event['data']['version']}"
        if event["type"] == "risk_snapshot_updated":
            self.announced[name] += 1
        elif event["type"] == "risk_evaluated":
            self.evaluated[name].add(event["data"]["evaluated_at"])

    def _scan(self, table: str) -> list[dict[str, Any]]:
        paginator = self.aws.client("dynamodb").get_paginator("scan")
        pages = paginator.paginate(TableName=physical_name(STAGE, table))
        return [item for page in pages for item in page["Items"]]
