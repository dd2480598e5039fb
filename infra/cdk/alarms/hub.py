"""Alarms on the metrics of `risk_hub_contracts.base.metrics`: freshness, traffic, refusals, blobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra import names
from infra.cdk.alarms.outcomes import hub_metric, outcome_alarms
from infra.cdk.alarms.rule import (
    DAY_SECONDS,
    HOUR_SECONDS,
    MINUTE_SECONDS,
    MISSING_IS_ALARM,
    MISSING_KEEPS_STATE,
    AlarmRule,
    Metric,
)
from infra.cdk.alarms.storage import history_alarms, world_full, world_size
from infra.cdk.alarms.verdicts import verdict_alarms
from infra.functions import FUNCTIONS, WORKER_EVENTS
from risk_hub_contracts.base import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.environments import EnvironmentSpec, Severity
    from infra.function_spec import FunctionSpec

HEARTBEATS_MISSED: Final = 3
SPIKE_SHARE_PERCENT: Final = 50
# Added to the denominator: with no traffic, one harmless retry is not a spike; twenty are (or ten expired
# snapshots).
SPIKE_DENOMINATOR_OFFSET: Final = 20
REFUSED_SHARE_PERCENT: Final = 10
REFUSED_DENOMINATOR_OFFSET: Final = 200
FAILED_MESSAGES_MAX: Final = 5
UNAVAILABLE_BLOBS_MAX: Final = 5
UNANNOUNCED_PERIODS: Final = 2
TOKEN_END_LEAD_DAYS: Final = 14
# A token with a shorter lifetime, such as the smoke test's, raises no alarm.
TOKEN_END_HOURS: Final = 3
# Number of workers that handle a snapshot; each of them counts it as expired.
_WORKERS_PER_SNAPSHOT: Final = sum(names.SNAPSHOT_UPDATED in events for events in WORKER_EVENTS.values())


def hub_alarms(environment: EnvironmentSpec) -> Iterator[AlarmRule]:
    """Yield the hub's alarms, freshness first."""
    yield _heartbeat(environment.name)
    for data_stage in environment.stage_allow_list:
        severity: Severity = "critical" if data_stage in environment.paging_stages else "warning"
        yield from _freshness(environment.name, data_stage, severity)
        yield from _spikes(environment.name, data_stage)
        yield world_size(environment.name, data_stage)
    yield from outcome_alarms(environment)
    yield from verdict_alarms(environment.name)
    yield _token_end(environment.name)
    yield _relay_not_called(environment)
    yield from _rejected_requests(environment.name)
    yield world_full(environment.name)
    yield from _blobs(environment.name)
    yield from history_alarms(environment.name)
    for spec in FUNCTIONS.values():
        if spec.events:
            yield _failed_messages(environment.name, spec)


def _heartbeat(stage: str) -> AlarmRule:
    return AlarmRule(
        name="freshness-heartbeat",
        page="freshness-heartbeat",
        meaning="The freshness monitor does not run: missing updates raise no alarm",
        severity="critical",
        metrics={"beats": hub_metric(stage, metrics.HEARTBEAT, worker="freshness_monitor")},
        comparison="under",
        period_seconds=MINUTE_SECONDS,
        periods=HEARTBEATS_MISSED,
        missing_data=MISSING_IS_ALARM,
        stops_release=True,
    )


def _freshness(stage: str, data_stage: str, severity: Severity) -> Iterator[AlarmRule]:
    """Alarm on stale and missing worlds; the heartbeat alarm covers a monitor that does not run."""
    kinds: tuple[tuple[str, metrics.Metric, Severity, str], ...] = (
        (
            "snapshot-lag-warn",
            metrics.WORLDS_LATE,
            "warning",
            "is late: its newest snapshot is older than its warning limit",
        ),
        (
            "snapshot-lag-critical",
            metrics.WORLDS_STALE,
            severity,
            "is stale: decisions use an old book",
        ),
        ("snapshot-missing", metrics.SNAPSHOT_MISSING, severity, "is registered but has never published"),
        (
            "snapshot-silence-spreads",
            metrics.SILENCE_SPREAD,
            severity,
            "became stale or missing while another one already was: an alarm that is already in ALARM cannot notify again",
        ),
    )
    for name, metric, alarm_severity, meaning in kinds:
        yield AlarmRule(
            name=f"{name}-{data_stage}",
            page=name,
            meaning=f"A {data_stage} world {meaning}",
            severity=alarm_severity,
            metrics={"worlds": hub_metric(stage, metric, "Maximum", stage=data_stage)},
            period_seconds=MINUTE_SECONDS,
            missing_data=MISSING_KEEPS_STATE,
        )


def _spikes(stage: str, data_stage: str) -> Iterator[AlarmRule]:
    stored = hub_metric(stage, metrics.SNAPSHOT_PROCESSED, stage=data_stage)
    yield AlarmRule(
        name=f"dedupe-spike-{data_stage}",
        page="dedupe-spike",
        meaning=f"Most snapshots that producers of {data_stage} send are already stored",
        severity="warning",
        metrics={"repeated": hub_metric(stage, metrics.SNAPSHOT_DEDUPE, stage=data_stage), "stored": stored},
        expression=f"100 * FILL(repeated, 0) / (FILL(repeated, 0) + FILL(stored, 0) + {SPIKE_DENOMINATOR_OFFSET})",
        threshold=SPIKE_SHARE_PERCENT,
    )
    yield AlarmRule(
        name=f"expired-spike-{data_stage}",
        page="expired-spike",
        meaning=f"Snapshots of {data_stage} expire before the workers process them",
        severity="warning",
        metrics={"expired": hub_metric(stage, metrics.SNAPSHOT_EXPIRED, stage=data_stage), "stored": stored},
        expression=f"100 * FILL(expired, 0) / ({_WORKERS_PER_SNAPSHOT} * FILL(stored, 0) + {SPIKE_DENOMINATOR_OFFSET})",
        threshold=SPIKE_SHARE_PERCENT,
    )


def _token_end(stage: str) -> AlarmRule:
    """Alarm on the longest time left in each hour: a token that exists only for minutes does not count."""
    return AlarmRule(
        name="token-end",
        page="token-end",
        meaning=f"A token expires within {TOKEN_END_LEAD_DAYS} days and has no successor: its callers will be refused",
        severity="warning",
        metrics={"left": hub_metric(stage, metrics.TOKEN_END, "Maximum", worker="freshness_monitor")},
        threshold=TOKEN_END_LEAD_DAYS * DAY_SECONDS,
        comparison="under",
        period_seconds=HOUR_SECONDS,
        periods=TOKEN_END_HOURS,
    )


def _relay_not_called(environment: EnvironmentSpec) -> AlarmRule:
    """Alarm on a relay that is not called, and so has no iterator age, until it announces again."""
    stored = {
        f"stored{number}": hub_metric(environment.name, metrics.SNAPSHOT_PROCESSED, stage=data_stage)
        for number, data_stage in enumerate(environment.stage_allow_list)
    }
    stored_sum = " + ".join(f"FILL({each}, 0)" for each in stored)
    return AlarmRule(
        name="event-relay-silent",
        page="relay-iterator-age",
        meaning="Stored snapshots are not announced: the relay is not called; check its event source mappings",
        severity="critical",
        metrics={
            "announced": hub_metric(environment.name, metrics.WORKER_PROCESSED, worker="event_relay"),
            **stored,
        },
        expression=f"IF(FILL(announced, 0) < 1, {stored_sum}, 0)",
        periods=UNANNOUNCED_PERIODS,
    )


def _rejected_requests(stage: str) -> Iterator[AlarmRule]:
    api = {"ApiName": names.physical_name(stage, "api"), "Stage": names.API_STAGE_NAME}
    requests = Metric("AWS/ApiGateway", "Count", api)
    for name, first, second, meaning in (
        (
            "unauthorized-burst",
            "401",
            "403",
            "Callers are refused because of their token: it was rotated, or an attack is in progress",
        ),
        ("refusal-burst", "409", "422", "Producers' snapshots are refused because they break the contract"),
    ):
        yield AlarmRule(
            name=name,
            page=name,
            meaning=meaning,
            severity="warning",
            metrics={
                "first": hub_metric(stage, metrics.HTTP_REFUSED, status=first),
                "second": hub_metric(stage, metrics.HTTP_REFUSED, status=second),
                "requests": requests,
            },
            expression=f"100 * (FILL(first, 0) + FILL(second, 0)) / (FILL(requests, 0) + {REFUSED_DENOMINATOR_OFFSET})",
            threshold=REFUSED_SHARE_PERCENT,
        )


def _blobs(stage: str) -> Iterator[AlarmRule]:
    for reason, threshold, meaning in (
        ("unusable", 1, "A blob is missing or does not match its digest: nothing was computed from it"),
        ("unavailable", UNAVAILABLE_BLOBS_MAX, "The blob store is unavailable"),
    ):
        yield AlarmRule(
            name=f"blobs-{reason}",
            page="blob-errors",
            meaning=meaning,
            severity="warning",
            metrics={"errors": hub_metric(stage, metrics.BLOB_ERRORS, reason=reason)},
            threshold=threshold,
        )


def _failed_messages(stage: str, spec: FunctionSpec) -> AlarmRule:
    """Alarm on messages that a worker returns to its queue: AWS counts no function error for them."""
    return AlarmRule(
        name=f"{spec.folder}-message-failures".replace("_", "-"),
        page="message-failures",
        meaning=f"{spec.folder} returns messages to its queue: after five receives they become dead letters",
        severity="warning",
        metrics={"failed": hub_metric(stage, metrics.SNAPSHOT_FAILED, worker=spec.folder)},
        threshold=FAILED_MESSAGES_MAX,
        stops_release=spec.stops_release,
    )
