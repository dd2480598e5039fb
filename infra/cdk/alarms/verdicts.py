"""Alarm on callers' verdicts that differ from the hub's, by the stage of the evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.cdk.alarms.outcomes import hub_metric
from infra.cdk.alarms.rule import AlarmRule
from risk_hub_contracts.base import metrics
from risk_hub_contracts.policies.evaluation_policy import STAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

DISAGREEMENT_SHARE_PERCENT: Final = 10
# Added to the denominator: one strategy that was evaluated alone raises no alarm, two that differ do.
DISAGREEMENT_DENOMINATOR_OFFSET: Final = 10


def verdict_alarms(environment_name: str) -> Iterator[AlarmRule]:
    """Yield an alarm for each stage of an evaluation policy."""
    for stage in STAGES:
        yield AlarmRule(
            name=f"verdict-disagreements-{stage}",
            page="verdict-disagreements",
            meaning=f"Callers' verdicts about {stage} strategies differ from the hub's: other inputs or other rules",
            severity="warning",
            metrics={
                "differing": hub_metric(environment_name, metrics.VERDICT_DISAGREEMENTS, stage=stage),
                "compared": hub_metric(environment_name, metrics.VERDICTS_COMPARED, stage=stage),
            },
            expression=f"100 * FILL(differing, 0) / (FILL(compared, 0) + {DISAGREEMENT_DENOMINATOR_OFFSET})",
            threshold=DISAGREEMENT_SHARE_PERCENT,
        )
