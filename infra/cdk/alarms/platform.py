"""Alarms on AWS metrics: API, functions, tables, stream and queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra import names
from infra.cdk.alarms.rule import HOUR_SECONDS, MINUTE_SECONDS, MISSING_IS_ALARM, AlarmRule, Metric
from infra.environments import SEVERITIES
from infra.functions import FUNCTIONS
from risk_hub_contracts.base.metrics import HEARTBEAT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.environments import Severity
    from infra.function_spec import FunctionSpec

QUEUE_AGE_MAX_SECONDS: Final = 300
ITERATOR_AGE_MAX_MS: Final = 60_000
SLOW_PERIODS: Final = 3
HOURS_MISSED: Final = 3
BURST_SHARE_MAX_PERCENT: Final = 5
# Added to the denominator: with no other requests, one failure is not a burst, eleven are.
BURST_DENOMINATOR_OFFSET: Final = 200


def platform_alarms(stage: str) -> Iterator[AlarmRule]:
    """Yield alarms in the order in which a snapshot passes their sources."""
    yield from _api_alarms(stage)
    for spec in FUNCTIONS.values():
        yield from _function_alarms(stage, spec)
    for table in names.TABLE_KEYS:
        yield from _table_alarms(stage, table)
    yield from _relay_alarms(stage)
    for spec in FUNCTIONS.values():
        if spec.events:
            yield from _worker_alarms(stage, spec)
    for spec in FUNCTIONS.values():
        if spec.runs_hourly:
            yield _hourly_heartbeat(stage, spec.folder)
    for severity in SEVERITIES:
        yield _undelivered_notifications(stage, severity)


def _api_alarms(stage: str) -> Iterator[AlarmRule]:
    api = {"ApiName": names.physical_name(stage, "api"), "Stage": names.API_STAGE_NAME}
    errors, requests = Metric("AWS/ApiGateway", "5XXError", api), Metric("AWS/ApiGateway", "Count", api)
    yield AlarmRule(
        name="api-server-errors",
        page="api-server-errors",
        meaning="The API answered a 5xx: read the failure lines in the log of that route's function",
        severity="warning",
        metrics={"errors": errors},
        stops_release=True,
    )
    yield AlarmRule(
        name="api-server-error-burst",
        page="api-server-errors",
        meaning=f"At least {BURST_SHARE_MAX_PERCENT} % of all requests get a 5xx: producers and consumers are failing",
        severity="critical",
        metrics={"errors": errors, "requests": requests},
        expression=f"100 * FILL(errors, 0) / (FILL(requests, 0) + {BURST_DENOMINATOR_OFFSET})",
        threshold=BURST_SHARE_MAX_PERCENT,
    )


def _function_alarms(stage: str, spec: FunctionSpec) -> Iterator[AlarmRule]:
    folder = spec.folder
    for metric, meaning in (
        ("Errors", "an invocation raised an error or timed out; read its log"),
        ("Throttles", "a concurrency limit throttles it; check the account's limit and the callers"),
    ):
        yield AlarmRule(
            name=f"{folder}-{metric}".lower().replace("_", "-"),
            page=f"function-{metric.lower()}",
            meaning=f"{folder}: {meaning}",
            severity="warning",
            metrics={
                metric.lower(): Metric(
                    "AWS/Lambda", metric, {"FunctionName": names.physical_name(stage, folder)}
                )
            },
            stops_release=metric == "Errors" and spec.raises_errors and spec.stops_release,
        )


def _table_alarms(stage: str, table: names.TableName) -> Iterator[AlarmRule]:
    """Alarm on throttled reads and writes of one table.

    A table that is not throttled sends no data, and an alarm on AWS/DynamoDB alone would then keep its ALARM
    state. Adding zero times the monitor's heartbeat, which is sent each minute, gives every minute a value.
    """
    beats = Metric(names.metrics_namespace(stage), HEARTBEAT.name, {"worker": "freshness_monitor"})
    for kind in ("Read", "Write"):
        throttled = Metric(
            "AWS/DynamoDB", f"{kind}ThrottleEvents", {"TableName": names.table_name(stage, table)}
        )
        yield AlarmRule(
            name=f"{table.replace('_', '-')}-{kind.lower()}-throttles",
            page="table-throttles",
            meaning=f"Table {table} throttles {kind.lower()}s: find the most active world in the API's log",
            severity="warning",
            metrics={"throttled": throttled, "beats": beats},
            expression="FILL(throttled, 0) + 0 * FILL(beats, 0)",
        )


def _relay_alarms(stage: str) -> Iterator[AlarmRule]:
    relay = {"FunctionName": names.physical_name(stage, "event_relay")}
    yield AlarmRule(
        name="event-relay-iterator-age",
        page="relay-iterator-age",
        meaning="Stored snapshots wait to be announced: read the relay's log and its failure queue",
        severity="critical",
        metrics={"age": Metric("AWS/Lambda", "IteratorAge", relay, "Maximum")},
        threshold=ITERATOR_AGE_MAX_MS,
        period_seconds=MINUTE_SECONDS,
        periods=SLOW_PERIODS,
    )
    yield _queue_depth(
        names.relay_failures_name(stage),
        "relay-failures",
        "relay-failures",
        "A stored record could not be announced: read its keys, fix the cause, redrive",
        "critical",
        stops_release=True,
    )


def _worker_alarms(stage: str, spec: FunctionSpec) -> Iterator[AlarmRule]:
    worker, name = spec.folder, spec.folder.replace("_", "-")
    yield _queue_depth(
        names.dead_letter_queue_name(stage, worker),
        f"{name}-dead-letters",
        "dead-letters",
        f"{worker} has dead letters: read one message and its correlation id's log, fix the cause, redrive",
        spec.queue_severity,
    )
    yield AlarmRule(
        name=f"{name}-queue-age",
        page="queue-age",
        meaning=f"Events wait too long for {worker}: check its errors and throttles",
        severity=spec.queue_severity,
        metrics={
            "age": Metric(
                "AWS/SQS",
                "ApproximateAgeOfOldestMessage",
                {"QueueName": names.queue_name(stage, worker)},
                "Maximum",
            )
        },
        threshold=QUEUE_AGE_MAX_SECONDS,
        period_seconds=MINUTE_SECONDS,
        periods=SLOW_PERIODS,
    )


def _queue_depth(  # noqa: PLR0913 - an alarm is exactly these words
    queue: str, name: str, page: str, meaning: str, severity: Severity, *, stops_release: bool = False
) -> AlarmRule:
    return AlarmRule(
        name=name,
        page=page,
        meaning=meaning,
        severity=severity,
        metrics={
            "depth": Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": queue}, "Maximum")
        },
        stops_release=stops_release,
    )


def _hourly_heartbeat(stage: str, folder: names.FunctionFolder) -> AlarmRule:
    return AlarmRule(
        name=f"{folder}-heartbeat".replace("_", "-"),
        page="schedule-heartbeat",
        meaning=f"{folder} did not run within its hourly schedule: check the schedule",
        severity="warning",
        metrics={
            "runs": Metric("AWS/Lambda", "Invocations", {"FunctionName": names.physical_name(stage, folder)})
        },
        comparison="under",
        period_seconds=HOUR_SECONDS,
        periods=HOURS_MISSED,
        missing_data=MISSING_IS_ALARM,
    )


def _undelivered_notifications(stage: str, severity: Severity) -> AlarmRule:
    """Alarm on failed deliveries of one topic, sent to the other topic."""
    (other,) = (each for each in SEVERITIES if each != severity)
    return AlarmRule(
        name=f"alarms-{severity}-undelivered",
        page="alarms-undelivered",
        meaning=f"A subscriber of {severity} alarms could not be reached: check the topic's subscriptions",
        severity=other,
        metrics={
            "failed": Metric(
                "AWS/SNS",
                "NumberOfNotificationsFailed",
                {"TopicName": names.alarm_topic_name(stage, severity)},
            )
        },
    )
