"""Recorded metrics, minute by minute, of the condition that each alarm detects.

The metrics are written by hand, as AWS and the functions write them; nothing is read from the alarm table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.cdk.alarms.rule import Metric
from infra.functions import FUNCTION_FOLDERS, WORKER_EVENTS
from infra.names import TableName, table_name

HUB = "RiskSignalHub/local"
DATA_STAGES = ("backtest", "paper", "live")
WORKERS = tuple(worker.replace("_", "-") for worker in WORKER_EVENTS)
TABLES: tuple[TableName, ...] = (
    "snapshots",
    "worlds",
    "evaluations",
    "marks",
    "segments",
    "policies",
    "evaluation_runs",
)
API = {"ApiName": "risk-hub-local-api", "Stage": "v1"}
INCIDENT_START_MINUTE = 10
"""The minute in which each story's trouble begins; before it and after it all is calm."""


@dataclass(frozen=True)
class Scenario:
    """One condition that raises an alarm.

    Attributes:
        alarm: the alarm that fires.
        values_during: values recorded in each minute of the trouble, instead of the calm value; None means no data.
        minutes: duration of the trouble.
        minutes_to_alarm: minutes from the start of the trouble until the alarm fires.
        minutes_to_ok: minutes from the end of the trouble until the alarm is over.
        other_alarms: alarms that fire as well, since the condition is also theirs.
    """

    alarm: str
    values_during: Mapping[str, float | None]
    minutes: int = 1
    minutes_to_alarm: int = 1
    minutes_to_ok: int = 5
    other_alarms: tuple[str, ...] = ()


def metrics_by_name() -> dict[str, Metric]:
    """Return the metrics by short names."""
    return dict(_named_metrics())


def _named_metrics() -> Iterator[tuple[str, Metric]]:
    yield "requests", Metric("AWS/ApiGateway", "Count", API)
    yield "server errors", Metric("AWS/ApiGateway", "5XXError", API)
    yield "heartbeat", Metric(HUB, "risk_hub_heartbeat_total", {"worker": "freshness_monitor"})
    for status in ("401", "403", "409", "422"):
        yield f"answered {status}", Metric(HUB, "risk_hub_http_refused_total", {"status": status})
    yield "world full", Metric(HUB, "risk_hub_http_refused_total", {"reason": "world-full"})
    for reason in ("unusable", "unavailable"):
        yield f"blob {reason}", Metric(HUB, "risk_hub_blob_errors_total", {"reason": reason})
    for stage in DATA_STAGES:
        for what, name in (
            ("late", "worlds_late"),
            ("stale", "worlds_stale"),
            ("missing", "snapshot_missing"),
            ("spread", "worlds_silence_spread"),
            ("stored", "snapshot_processed"),
            ("repeated", "snapshot_dedupe"),
            ("expired", "snapshot_expired"),
        ):
            yield f"{what} {stage}", Metric(HUB, f"risk_hub_{name}_total", {"stage": stage})
        yield f"largest world {stage}", Metric(HUB, "risk_hub_world_size_gigabytes", {"stage": stage})
        for what in ("verdicts_compared", "verdict_disagreements"):
            yield f"{what} {stage}", Metric(HUB, f"risk_hub_{what}_total", {"stage": stage})
        yield f"success {stage}", Metric(HUB, "risk_hub_validation_success_percent", {"stage": stage})
    yield "token end", Metric(HUB, "risk_hub_token_end_seconds", {"worker": "freshness_monitor"})
    for what in ("lag", "difference", "unreconciled"):
        name = f"risk_hub_history_{what}_{'total' if what == 'difference' else 'seconds'}"
        yield f"history {what}", Metric(HUB, name, {"worker": "snapshot_mover"})
    yield "anchored hours", Metric(HUB, "risk_hub_anchored_hours_total", {"worker": "anchor_keeper"})
    for worker in WORKERS:
        for status in ("partial", "insufficient", "invalid_input"):
            dimensions = {"worker": worker.replace("-", "_"), "stage": "live", "status": status}
            yield f"live {worker} {status}", Metric(HUB, "risk_hub_reports_total", dimensions)
    yield from _function_metrics()
    yield from _queue_and_table_metrics()


def _function_metrics() -> Iterator[tuple[str, Metric]]:
    for folder in FUNCTION_FOLDERS:
        function = folder.replace("_", "-")
        dimensions = {"FunctionName": f"risk-hub-local-{function}"}
        yield f"errors {function}", Metric("AWS/Lambda", "Errors", dimensions)
        yield f"throttles {function}", Metric("AWS/Lambda", "Throttles", dimensions)
    yield "announced", Metric(HUB, "risk_hub_worker_processed_total", {"worker": "event_relay"})
    yield "reaper runs", Metric("AWS/Lambda", "Invocations", {"FunctionName": "risk-hub-local-blob-reaper"})
    yield "anchor runs", Metric("AWS/Lambda", "Invocations", {"FunctionName": "risk-hub-local-anchor-keeper"})
    relay = {"FunctionName": "risk-hub-local-event-relay"}
    yield "iterator age", Metric("AWS/Lambda", "IteratorAge", relay)
    for worker in WORKERS:
        dimensions = {"worker": worker.replace("-", "_")}
        yield f"failed {worker}", Metric(HUB, "risk_hub_snapshot_failed_total", dimensions)


def _queue_and_table_metrics() -> Iterator[tuple[str, Metric]]:
    visible = "ApproximateNumberOfMessagesVisible"
    for worker in WORKERS:
        dead = {"QueueName": f"risk-hub-local-{worker}-dead-letters"}
        yield f"dead {worker}", Metric("AWS/SQS", visible, dead)
        queue = {"QueueName": f"risk-hub-local-{worker}"}
        yield f"age {worker}", Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", queue)
    relay_failures = {"QueueName": "risk-hub-local-event-relay-failures"}
    yield "failure queue", Metric("AWS/SQS", visible, relay_failures)
    for table in TABLES:
        for kind in ("Read", "Write"):
            dimensions = {"TableName": table_name("local", table)}
            yield f"{kind.lower()} {table}", Metric("AWS/DynamoDB", f"{kind}ThrottleEvents", dimensions)
    for severity in ("critical", "warning"):
        topic = {"TopicName": f"risk-hub-local-alarms-{severity}"}
        yield f"undelivered {severity}", Metric("AWS/SNS", "NumberOfNotificationsFailed", topic)


def normal_values() -> dict[str, float]:
    """Return the metrics of a normal minute: some traffic, a harmless retry, and an occasional refusal."""
    values = {
        "requests": 40.0,
        "server errors": 0.0,
        "heartbeat": 1.0,
        "reaper runs": 1.0,
        "anchor runs": 1.0,
        "anchored hours": 1.0,
        "answered 422": 1.0,
        "iterator age": 400.0,
        "announced": 30.0,
        "token end": 60 * 86_400.0,
        "history lag": 0.0,
        "history difference": 0.0,
        "history unreconciled": 43_200.0,
        "live risk-engine partial": 1.0,
        "live stress-engine insufficient": 1.0,
    }
    for stage in DATA_STAGES:
        values |= {f"late {stage}": 0, f"stale {stage}": 0, f"missing {stage}": 0, f"spread {stage}": 0}
        values |= {f"stored {stage}": 10, f"repeated {stage}": 1, f"expired {stage}": 1}
        values |= {f"success {stage}": 100, f"largest world {stage}": 1}
        values |= {f"verdicts_compared {stage}": 20, f"verdict_disagreements {stage}": 0}
    values |= {f"errors {folder.replace('_', '-')}": 0 for folder in FUNCTION_FOLDERS}
    for worker in WORKERS:
        values |= {f"dead {worker}": 0, f"age {worker}": 2}
    # Metrics absent here have no data in normal operation: blob errors, throttles, undelivered notifications.
    return values | {"failure queue": 0.0}


def scenarios() -> Iterator[Scenario]:
    """Yield a scenario for every alarm."""
    yield Scenario("freshness-heartbeat", {"heartbeat": None}, minutes=4, minutes_to_alarm=3, minutes_to_ok=1)
    yield Scenario(
        "blob-reaper-heartbeat", {"reaper runs": None}, minutes=182, minutes_to_alarm=180, minutes_to_ok=1
    )
    yield Scenario(
        "anchor-keeper-heartbeat", {"anchor runs": None}, minutes=182, minutes_to_alarm=180, minutes_to_ok=1
    )
    for anchored in (None, 0):
        yield Scenario(
            "runs-not-anchored",
            {"anchored hours": anchored},
            minutes=182,
            minutes_to_alarm=180,
            minutes_to_ok=1,
        )
    yield Scenario("api-server-errors", {"server errors": 1})
    yield Scenario("api-server-error-burst", {"server errors": 60}, other_alarms=("api-server-errors",))
    yield Scenario("unauthorized-burst", {"answered 401": 50, "answered 403": 10, "requests": 100})
    yield Scenario("refusal-burst", {"answered 409": 5, "answered 422": 60, "requests": 100})
    yield Scenario("world-full", {"world full": 1})
    yield Scenario("blobs-unusable", {"blob unusable": 1})
    yield Scenario("blobs-unavailable", {"blob unavailable": 5})
    yield Scenario(
        "event-relay-iterator-age", {"iterator age": 61_000}, minutes=4, minutes_to_alarm=3, minutes_to_ok=1
    )
    yield Scenario(
        "event-relay-silent", {"announced": None}, minutes=12, minutes_to_alarm=10, minutes_to_ok=1
    )
    yield Scenario("relay-failures", {"failure queue": 1})
    # Their periods are hours: an hour with one bad minute is bad.
    late, old = {"history lag": 6 * 3_600.0}, {"history unreconciled": 3 * 86_400.0}
    yield Scenario("history-lag", late, minutes=182, minutes_to_alarm=170, minutes_to_ok=60)
    yield Scenario("history-lag", {"history lag": None}, minutes=182, minutes_to_alarm=180, minutes_to_ok=1)
    yield Scenario("history-difference", {"history difference": 1})
    yield Scenario("history-unreconciled", old, minutes=62, minutes_to_alarm=50, minutes_to_ok=60)
    yield Scenario(
        "token-end", {"token end": 13 * 86_400}, minutes=182, minutes_to_alarm=180, minutes_to_ok=1
    )
    for worker, status in (
        ("risk-engine", "invalid_input"),
        ("risk-engine", "insufficient"),
        ("stress-engine", "invalid_input"),
    ):
        yield Scenario("risk-not-computed-live", {f"live {worker} {status}": 1})
    for status in ("partial", "insufficient"):
        yield Scenario("exit-limits-not-judged-live", {f"live exit-engine {status}": 1})
    for stage in DATA_STAGES:
        yield from _stage_scenarios(stage)
    for worker in WORKERS:
        yield from _worker_scenarios(worker)
    for folder in FUNCTION_FOLDERS:
        function = folder.replace("_", "-")
        yield Scenario(f"{function}-errors", {f"errors {function}": 1})
        yield Scenario(f"{function}-throttles", {f"throttles {function}": 3})
    for table in TABLES:
        for kind in ("read", "write"):
            yield Scenario(f"{table.replace('_', '-')}-{kind}-throttles", {f"{kind} {table}": 3})
    for severity in ("critical", "warning"):
        yield Scenario(f"alarms-{severity}-undelivered", {f"undelivered {severity}": 1})


def _stage_scenarios(stage: str) -> Iterator[Scenario]:
    yield Scenario(f"snapshot-lag-warn-{stage}", {f"late {stage}": 1}, minutes=20, minutes_to_ok=1)
    critical = {f"late {stage}": 2, f"stale {stage}": 1}
    yield Scenario(
        f"snapshot-lag-critical-{stage}",
        critical,
        minutes=3,
        minutes_to_ok=1,
        other_alarms=(f"snapshot-lag-warn-{stage}",),
    )
    yield Scenario(f"snapshot-missing-{stage}", {f"missing {stage}": 1}, minutes=3, minutes_to_ok=1)
    yield Scenario(f"snapshot-silence-spreads-{stage}", {f"spread {stage}": 1}, minutes=5, minutes_to_ok=1)
    yield Scenario(f"dedupe-spike-{stage}", {f"repeated {stage}": 100})
    yield Scenario(
        f"validation-success-{stage}", {f"success {stage}": 0}, minutes=3, minutes_to_alarm=3, minutes_to_ok=3
    )
    yield Scenario(f"verdict-disagreements-{stage}", {f"verdict_disagreements {stage}": 12})
    yield Scenario(f"expired-spike-{stage}", {f"expired {stage}": 100})
    # The local stage evaluates an alarm only after a whole period, here an hour that began with the metrics.
    yield Scenario(
        f"world-size-{stage}",
        {f"largest world {stage}": 2},
        minutes=60,
        minutes_to_alarm=60 - INCIDENT_START_MINUTE,
        minutes_to_ok=60,
    )


def _worker_scenarios(worker: str) -> Iterator[Scenario]:
    yield Scenario(f"{worker}-dead-letters", {f"dead {worker}": 1}, minutes=7)
    yield Scenario(
        f"{worker}-queue-age", {f"age {worker}": 301}, minutes=4, minutes_to_alarm=3, minutes_to_ok=1
    )
    yield Scenario(f"{worker}-message-failures", {f"failed {worker}": 5})
