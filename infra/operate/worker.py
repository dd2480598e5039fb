"""A consumer of the hub's events: a queue of its own on the bus, a command for each event, deleted once it succeeds."""

import json
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from infra import names
from infra.operate.queue_list import queue_url
from infra.operate.stage_access import Clients
from risk_hub_contracts.cli.screen import complain

POLL_SECONDS: Final = 5
# An event is nobody else's while its command runs: it is taken alone, and its visibility renewed before it ends.
VISIBILITY_SECONDS: Final = 60
RENEWAL_SECONDS: Final = 20
TARGET_ID: Final = "queue"
STDERR: Final = 2
Run = Callable[[dict[str, Any], Callable[[], None]], bool]


@dataclass(slots=True)
class Handled:
    """How many events the command took, and how many it failed on; those come again."""

    succeeded: int = 0
    failed: int = 0

    @property
    def count(self) -> int:
        """How many events there were."""
        return self.succeeded + self.failed


def command_for(words: Sequence[str], *, stdout: int | None = None) -> Run:
    """Return what runs a command with an event on its stdin, telling now and then that it still runs; status 0 is success.

    Args:
        words: the command.
        stdout: where its stdout goes, as a file descriptor; None is the process's own.
    """

    def run(event: dict[str, Any], renew: Callable[[], None]) -> bool:
        given: bytes | None = (json.dumps(event) + "\n").encode()
        with subprocess.Popen(list(words), stdin=subprocess.PIPE, stdout=stdout) as process:  # noqa: S603 - the operator's own
            while True:
                try:
                    process.communicate(given, timeout=RENEWAL_SECONDS)
                except subprocess.TimeoutExpired:
                    given = None
                    renew()
                else:
                    return process.returncode == 0

    return run


@contextmanager
def subscription(aws: Clients, stage: str, types: Sequence[str]) -> Iterator[str]:
    """Subscribe a queue of one's own to the bus for as long as the block runs; yields the queue's URL."""
    sqs, events = aws.client("sqs"), aws.client("events")
    name, bus = names.physical_name(stage, f"worker-{secrets.token_hex(4)}"), names.bus_name(stage)
    url = str(sqs.create_queue(QueueName=name)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern: dict[str, Any] = {"source": [names.EVENT_SOURCE]} | (
        {"detail-type": list(types)} if types else {}
    )
    try:
        rule = events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))["RuleArn"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _policy(arn, rule)})
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": TARGET_ID, "Arn": arn}])
        try:
            yield url
        finally:
            events.remove_targets(Rule=name, EventBusName=bus, Ids=[TARGET_ID])
            events.delete_rule(Name=name, EventBusName=bus)
    finally:
        sqs.delete_queue(QueueUrl=url)


@contextmanager
def own_queue(aws: Clients, name: str) -> Iterator[str]:
    """Use a queue that somebody subscribed before; yields its URL."""
    yield queue_url(aws.client("sqs"), name)


def work(
    sqs: Any,  # noqa: ANN401 - boto3 client
    url: str,
    run: Run,
    handled: Handled,
    *,
    most: int | None,
    idle_seconds: float,
) -> None:
    """Hand events to a command, and note in `handled` what came of it, until there were enough or none came for a while."""
    last_seconds = time.monotonic()
    while (most is None or handled.count < most) and time.monotonic() - last_seconds < idle_seconds:
        wait = int(min(POLL_SECONDS, idle_seconds))
        got = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait, VisibilityTimeout=VISIBILITY_SECONDS)
        for message in got.get("Messages", []):
            if _is_done(sqs, url, message, run):
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                handled.succeeded += 1
            else:
                handled.failed += 1
            last_seconds = time.monotonic()


def _is_done(sqs: Any, url: str, message: dict[str, Any], run: Run) -> bool:  # noqa: ANN401 - boto3 client
    def renew() -> None:
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=VISIBILITY_SECONDS
        )

    try:
        event = json.loads(message["Body"])["detail"]
    except (ValueError, KeyError, TypeError):
        complain(f"{message['MessageId']}: no event of the bus; it is left in the queue")
        return False
    return run(event, renew)


def _policy(queue_arn: str, rule_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
