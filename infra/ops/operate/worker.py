"""Consumer of the hub's events: run a command for each message, and delete the message if it succeeds."""

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from infra.ops.operate.worker_exec import Run
from infra.ops.operate.worker_queue import WorkerQueue
from risk_hub_client.cli.screen import print_error

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

POLL_SECONDS: Final = 5
# One event is processed at a time; its visibility is renewed, so no other consumer receives it meanwhile.
VISIBILITY_SECONDS: Final = 60


@dataclass(slots=True)
class EventCounts:
    """Counts of succeeded and failed events; `waiting` holds the messages whose last try failed."""

    succeeded: int = 0
    failed: int = 0
    waiting: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        """Return the number of events."""
        return self.succeeded + self.failed


def process_events(
    sqs: "SQSClient",
    queue: WorkerQueue,
    run: Run,
    handled: EventCounts,
    *,
    max_events: int | None,
    idle_seconds: float,
) -> None:
    """Run a command per event until `max_events` are done or none arrives for a while; count in `handled`."""
    last_seconds = time.monotonic()
    while (
        max_events is None or handled.count < max_events
    ) and time.monotonic() - last_seconds < idle_seconds:
        wait = int(min(POLL_SECONDS, idle_seconds))
        got = sqs.receive_message(
            QueueUrl=queue.url, WaitTimeSeconds=wait, VisibilityTimeout=VISIBILITY_SECONDS
        )
        for message in got.get("Messages", []):
            _handle(sqs, queue, message, run, handled)
            last_seconds = time.monotonic()


def _handle(
    sqs: "SQSClient",
    queue: WorkerQueue,
    message: "MessageTypeDef",
    run: Run,
    handled: EventCounts,
) -> None:
    number = str(message["MessageId"])
    # An event that is interrupted during its command has not succeeded.
    handled.waiting.add(number)
    failure = _failure(sqs, queue, message, run)
    if failure is not None:
        handled.failed += 1
        print_error(f"{failure}; {queue.failure_outcome}")
        return
    sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])
    handled.succeeded += 1
    handled.waiting.discard(number)


def _failure(sqs: "SQSClient", queue: WorkerQueue, message: "MessageTypeDef", run: Run) -> str | None:
    """Run the command on an event; return the failure, or None."""

    def renew() -> None:
        sqs.change_message_visibility(
            QueueUrl=queue.url,
            ReceiptHandle=message["ReceiptHandle"],
            VisibilityTimeout=VISIBILITY_SECONDS,
        )

    try:
        event = json.loads(message["Body"])["detail"]
        name = f"event {event['id']} ({event['type']} {event.get('subject', '')})"
    except (ValueError, KeyError, TypeError):
        return f"message {message['MessageId']} is not an event of the bus"
    reason = run(event, renew)
    return None if reason is None else f"{name}: {reason}"
