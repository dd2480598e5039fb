"""A consumer's separate subscription to the hub's bus."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.local.aws import LocalAws
from infra.names import bus_name

DEADLINE_SECONDS = 30.0


@dataclass
class Subscription:
    """A consumer's rule and queue on the hub's bus."""

    sqs: Any
    url: str
    heard: list[dict[str, Any]] = field(default_factory=list)

    def details(self, world: str, event_type: str) -> dict[str, Any]:
        """Wait for the first event of a type about a world, regardless of other events."""
        return self.wait(lambda detail: (detail["subject"], detail["type"]) == (world, event_type))

    def wait(self, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            for event in self.heard:
                if wanted(event["detail"]):
                    return event
            self._hear()
        pytest.fail("the event did not arrive")

    def _hear(self) -> None:
        """Keep the messages of one answer: the queue hides them for half a minute."""
        answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        self.heard += (json.loads(message["Body"]) for message in answer.get("Messages", []))


@contextmanager
def subscribed(aws: LocalAws) -> Iterator[Subscription]:
    name = f"consumer-{secrets.token_hex(4)}"
    sqs, events = aws.client("sqs"), aws.client("events")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus = bus_name("local")
    events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": ["risk-signal-hub"]}))
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
    yield Subscription(sqs, url)
    events.remove_targets(Rule=name, EventBusName=bus, Ids=["queue"])
    events.delete_rule(Name=name, EventBusName=bus)
    sqs.delete_queue(QueueUrl=url)
