"""The two dashboards: operators see whether the hub works, owners see the state of their worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra import names
from infra.cdk.dashboards.panel import Graph, Line, LogTable, Metric, Panel, WorldGraph
from infra.functions import FUNCTION_FOLDERS, REPORT_WORKERS, WORKER_EVENTS
from risk_hub_contracts.base import metrics as m
from risk_hub_contracts.policies.evaluation_policy import STAGES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.environments import EnvironmentSpec
    from risk_hub_contracts.reports.risk import RiskStatus

Rows = tuple[tuple[Panel, ...], ...]


def operators(environment: EnvironmentSpec) -> Rows:
    """Return the operators' panels: freshness, requests, functions, queues, failures, tokens, worlds, history."""
    return (
        _freshness(environment),
        _requests(environment),
        _functions(environment),
        _queues(environment),
        _world_panels(environment),
        _history(environment),
    )


def owners(environment: EnvironmentSpec) -> Rows:
    """Return the owners' panels: worlds, their results, risk numbers, and the limits that they exceeded."""
    by_stage = environment.stage_allow_list
    namespace = names.metrics_namespace(environment.name)
    return (
        (
            Graph("Registered worlds", "worlds", _stage_lines(environment, m.WORLDS_EXPECTED, by_stage)),
            Graph(
                "Worlds without an expectation",
                "worlds",
                _stage_lines(environment, m.WORLDS_UNEXPECTED, by_stage),
            ),
            Graph(
                "Snapshots stored",
                "snapshots",
                _stage_lines(environment, m.SNAPSHOT_PROCESSED, by_stage, "Sum"),
            ),
        ),
        (
            WorldGraph("Lag of each world", "s", namespace, m.SNAPSHOT_LAG.name),
            WorldGraph("Worlds that never published", "worlds", namespace, m.SNAPSHOT_MISSING.name),
            Graph("Worst lag", "s", _stage_lines(environment, m.SNAPSHOT_LAG, by_stage)),
        ),
        (
            Graph(
                "Validation success rate",
                "%",
                _stage_lines(environment, m.VALIDATION_SUCCESS, by_stage, "Average"),
            ),
            Graph("Evaluations with missing numbers", "evaluations", _incomplete(environment)),
            Graph("Verdicts of callers and of the hub", "strategies", _verdicts(environment)),
        ),
        (
            LogTable(
                "Risk numbers (99 %)",
                "exit_engine",
                ("value_at_risk", "expected_shortfall", "world_id", "stage"),
            ),
            LogTable(
                "Limits exceeded: exit signals",
                "exit_engine",
                ("world_id", "stage", "value_at_risk"),
                "evaluated",
            ),
        ),
    )


def _freshness(environment: EnvironmentSpec) -> tuple[Panel, ...]:
    by_stage = environment.stage_allow_list
    kinds = (
        ("late", m.WORLDS_LATE),
        ("stale", m.WORLDS_STALE),
        ("missing", m.SNAPSHOT_MISSING),
        ("quiet", m.WORLDS_QUIET),
    )
    counted = [
        Line(f"{label} {each}", _hub_metric(environment, metric, "Maximum", stage=each))
        for label, metric in kinds
        for each in by_stage
    ]
    beats = Line("heartbeat", _hub_metric(environment, m.HEARTBEAT, "Sum", worker="freshness_monitor"))
    return (
        Graph("Worst lag", "s", _stage_lines(environment, m.SNAPSHOT_LAG, by_stage)),
        Graph("Late, stale, missing, and suppressed by quiet hours", "worlds", tuple(counted)),
        Graph("Runs of the monitor", "passes", (beats,)),
    )


def _requests(environment: EnvironmentSpec) -> tuple[Panel, ...]:
    api = {"ApiName": names.physical_name(environment.name, "api"), "Stage": names.API_STAGE_NAME}
    refused = [
        Line(status, _hub_metric(environment, m.HTTP_REFUSED, "Sum", status=status))
        for status in ("401", "403", "409", "422", "5xx")
    ]
    return (
        Graph(
            "Requests",
            "requests",
            (
                Line("requests", Metric("AWS/ApiGateway", "Count", api)),
                Line("5xx", Metric("AWS/ApiGateway", "5XXError", api)),
            ),
        ),
        Graph("Latency, p99", "ms", (Line("latency", Metric("AWS/ApiGateway", "Latency", api, "p99")),)),
        Graph("Refusals by status", "requests", tuple(refused)),
    )


def _functions(environment: EnvironmentSpec) -> tuple[Panel, ...]:
    by_stage = environment.stage_allow_list
    blobs = [
        Line(f"blob {reason}", _hub_metric(environment, m.BLOB_ERRORS, "Sum", reason=reason))
        for reason in ("unusable", "unavailable")
    ]
    return (
        Graph("Duration, p99", "ms", _function_lines(environment, "Duration", "p99")),
        Graph("Function errors", "errors", _function_lines(environment, "Errors", "Sum")),
        Graph(
            "Repetitions and blob errors",
            "events",
            (*_stage_lines(environment, m.SNAPSHOT_DEDUPE, by_stage, "Sum"), *blobs),
        ),
    )


def _queues(environment: EnvironmentSpec) -> tuple[Panel, ...]:
    workers = list(WORKER_EVENTS)
    every = [
        *(names.queue_name(environment.name, worker) for worker in workers),
        *(names.dead_letter_queue_name(environment.name, worker) for worker in workers),
        names.relay_failures_name(environment.name),
    ]
    prefix = names.physical_name(environment.name, "")
    depth = [
        Line(
            queue.removeprefix(prefix),
            Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": queue}, "Maximum"),
        )
        for queue in every
    ]
    failure_metrics = (
        ("failed", m.SNAPSHOT_FAILED),
        ("expired", m.SNAPSHOT_EXPIRED),
        ("retried", m.SNAPSHOT_RETRY),
    )
    failed = [
        Line(f"{label} {worker}", _hub_metric(environment, metric, "Sum", worker=worker))
        for label, metric in failure_metrics
        for worker in workers
    ]
    delay = [
        Line(worker, _hub_metric(environment, m.PROCESSING_DELAY, "p99", worker=worker))
        for worker in ("event_relay", *workers)
    ]
    return (
        Graph("Waiting messages", "messages", tuple(depth)),
        Graph("Time from an event until it was handled, p99", "s", tuple(delay)),
        Graph("Failed, expired, retried", "events", tuple(failed)),
    )


def _world_panels(environment: EnvironmentSpec) -> tuple[Panel, ...]:
    namespace = names.metrics_namespace(environment.name)
    end = Line("first end", _hub_metric(environment, m.TOKEN_END, "Minimum", worker="freshness_monitor"))
    return (
        WorldGraph("Repetitions of each world", "snapshots", namespace, m.SNAPSHOT_DEDUPE.name, "Sum"),
        WorldGraph("Expired events of each world", "events", namespace, m.SNAPSHOT_EXPIRED.name, "Sum"),
        Graph("Time until a token without a successor ends", "s", (end,)),
    )


def _history(environment: EnvironmentSpec) -> tuple[Panel, ...]:
    def line(label: str, metric: m.Metric, statistic: str) -> Line:
        return Line(label, _hub_metric(environment, metric, statistic, worker="snapshot_mover"))

    return (
        Graph("Snapshots moved to history", "snapshots", (line("moved", m.HISTORY_MOVED, "Sum"),)),
        Graph(
            "Oldest snapshot beyond its window, and the last comparison",
            "s",
            (
                line("waiting for its move", m.HISTORY_LAG, "Maximum"),
                line("since the last comparison", m.HISTORY_UNRECONCILED, "Maximum"),
            ),
        ),
        Graph("Differences of history", "days", (line("differences", m.HISTORY_DIFFERENCE, "Sum"),)),
    )


def _incomplete(environment: EnvironmentSpec) -> tuple[Line, ...]:
    """Return lines for the paging stages only; lines for every stage would be unreadable."""
    statuses: tuple[RiskStatus, ...] = ("partial", "insufficient", "invalid_input")
    return tuple(
        Line(
            f"{worker} {status} {each}",
            _hub_metric(environment, m.REPORTS, "Sum", stage=each, status=status, worker=worker),
        )
        for each in environment.paging_stages
        for worker in REPORT_WORKERS
        for status in statuses
    )


def _verdicts(environment: EnvironmentSpec) -> tuple[Line, ...]:
    kinds = (("compared", m.VERDICTS_COMPARED), ("differ", m.VERDICT_DISAGREEMENTS))
    return tuple(
        Line(f"{label} {stage}", _hub_metric(environment, metric, "Sum", stage=stage))
        for stage in STAGES
        for label, metric in kinds
    )


def _function_lines(environment: EnvironmentSpec, metric: str, statistic: str) -> tuple[Line, ...]:
    return tuple(
        Line(
            folder,
            Metric(
                "AWS/Lambda",
                metric,
                {"FunctionName": names.physical_name(environment.name, folder)},
                statistic,
            ),
        )
        for folder in FUNCTION_FOLDERS
    )


def _stage_lines(
    environment: EnvironmentSpec, metric: m.Metric, data_stages: Iterable[str], statistic: str = "Maximum"
) -> tuple[Line, ...]:
    return tuple(Line(each, _hub_metric(environment, metric, statistic, stage=each)) for each in data_stages)


def _hub_metric(stage: EnvironmentSpec, metric: m.Metric, statistic: str, /, **dimensions: str) -> Metric:
    return Metric(names.metrics_namespace(stage.name), metric.name, dimensions, statistic)
