"""Evaluation of the strategies of a stage by a policy."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from risk_hub_contracts.base.limits import EVALUATED_STRATEGIES_MAX_COUNT
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy, Stage
from risk_hub_contracts.policies.rules import (
    CohortMedianRule,
    CorrelationRule,
    HysteresisRule,
    LimitRule,
    TopKRule,
)
from risk_hub_contracts.rule_engine.cohort import hysteresis_verdict, median_verdicts
from risk_hub_contracts.rule_engine.inputs import Context, Numbers
from risk_hub_contracts.rule_engine.limits import limit_verdict
from risk_hub_contracts.rule_engine.results import NamedRule, Verdict, named_rules
from risk_hub_contracts.rule_engine.selection import correlation_verdicts, top_k_verdicts
from risk_hub_contracts.rule_engine.summary import recommended_stage, summary_status
from risk_hub_contracts.runs.reason_codes import ReasonCode
from risk_hub_contracts.runs.rule_result import RuleResult, RuleStatus

__all__ = [
    "ENGINE_VERSION",
    "Evaluation",
    "StageNotCoveredError",
    "StrategyVerdict",
    "TooManyStrategiesError",
    "evaluate",
]

ENGINE_VERSION: Final = "rules_v1"
"""Stored with each run; it changes whenever the same inputs would give other results."""
Verdicts = dict[str, Verdict]


class StageNotCoveredError(ValueError):
    """The policy names no profile for the stage."""


class TooManyStrategiesError(ValueError):
    """The evaluation has more strategies than the engine compares with each other."""


@dataclass(frozen=True, slots=True)
class StrategyVerdict:
    """The results of one strategy, in the order of the rules' names, and what follows from them."""

    status: RuleStatus
    results: tuple[RuleResult, ...]
    selected: bool
    recommended_stage: Stage


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All verdicts of one evaluation, by strategy id, in the order of the ids."""

    stage: Stage
    profile: str
    policy_id: str
    policy_version: str
    policy_hash: str
    engine_version: str
    strategies: Mapping[str, StrategyVerdict]

    @property
    def selected(self) -> tuple[str, ...]:
        """Return the ids of the selected strategies."""
        return tuple(name for name, verdict in self.strategies.items() if verdict.selected)


def evaluate(
    policy: EvaluationPolicy,
    stage: Stage,
    strategies: Mapping[str, Numbers],
    context: Context | None = None,
    *,
    without: Collection[str] = (),
) -> Evaluation:
    """Judge the strategies of one stage.

    Args:
        policy: a parsed policy.
        stage: the stage whose profile applies.
        strategies: the numbers that the caller sent, by strategy id.
        context: the numbers that the hub resolved.
        without: names of rules that are left out, because their inputs are not available here.

    Raises:
        StageNotCoveredError: the policy has no profile for the stage.
        TooManyStrategiesError: there are more than `EVALUATED_STRATEGIES_MAX_COUNT`.
    """
    if len(strategies) > EVALUATED_STRATEGIES_MAX_COUNT:
        raise TooManyStrategiesError(
            f"{len(strategies)} strategies; at most {EVALUATED_STRATEGIES_MAX_COUNT} are evaluated together"
        )
    profile = policy.stages.get(stage)
    if profile is None:
        known = ", ".join(policy.stages)
        raise StageNotCoveredError(f"the policy has no profile for the stage {stage!a}; it has {known}")
    resolved = context or Context()
    cohort = {name: resolved.merged(name, strategies[name]) for name in sorted(strategies)}
    rules = [each for each in named_rules(policy, profile) if each.name not in without]
    found = _verdicts(rules, cohort, resolved)
    return Evaluation(
        stage=stage,
        profile=profile,
        policy_id=policy.policy_id,
        policy_version=policy.version,
        policy_hash=policy.policy_hash,
        engine_version=ENGINE_VERSION,
        strategies={name: _strategy_verdict(policy, stage, rules, found, name) for name in cohort},
    )


def _verdicts(
    rules: Sequence[NamedRule], cohort: Mapping[str, Numbers], context: Context
) -> dict[str, Verdicts]:
    """Return the verdicts of each rule by its name, for every strategy.

    The order of the steps is fixed: limits, medians and hysteresis, then the ranking among the strategies that
    none of these excludes, then correlations among those that are still left.
    """
    found = {named.name: _own_verdicts(named, cohort, context) for named in rules if not _selects(named)}
    candidates = _candidates(rules, found, cohort)
    for named in rules:
        if isinstance(named.rule, TopKRule):
            found[named.name] = top_k_verdicts(named, named.rule, cohort, candidates)
    candidates = _candidates(rules, found, cohort)
    for named in rules:
        if isinstance(named.rule, CorrelationRule):
            found[named.name] = correlation_verdicts(named, named.rule, cohort, candidates, context)
    return found


def _selects(named: NamedRule) -> bool:
    return isinstance(named.rule, TopKRule | CorrelationRule)


def _own_verdicts(named: NamedRule, cohort: Mapping[str, Numbers], context: Context) -> Verdicts:
    """Return the verdicts of a rule that does not depend on the other rules."""
    rule = named.rule
    if isinstance(rule, CohortMedianRule):
        return median_verdicts(named, cohort)
    if isinstance(rule, LimitRule):
        return {name: limit_verdict(named, name, numbers, context) for name, numbers in cohort.items()}
    assert isinstance(rule, HysteresisRule)  # noqa: S101 - narrows the type
    before = context.selected_before
    return {
        name: hysteresis_verdict(named, rule, numbers, was_selected=name in before)
        for name, numbers in cohort.items()
    }


def _candidates(
    rules: Sequence[NamedRule], found: Mapping[str, Verdicts], cohort: Mapping[str, Numbers]
) -> frozenset[str]:
    """Return the strategies that no verdict so far excludes."""
    decided = [named for named in rules if named.name in found]
    return frozenset(
        name for name in cohort if not any(_excludes(each, found[each.name][name]) for each in decided)
    )


def _excludes(named: NamedRule, verdict: Verdict) -> bool:
    """Return whether a verdict keeps a strategy out of the selection.

    These are a blocking failure, a failure of a selecting rule, and a `top_k` rule without a rank among the `k`
    best: a strategy without a rank is never selected, whatever `on_missing` and `on_error` say about its status.
    """
    if named.severity != "info" and isinstance(named.rule, TopKRule):
        return verdict.code is not ReasonCode.RANK_WITHIN_K
    if verdict.status != "fail":
        return False
    is_selection = isinstance(named.rule, CorrelationRule | HysteresisRule)
    return named.severity == "blocking" or (is_selection and named.severity != "info")


def _strategy_verdict(
    policy: EvaluationPolicy,
    stage: Stage,
    rules: Sequence[NamedRule],
    found: Mapping[str, Verdicts],
    name: str,
) -> StrategyVerdict:
    results = tuple(named.result(found[named.name][name]) for named in rules)
    status = summary_status(results)
    selected = not any(_excludes(named, found[named.name][name]) for named in rules)
    live_allowed = policy.governance.live_promotion.mode != "disabled"
    return StrategyVerdict(
        status=status,
        results=results,
        selected=selected,
        recommended_stage=recommended_stage(stage, status, selected=selected, live_allowed=live_allowed),
    )
