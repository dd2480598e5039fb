"""Queues of a stage and their state."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from botocore.exceptions import ClientError

from infra import names
from infra.functions import WORKER_EVENTS
from infra.ops.operate.stage_access import Clients
from infra.recovery.errors import OperateError, error_code

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef, MetricTypeDef
    from mypy_boto3_sqs import SQSClient

Kind = Literal["work", "dead letters", "relay failures"]
DEPTH: Final = "ApproximateNumberOfMessages"
IN_FLIGHT: Final = "ApproximateNumberOfMessagesNotVisible"
DELAYED: Final = "ApproximateNumberOfMessagesDelayed"
AGE_WINDOW_MINUTES: Final = 10
AGE_PERIOD_SECONDS: Final = 60
NO_QUEUE: Final = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue; `redrives_to` is the work queue whose dead letters it holds."""

    name: str
    kind: Kind
    redrives_to: str | None = None


@dataclass(frozen=True, slots=True)
class QueueHealth:
    """State of a queue; counts are SQS's approximations, an unknown age is None."""

    name: str
    kind: Kind
    waiting: int
    in_flight: int
    delayed: int
    oldest_age_seconds: int | None

    def document(self) -> dict[str, Any]:
        """Return the state ready for JSON."""
        return asdict(self)


def queues_of(stage: str) -> list[Queue]:
    """Return the queues of the stage's template: two per worker, and the relay's."""
    queues = []
    for worker in WORKER_EVENTS:
        work = names.queue_name(stage, worker)
        queues.append(Queue(work, "work"))
        queues.append(Queue(names.dead_letter_queue_name(stage, worker), "dead letters", redrives_to=work))
    return [*queues, Queue(names.relay_failures_name(stage), "relay failures")]


def failure_queue(stage: str, name: str) -> Queue | None:
    """Return the failure queue of this name, with or without the stage's prefix, or None."""
    by_name = {queue.name: queue for queue in queues_of(stage) if queue.kind != "work"}
    return by_name.get(name) or by_name.get(names.physical_name(stage, name))


def queue_url(sqs: "SQSClient", name: str) -> str:
    """Return a queue's URL.

    Raises:
        OperateError: the queue does not exist.
    """
    try:
        return str(sqs.get_queue_url(QueueName=name)["QueueUrl"])
    except ClientError as error:
        if error_code(error) not in NO_QUEUE:
            raise
        raise OperateError(
            f"There is no queue {name} in this account and region. Is the stage deployed?"
        ) from error


def message_counts(sqs: "SQSClient", url: str) -> Mapping[str, int]:
    """Return the approximate numbers of messages in a queue, by SQS's names."""
    attribute_names: Final = (DEPTH, IN_FLIGHT, DELAYED)
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=attribute_names)["Attributes"]
    return {name: int(attributes.get(name, 0)) for name in attribute_names}


def queue_health(aws: Clients, stage: str) -> list[QueueHealth]:
    """Return the state of every queue of the stage.

    Raises:
        OperateError: a queue is missing.
    """
    sqs, queues = aws.client("sqs"), queues_of(stage)
    counted = [message_counts(sqs, queue_url(sqs, queue.name)) for queue in queues]
    ages = oldest_ages(aws.client("cloudwatch"), [queue.name for queue in queues])
    return [
        QueueHealth(
            queue.name, queue.kind, count[DEPTH], count[IN_FLIGHT], count[DELAYED], ages.get(queue.name)
        )
        for queue, count in zip(queues, counted, strict=True)
    ]


def oldest_ages(cloudwatch: "CloudWatchClient", queues: Sequence[str]) -> dict[str, int]:
    """Return the age in seconds of each queue's oldest message, if CloudWatch has a recent value."""
    now = datetime.now(UTC)
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[_age_query(number, name) for number, name in enumerate(queues)],
        StartTime=now - timedelta(minutes=AGE_WINDOW_MINUTES),
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    found = {each["Id"]: each["Values"] for each in answer["MetricDataResults"]}
    return {
        name: int(values[0]) for number, name in enumerate(queues) if (values := found.get(f"queue{number}"))
    }


def _age_query(number: int, name: str) -> "MetricDataQueryTypeDef":
    metric: MetricTypeDef = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": name}],
    }
    return {
        "Id": f"queue{number}",
        "MetricStat": {"Metric": metric, "Period": AGE_PERIOD_SECONDS, "Stat": "Maximum"},
    }
