"""Alarms on the evaluation of strategies: the anchors of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.cdk.alarms.outcomes import hub_metric
from infra.cdk.alarms.rule import HOUR_SECONDS, MISSING_IS_ALARM, AlarmRule
from risk_hub_contracts.base import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

UNANCHORED_MAX_HOURS: Final = 3


def evaluation_alarms(stage: str) -> Iterator[AlarmRule]:
    """Yield the alarms on anchors: without them, a removed or rewritten run cannot be detected."""
    yield AlarmRule(
        name="runs-not-anchored",
        page="runs-not-anchored",
        meaning=f"No hour of evaluation runs was anchored for {UNANCHORED_MAX_HOURS} hours: read anchor_keeper's log",
        severity="warning",
        metrics={"hours": hub_metric(stage, metrics.ANCHORED_HOURS, "Sum", worker="anchor_keeper")},
        comparison="under",
        period_seconds=HOUR_SECONDS,
        periods=UNANCHORED_MAX_HOURS,
        missing_data=MISSING_IS_ALARM,
    )
