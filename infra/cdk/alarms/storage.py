"""Alarms on the storage of snapshots: the size of a world in the table, and its history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.cdk.alarms.outcomes import hub_metric
from infra.cdk.alarms.rule import (
    DAY_SECONDS,
    HOUR_SECONDS,
    MISSING_IS_ALARM,
    MISSING_KEEPS_STATE,
    AlarmRule,
    Metric,
)
from risk_hub_contracts.base import metrics
from risk_hub_contracts.base.limits import HOT_WINDOW_MAX_GIGABYTES, WORLD_SIZE_ALARM_GIGABYTES
from risk_hub_contracts.base.problems import WORLD_FULL

if TYPE_CHECKING:
    from collections.abc import Iterator

HISTORY_LAG_MAX_HOURS: Final = 6
HISTORY_LAG_PERIODS: Final = 3
UNRECONCILED_MAX_DAYS: Final = 3


def world_size(stage: str, data_stage: str) -> AlarmRule:
    """Alarm on the largest world of the last hour; without a put, the size does not change.

    The period is longer than the pauses of a world: in a period with puts of small worlds only, the alarm ends.
    """
    return AlarmRule(
        name=f"world-size-{data_stage}",
        page="world-size",
        meaning=(
            f"A {data_stage} world may hold more than {WORLD_SIZE_ALARM_GIGABYTES} GB of the "
            f"{HOT_WINDOW_MAX_GIGABYTES} GB that its snapshots may use in the table"
        ),
        severity="warning",
        metrics={"gigabytes": hub_metric(stage, metrics.WORLD_SIZE, "Maximum", stage=data_stage)},
        threshold=WORLD_SIZE_ALARM_GIGABYTES,
        period_seconds=HOUR_SECONDS,
        missing_data=MISSING_KEEPS_STATE,
    )


def world_full(stage: str) -> AlarmRule:
    """Alarm on each snapshot that is refused because its world is full."""
    return AlarmRule(
        name="world-full",
        page="world-size",
        meaning="A world is full: the hub refuses each of its new snapshots, and its producers do not repeat them",
        severity="critical",
        metrics={"refused": hub_metric(stage, metrics.HTTP_REFUSED, reason=WORLD_FULL.slug)},
    )


def history_alarms(stage: str) -> Iterator[AlarmRule]:
    """Alarm on overdue moves, on a mover that does not run, and on history that differs from its table."""

    def mover(metric: metrics.Metric, statistic: str) -> Metric:
        return hub_metric(stage, metric, statistic, worker="snapshot_mover")

    yield AlarmRule(
        name="history-lag",
        page="history-lag",
        meaning="Old snapshots are not moved to history: their worlds grow until no more snapshots are accepted",
        severity="warning",
        metrics={"lag": mover(metrics.HISTORY_LAG, "Maximum")},
        threshold=HISTORY_LAG_MAX_HOURS * HOUR_SECONDS,
        period_seconds=HOUR_SECONDS,
        periods=HISTORY_LAG_PERIODS,
        missing_data=MISSING_IS_ALARM,
    )
    yield AlarmRule(
        name="history-difference",
        page="history-difference",
        meaning="The history of a world is not what the table lists: a snapshot may be missing or changed",
        severity="critical",
        metrics={"differences": mover(metrics.HISTORY_DIFFERENCE, "Sum")},
    )
    yield AlarmRule(
        name="history-unreconciled",
        page="history-difference",
        meaning=f"The history of a world was not compared with the table for {UNRECONCILED_MAX_DAYS} days",
        severity="warning",
        metrics={"ago": mover(metrics.HISTORY_UNRECONCILED, "Maximum")},
        threshold=UNRECONCILED_MAX_DAYS * DAY_SECONDS,
        period_seconds=HOUR_SECONDS,
    )
