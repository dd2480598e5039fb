"""Alarms on the metrics of `risk_hub_contracts.base.metrics`: freshness, traffic, refusals, blobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra import names
from infra.cdk.alarms.outcomes import outcome_alarms, own_metric
from infra.cdk.alarms.rule import (
    DAY_SECONDS,
    HOUR_SECONDS,
    MINUTE_SECONDS,
    QUIET_IS_BAD,
    QUIET_KEEPS_STATE,
    AlarmRule,
    Metric,
)
from risk_hub_contracts.base import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.environments import Severity, Stage

HEARTBEATS_MISSED: Final = 3
SPIKE_SHARE_PERCENT: Final = 50
# Added to the denominator: with no traffic, one harmless retry is not a spike; twenty are (or ten expired
# snapshots).
SPIKE_FREE_COUNT: Final = 20
REFUSED_SHARE_PERCENT: Final = 10
REFUSED_FREE_REQUESTS: Final = 200
FAILED_MESSAGES_MAX: Final = 5
UNAVAILABLE_BLOBS_MAX: Final = 5
UNANNOUNCED_PERIODS: Final = 2
TOKEN_END_LEAD_DAYS: Final = 14
# A token with a shorter lifetime, such as the smoke test's, raises no alarm.
TOKEN_END_HOURS: Final = 3
# Number of workers that handle a snapshot; each of them counts it as expired.
_HANDLINGS: Final = sum(names.SNAPSHOT_UPDATED in events for events in names.WORKER_EVENTS.values())


def hub_alarms(stage: Stage) -> Iterator[AlarmRule]:
    """Yield the hub's alarms, freshness first."""
    yield _heartbeat(stage.name)
    for data_stage in stage.stage_allow_list:
        severity: Severity = "critical" if data_stage in stage.paging_stages else "warning"
        yield from _freshness(stage.name, data_stage, severity)
        yield from _spikes(stage.name, data_stage)
    yield from outcome_alarms(stage)
    yield _token_end(stage.name)
    yield _silent_relay(stage)
    yield from _refusals(stage.name)
    yield from _blobs(stage.name)
    for worker in names.WORKER_EVENTS:
        yield _failed_messages(stage.name, worker)


def _heartbeat(stage: str) -> AlarmRule:
    return AlarmRule(
        name="freshness-heartbeat",
        page="freshness-heartbeat",
        meaning="The freshness monitor does not run: a world that stops publishing raises no alarm",
        severity="critical",
        metrics={"beats": own_metric(stage, metrics.HEARTBEAT, worker="freshness_monitor")},
        wrong_when="under",
        period_seconds=MINUTE_SECONDS,
        periods=HEARTBEATS_MISSED,
        silence=QUIET_IS_BAD,
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
            "became stale or missing while another one was: the alarm that is already on cannot notify again",
        ),
    )
    for name, metric, told, meaning in kinds:
        yield AlarmRule(
            name=f"{name}-{data_stage}",
            page=name,
            meaning=f"A {data_stage} world {meaning}",
            severity=told,
            metrics={"worlds": own_metric(stage, metric, "Maximum", stage=data_stage)},
            period_seconds=MINUTE_SECONDS,
            silence=QUIET_KEEPS_STATE,
        )


def _spikes(stage: str, data_stage: str) -> Iterator[AlarmRule]:
    stored = own_metric(stage, metrics.SNAPSHOT_PROCESSED, stage=data_stage)
    yield AlarmRule(
        name=f"dedupe-spike-{data_stage}",
        page="dedupe-spike",
        meaning=f"Most snapshots that producers of {data_stage} send are already stored",
        severity="warning",
        metrics={"repeated": own_metric(stage, metrics.SNAPSHOT_DEDUPE, stage=data_stage), "stored": stored},
        expression=f"100 * FILL(repeated, 0) / (FILL(repeated, 0) + FILL(stored, 0) + {SPIKE_FREE_COUNT})",
        threshold=SPIKE_SHARE_PERCENT,
    )
    yield AlarmRule(
        name=f"expired-spike-{data_stage}",
        page="expired-spike",
        meaning=f"Snapshots of {data_stage} expire before the workers process them",
        severity="warning",
        metrics={"expired": own_metric(stage, metrics.SNAPSHOT_EXPIRED, stage=data_stage), "stored": stored},
        expression=f"100 * FILL(expired, 0) / ({_HANDLINGS} * FILL(stored, 0) + {SPIKE_FREE_COUNT})",
        threshold=SPIKE_SHARE_PERCENT,
    )


def _token_end(stage: str) -> AlarmRule:
    """Alarm on the maximum of each hour: a token created and revoked within the hour does not count."""
    return AlarmRule(
        name="token-end",
        page="token-end",
        meaning=f"A token expires within {TOKEN_END_LEAD_DAYS} days and has no successor: its callers will be refused",
        severity="warning",
        metrics={"left": own_metric(stage, metrics.TOKEN_END, "Maximum", worker="freshness_monitor")},
        threshold=TOKEN_END_LEAD_DAYS * DAY_SECONDS,
        wrong_when="under",
        period_seconds=HOUR_SECONDS,
        periods=TOKEN_END_HOURS,
    )


def _silent_relay(stage: Stage) -> AlarmRule:
    """Alarm on a relay that is not called, and so has no iterator age, until it announces again."""
    stored = {
        f"stored{number}": own_metric(stage.name, metrics.SNAPSHOT_PROCESSED, stage=data_stage)
        for number, data_stage in enumerate(stage.stage_allow_list)
    }
    together = " + ".join(f"FILL({each}, 0)" for each in stored)
    return AlarmRule(
        name="event-relay-silent",
        page="relay-iterator-age",
        meaning="Stored snapshots are not announced: the relay is not called; check its event source mappings",
        severity="critical",
        metrics={
            "announced": own_metric(stage.name, metrics.WORKER_PROCESSED, worker="event_relay"),
            **stored,
        },
        expression=f"IF(FILL(announced, 0) < 1, {together}, 0)",
        periods=UNANNOUNCED_PERIODS,
    )


def _refusals(stage: str) -> Iterator[AlarmRule]:
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
                "first": own_metric(stage, metrics.HTTP_REFUSED, status=first),
                "second": own_metric(stage, metrics.HTTP_REFUSED, status=second),
                "requests": requests,
            },
            expression=f"100 * (FILL(first, 0) + FILL(second, 0)) / (FILL(requests, 0) + {REFUSED_FREE_REQUESTS})",
            threshold=REFUSED_SHARE_PERCENT,
        )


def _blobs(stage: str) -> Iterator[AlarmRule]:
    for reason, threshold, meaning in (
        ("unusable", 1, "A blob is missing or does not match its digest: nothing was computed from it"),
        ("unavailable", UNAVAILABLE_BLOBS_MAX, "The blob store does not answer"),
    ):
        yield AlarmRule(
            name=f"blobs-{reason}",
            page="blob-errors",
            meaning=meaning,
            severity="warning",
            metrics={"errors": own_metric(stage, metrics.BLOB_ERRORS, reason=reason)},
            threshold=threshold,
        )


def _failed_messages(stage: str, worker: names.FunctionFolder) -> AlarmRule:
    """Alarm on messages that a worker returns to its queue: AWS counts no function error for them."""
    return AlarmRule(
        name=f"{worker}-message-failures".replace("_", "-"),
        page="message-failures",
        meaning=f"{worker} returns messages to its queue: after five receives they become dead letters",
        severity="warning",
        metrics={"failed": own_metric(stage, metrics.SNAPSHOT_FAILED, worker=worker)},
        threshold=FAILED_MESSAGES_MAX,
        stops_release=True,
    )
