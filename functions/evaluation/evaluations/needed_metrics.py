"""Metrics of the hub that the rules of a profile compare: only these are computed."""

from dataclasses import dataclass

from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy
from risk_hub_contracts.policies.rules import CorrelationRule, LimitRule
from risk_hub_contracts.policies.rules.metrics import HUB_METRICS


@dataclass(frozen=True, slots=True)
class NeededMetrics:
    """Paths of the portfolio numbers that a profile needs, and whether it needs correlations."""

    paths: frozenset[str]
    correlations: bool

    @property
    def need_returns(self) -> bool:
        """Return whether the returns of the snapshot are needed."""
        return bool(self.paths) or self.correlations


def needed_metrics(policy: EvaluationPolicy, profile: str) -> NeededMetrics:
    """Return the metrics that the rules of a profile compare."""
    rules = policy.rules_of(profile).values()
    compared = {rule.path if isinstance(rule, LimitRule) else rule.metric for rule in rules}
    return NeededMetrics(
        frozenset(HUB_METRICS) & compared, any(isinstance(rule, CorrelationRule) for rule in rules)
    )
