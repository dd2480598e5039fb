"""Queue of a worker: subscribed to the bus for one run, or kept under a name until it is removed."""

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from infra import names
from infra.ops.operate.queue_list import Queue, queue_url, queues_of
from infra.ops.operate.stage_access import Clients
from infra.recovery.errors import OperateError
from risk_hub_contracts.base.problem_types import counted

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

TARGET_ID: Final = "queue"
# Beginning of the name of each queue of every stage.
HUB_PREFIX: Final = "risk-hub-"
# Part of the name of each queue that this command creates.
WORKER_MARK: Final = "-worker-"
# End of the name of the queue that gets the events of a worker that failed too often.
DEAD_LETTERS_SUFFIX: Final = "-dead-letters"
NAME_PATTERN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?", re.ASCII)
NAME_FORM: Final = "1 to 30 lower-case letters, digits and inner hyphens"
# The same number as for the stage's own workers.
TRIES_MAX_COUNT: Final = 5
RETENTION_SECONDS: Final = 14 * 86_400


@dataclass(frozen=True, slots=True)
class WorkerQueue:
    """A queue that a worker reads; `dead_letters` is the queue of events that failed too often, if any."""

    url: str
    name: str
    dead_letters: str | None
    tries: int | None

    @property
    def failure_outcome(self) -> str:
        """Return a text about what happens to a failed event."""
        if self.dead_letters is None:
            return f"it stays in {self.name} and is delivered again"
        return f"it stays in {self.name}, and moves to {self.dead_letters} after {counted(self.tries or 0, 'failure')}"


def worker_queue_name(stage: str, name: str) -> str:
    """Return the name of a worker's queue and rule."""
    return names.physical_name(stage, f"worker-{name}")


def chosen_queue(aws: Clients, stage: str, name: str) -> WorkerQueue:
    """Return the existing queue that the option --queue names.

    Raises:
        OperateError: the queue does not exist, or it is a queue of the hub itself.
    """
    own = _hub_queue(stage, name)
    if own is not None:
        redrive = "" if own.kind == "work" else " `risk-hub queues redrive` sends its events again."
        raise OperateError(
            f"--queue {name} is a queue of the hub itself, and this command deletes the events that it handles."
            f"{redrive} Give --name NAME for a permanent queue that gets every event, or leave both options out "
            "for a temporary one."
        )
    return existing_queue(aws, name)


def _hub_queue(stage: str, name: str) -> Queue | None:
    """Return the queue of a template that has this name on this stage or another one, or None."""
    for queue in queues_of(stage):
        purpose = queue.name.removeprefix(names.bus_name(stage))
        is_same_purpose = name.startswith(HUB_PREFIX) and name.endswith(purpose)
        if name == queue.name or (is_same_purpose and WORKER_MARK not in name):
            return queue
    return None


def existing_queue(aws: Clients, name: str) -> WorkerQueue:
    """Return a queue that was subscribed before.

    Raises:
        OperateError: the queue does not exist.
    """
    sqs = aws.client("sqs")
    url = queue_url(sqs, name)
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"]).get("Attributes", {})
    if "RedrivePolicy" not in found:
        return WorkerQueue(url, name, None, None)
    policy = json.loads(found["RedrivePolicy"])
    dead_letters = str(policy["deadLetterTargetArn"]).rpartition(":")[2]
    return WorkerQueue(url, name, dead_letters, int(policy["maxReceiveCount"]))


@contextmanager
def temporary_queue(
    aws: Clients, stage: str, types: Sequence[str], failed: set[str]
) -> Iterator[WorkerQueue]:
    """Subscribe a queue while the block runs; keep it if it still holds an event in `failed`."""
    name = worker_queue_name(stage, secrets.token_hex(4))
    sqs = aws.client("sqs")
    url = str(sqs.create_queue(QueueName=name)["QueueUrl"])
    try:
        _subscribe(aws, stage, name, url, types)
        try:
            yield WorkerQueue(url, name, None, None)
        finally:
            _unsubscribe(aws, stage, name)
    finally:
        if not failed:
            sqs.delete_queue(QueueUrl=url)


def named_queue(aws: Clients, stage: str, name: str, types: Sequence[str]) -> WorkerQueue:
    """Subscribe a permanent queue with a dead-letter queue; an existing one is used with these types."""
    sqs, queue = aws.client("sqs"), worker_queue_name(stage, name)
    kept = {"MessageRetentionPeriod": str(RETENTION_SECONDS)}
    dead = sqs.create_queue(QueueName=f"{queue}{DEAD_LETTERS_SUFFIX}", Attributes=kept)["QueueUrl"]
    redrive = {"deadLetterTargetArn": _arn(sqs, dead), "maxReceiveCount": TRIES_MAX_COUNT}
    url = sqs.create_queue(QueueName=queue, Attributes=kept)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(redrive)})
    _subscribe(aws, stage, queue, url, types)
    return existing_queue(aws, queue)


def remove_queue(aws: Clients, stage: str, name: str) -> str:
    """Remove a worker's queue with its rule, its dead letters and every event in them; return its name.

    Raises:
        OperateError: the queue does not exist; the text names the existing ones.
    """
    sqs, queue = aws.client("sqs"), worker_queue_name(stage, name)
    prefix = worker_queue_name(stage, "")
    found = sqs.list_queues(QueueNamePrefix=prefix).get("QueueUrls", [])
    urls = {url.rpartition("/")[2]: url for url in found}
    if queue not in urls:
        kept = sorted(each.removeprefix(prefix) for each in urls if not each.endswith(DEAD_LETTERS_SUFFIX))
        raise OperateError(
            f"There is no worker queue {name!r} on stage {stage}. Kept: {', '.join(kept) or 'none'}."
        )
    _unsubscribe(aws, stage, queue)
    for each in (queue, f"{queue}{DEAD_LETTERS_SUFFIX}"):
        if each in urls:
            sqs.delete_queue(QueueUrl=urls[each])
    return queue


def _subscribe(aws: Clients, stage: str, name: str, url: str, types: Sequence[str]) -> None:
    sqs, events, bus = aws.client("sqs"), aws.client("events"), names.bus_name(stage)
    arn = _arn(sqs, url)
    pattern: dict[str, Any] = {"source": [names.EVENT_SOURCE]} | (
        {"detail-type": list(types)} if types else {}
    )
    rule = events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))["RuleArn"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _policy(arn, rule)})
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": TARGET_ID, "Arn": arn}])


def _unsubscribe(aws: Clients, stage: str, name: str) -> None:
    events, bus = aws.client("events"), names.bus_name(stage)
    if any(rule["Name"] == name for rule in events.list_rules(EventBusName=bus, NamePrefix=name)["Rules"]):
        events.remove_targets(Rule=name, EventBusName=bus, Ids=[TARGET_ID])
        events.delete_rule(Name=name, EventBusName=bus)


def _arn(sqs: "SQSClient", url: str) -> str:
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])


def _policy(queue_arn: str, rule_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
