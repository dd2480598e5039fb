"""AWS's own metrics that the emulator does not send: invocations, requests, queue depths."""

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from infra.local.asgi import App, Message, Receive, Scope, Send
from infra.names import API_STAGE_NAME, LOCAL_STAGE, physical_name

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LOG_GROUP_PREFIX: Final = "/aws/lambda/"
REPORT: Final = re.compile(r"REPORT RequestId: \S+\s+Duration: (?P<milliseconds>[\d.]+) ms")
TRACEBACK_START: Final = "Traceback (most recent call last)"
SERVER_ERROR_STATUS: Final = 500

Entry = dict[str, Any]


def entry(name: str, dimensions: dict[str, str], at: datetime, value: float, unit: str = "Count") -> Entry:
    """Return one value in the form of PutMetricData."""
    pairs = [{"Name": key, "Value": text} for key, text in dimensions.items()]
    return {"MetricName": name, "Dimensions": pairs, "Timestamp": at, "Unit": unit, "Values": [value]}


def invocation_metrics(group: str, lines: Sequence[str], at: datetime) -> Iterator[Entry]:
    """Yield the AWS/Lambda metrics of one invocation, derived from its log lines."""
    report = next((match for line in lines if (match := REPORT.match(line))), None)
    if report is None or not group.startswith(LOG_GROUP_PREFIX):
        return
    function = {"FunctionName": group.removeprefix(LOG_GROUP_PREFIX)}
    yield entry("Invocations", function, at, 1)
    yield entry("Errors", function, at, float(any(line.startswith(TRACEBACK_START) for line in lines)))
    yield entry("Duration", function, at, float(report["milliseconds"]), "Milliseconds")


class RequestMeter:
    """Count the front server's responses as AWS/ApiGateway would."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def with_metering(self, app: App) -> App:
        """Return the app with each of its responses counted."""

        async def metered(scope: Scope, receive: Receive, send: Send) -> None:
            began = datetime.now(tz=UTC)

            async def counting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self._count(began, message["status"])
                await send(message)

            await app(scope, receive, counting)

        return metered

    def take(self) -> list[Entry]:
        """Return the counts since the last call."""
        with self._lock:
            taken, self._entries = self._entries, []
        return taken

    def _count(self, began: datetime, status: int) -> None:
        api = {"ApiName": physical_name(LOCAL_STAGE, "api"), "Stage": API_STAGE_NAME}
        now = datetime.now(tz=UTC)
        latency = (now - began).total_seconds() * 1000
        counted = [
            entry("Count", api, now, 1),
            entry("5XXError", api, now, float(status >= SERVER_ERROR_STATUS)),
            entry("Latency", api, now, latency, "Milliseconds"),
        ]
        with self._lock:
            self._entries += counted


def queue_depths(sqs: "SQSClient", at: datetime) -> Iterable[Entry]:
    """Yield the depth of every queue of the stage."""
    attribute: Final = "ApproximateNumberOfMessages"
    for url in sqs.list_queues(QueueNamePrefix=physical_name(LOCAL_STAGE, "")).get("QueueUrls", []):
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[attribute])["Attributes"]
        queue = {"QueueName": url.rpartition("/")[2]}
        yield entry("ApproximateNumberOfMessagesVisible", queue, at, float(found[attribute]))
