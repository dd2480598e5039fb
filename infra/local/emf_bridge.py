"""Convert metric lines in the functions' logs into CloudWatch metrics.

On AWS, CloudWatch Logs reads embedded metric format (EMF) and Lambda measures its invocations; the emulator
keeps the lines as text.
"""

import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from infra.local.alarms.platform_metrics import invocation_metrics
from infra.local.aws import LocalAws

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

POLL_INTERVAL_SECONDS: Final = 2.0
# Lines of one invocation arrive together, some time after their timestamp.
OVERLAP_MILLISECONDS: Final = 10_000
METRIC_BATCH_MAX_COUNT: Final = 500

RecordMetrics = Callable[[str, list[dict[str, Any]]], None]

logger = logging.getLogger("local-stage.metrics")


def metric_data(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Turn one EMF document into PutMetricData entries by namespace: one per metric and dimension set."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    emf = document["_aws"]
    at = datetime.fromtimestamp(emf["Timestamp"] / 1000, tz=UTC)
    for directive in emf["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = [{"Name": name, "Value": str(document[name])} for name in names]
            found[directive["Namespace"]] += _entries(document, directive["Metrics"], dimensions, at)
    return dict(found)


def _entries(
    document: Mapping[str, Any], metrics: list[dict[str, Any]], dimensions: list[dict[str, str]], at: datetime
) -> Iterator[dict[str, Any]]:
    for metric in metrics:
        value = document[metric["Name"]]
        yield {
            "MetricName": metric["Name"],
            "Dimensions": dimensions,
            "Timestamp": at,
            "Unit": metric.get("Unit", "None"),
            "Values": [float(each) for each in (value if isinstance(value, list) else [value])],
        }


def emf_document(message: str) -> dict[str, Any] | None:
    """Return the EMF document that a log line holds, or None for any other line."""
    if '"CloudWatchMetrics"' not in message:
        return None
    try:
        document = json.loads(message)
    except ValueError:
        return None
    return document if isinstance(document, dict) and "_aws" in document else None


def log_group_names(functions: Any) -> Iterator[str]:  # noqa: ANN401 - a boto3 client
    """Yield the log group of each function.

    DescribeLogGroups is not used: the emulator counts the characters of all lines for it, and fails if a
    function logs at the same time.
    """
    for page in functions.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            default = f"/aws/lambda/{function['FunctionName']}"
            yield function.get("LoggingConfig", {}).get("LogGroup", default)


class MetricsBridge:
    """A thread that reads new log lines every two seconds, puts and keeps their metrics."""

    def __init__(self, endpoint: str, record: RecordMetrics) -> None:
        self._endpoint, self._record = endpoint, record
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics-bridge", daemon=True)
        self._since = int(time.time() * 1000)
        self._seen: dict[str, int] = {}

    def start(self) -> None:
        """Start the thread that reads the log lines."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; it is a daemon and holds no resource that must be closed."""
        self._stopped.set()

    def _run(self) -> None:
        aws = LocalAws(self._endpoint)
        functions, logs, cloudwatch = map(aws.client, ("lambda", "logs", "cloudwatch"))
        while not self._stopped.wait(POLL_INTERVAL_SECONDS):
            try:
                self.forward_new_metrics(functions, logs, cloudwatch)
            except Exception:  # if the thread ended, all metrics would be missing
                if not self._stopped.is_set():
                    logger.exception("Metrics of the last seconds could not be copied")

    def forward_new_metrics(self, functions: Any, logs: Any, cloudwatch: "CloudWatchClient") -> None:  # noqa: ANN401 - boto3 clients
        """Put and keep the metrics of every invocation that was not seen before."""
        now = int(time.time() * 1000)
        for namespace, entries in self._new_entries(functions, logs, now).items():
            self._record(namespace, entries)
            for start in range(0, len(entries), METRIC_BATCH_MAX_COUNT):
                batch: list[Any] = entries[start : start + METRIC_BATCH_MAX_COUNT]
                cloudwatch.put_metric_data(Namespace=namespace, MetricData=batch)
        self._prune_seen(now)

    def _new_entries(self, functions: Any, logs: Any, now: int) -> dict[str, list[dict[str, Any]]]:  # noqa: ANN401
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for group, events in self._new_invocations(functions, logs, now):
            lines = [event["message"] for event in events]
            at = datetime.fromtimestamp(events[-1]["timestamp"] / 1000, tz=UTC)
            found["AWS/Lambda"] += invocation_metrics(group, lines, at)
            for document in filter(None, map(emf_document, lines)):
                for namespace, entries in metric_data(document).items():
                    found[namespace] += entries
        return {namespace: entries for namespace, entries in found.items() if entries}

    def _new_invocations(
        self,
        functions: Any,  # noqa: ANN401
        logs: Any,  # noqa: ANN401
        now: int,
    ) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        for name in log_group_names(functions):
            streams: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for event in self._events(logs, name):
                streams[event["logStreamName"]].append(event)
            for stream, events in streams.items():
                # The emulator writes one stream per invocation, once.
                if f"{name} {stream}" not in self._seen:
                    self._seen[f"{name} {stream}"] = now
                    yield name, events

    def _events(self, logs: Any, group: str) -> list[dict[str, Any]]:  # noqa: ANN401 - a boto3 client
        """Return the events of a log group; none before the first invocation of its function."""
        try:
            events: list[dict[str, Any]] = logs.filter_log_events(logGroupName=group, startTime=self._since)[
                "events"
            ]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return events

    def _prune_seen(self, now: int) -> None:
        self._since = now - OVERLAP_MILLISECONDS
        self._seen = {name: at for name, at in self._seen.items() if at >= self._since - OVERLAP_MILLISECONDS}
