"""A run with the policy that judged it, and the rules of the policy by what they limit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from functions.evaluation.extended.report_numbers import ES_PATH, VAR_PATH, Numbers
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy
from risk_hub_contracts.policies.rules import CohortMedianRule, LimitRule
from risk_hub_contracts.rule_engine.limits import number_verdict
from risk_hub_contracts.rule_engine.results import NamedRule, named_rules
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.metric_blocks import MetricBlocks, metric_paths
from risk_hub_contracts.runs.rule_result import RuleResult

_PORTFOLIO_PATHS: Final = frozenset({VAR_PATH, ES_PATH})


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """A run, and the policy that it names."""

    run: EvaluationRun
    policy: EvaluationPolicy

    @property
    def profile(self) -> str | None:
        """Return the profile that judged the run; None if the policy has no such profile."""
        stages: Mapping[str, str] = {str(stage): name for stage, name in self.policy.stages.items()}
        name = self.run.profile or stages.get(self.run.stage)
        return name if name in self.policy.profiles else None

    def rules(self) -> list[NamedRule] | None:
        """Return the rules of the profile; None without a profile."""
        profile = self.profile
        return None if profile is None else named_rules(self.policy, profile)


def portfolio_limits(rules: Iterable[NamedRule]) -> list[NamedRule]:
    """Return the limits on the VaR and the ES that a risk report states."""
    return [named for named in rules if _limits_a_number(named) and named.path in _PORTFOLIO_PATHS]


def limits_of_block(rules: Iterable[NamedRule], block: str) -> list[NamedRule]:
    """Return the limits on the numbers of a block."""
    return [named for named in rules if _limits_a_number(named) and named.path.startswith(f"{block}.")]


def limit_results(rules: Iterable[NamedRule], numbers: Numbers) -> list[RuleResult]:
    """Return the result of each limit; a number that is not there is missing, whatever the caller sent."""
    return [named.result(number_verdict(named, numbers.get(named.path))) for named in rules]


def numbers_of_run(run: EvaluationRun) -> dict[str, float]:
    """Return the numbers that the run was created with, by path."""
    return metric_paths(MetricBlocks.model_construct(**run.metrics))


def _limits_a_number(named: NamedRule) -> bool:
    return isinstance(named.rule, LimitRule) and not isinstance(named.rule, CohortMedianRule)
