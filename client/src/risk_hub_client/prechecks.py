"""Pre-check of strategies on the caller's machine: the hub's rule engine, on the caller's metrics only.

It is not a verdict. Rules that need numbers of the hub are left out and named.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_contracts.base.limits import EVALUATED_STRATEGIES_MAX_COUNT
from risk_hub_contracts.base.name_types import Name
from risk_hub_contracts.base.pointers import pointer
from risk_hub_contracts.base.problems import REGISTRATION_INVALID, ProblemError, Violation, summary
from risk_hub_contracts.base.violations import to_violations
from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy, Stage, parse_policy
from risk_hub_contracts.policies.rules import (
    CohortMedianRule,
    CorrelationRule,
    HysteresisRule,
    LimitRule,
    PaperShadowRule,
    Rule,
    TopKRule,
)
from risk_hub_contracts.policies.rules.metrics import HUB_METRICS
from risk_hub_contracts.rule_engine.evaluate import Evaluation, evaluate
from risk_hub_contracts.runs.metric_blocks import MetricBlocks, metric_paths

__all__ = ["NOT_A_VERDICT", "precheck"]

NOT_A_VERDICT: Final = (
    "This is not a verdict: only the hub decides. The pre-check judged the metrics that you gave, without the rules in "
    "`needs_hub`."
)
_BENCHMARK_PATH: Final = "diagnostics.vs_benchmark_sharpe"


class _Strategy(BaseModel):
    """The members of a strategy that a pre-check uses; a request has further ones."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    strategy_id: Name
    metrics: MetricBlocks = MetricBlocks()


class _Strategies(BaseModel):
    model_config = ConfigDict(frozen=True)

    strategies: Annotated[
        tuple[_Strategy, ...], Field(min_length=1, max_length=EVALUATED_STRATEGIES_MAX_COUNT)
    ]


def precheck(
    policy_document: Mapping[str, Any], strategies: Sequence[Mapping[str, Any]], stage: Stage
) -> dict[str, Any]:
    """Judge strategies by a policy without a hub; the result is not a verdict.

    The engine and the rules are those of the hub, so a rule gives the hub's result for the same numbers. `status` and
    `selected` follow from the rules that were judged here.

    Args:
        policy_document: an evaluation policy.
        strategies: `strategy_id` and `metrics` of each strategy, as an evaluation request has them.
        stage: the stage whose profile applies.

    Raises:
        InvalidSnapshotError: the policy or a strategy is malformed, or the policy does not cover the stage.
    """
    try:
        policy = parse_policy(policy_document)
        numbers = _numbers(strategies)
        rules = _rules(policy, stage)
    except ProblemError as problem:
        raise InvalidSnapshotError.of(problem) from None
    needs_hub = {name: need for name, rule in rules.items() if (need := _need(rule)) is not None}
    judged = evaluate(policy, stage, numbers, without=needs_hub)
    return _result(judged, needs_hub, [name for name, rule in rules.items() if _compares(rule)])


def _result(judged: Evaluation, needs_hub: Mapping[str, str], compares: Sequence[str]) -> dict[str, Any]:
    return {
        "notice": NOT_A_VERDICT,
        "policy_id": judged.policy_id,
        "policy_version": judged.policy_version,
        "policy_hash": judged.policy_hash,
        "engine_version": judged.engine_version,
        "stage": judged.stage,
        "profile": judged.profile,
        "needs_hub": dict(needs_hub),
        "compares_given_strategies": list(compares),
        "strategies": [
            {
                "strategy_id": name,
                "status": verdict.status,
                "selected": verdict.selected,
                "results": [each.model_dump(mode="json", exclude_none=True) for each in verdict.results],
            }
            for name, verdict in judged.strategies.items()
        ],
    }


def _rules(policy: EvaluationPolicy, stage: Stage) -> Mapping[str, Rule]:
    """Return the rules of a stage by name, in the order of the names."""
    profile = policy.stages.get(stage)
    if profile is None:
        known = ", ".join(policy.stages)
        detail = f"the policy has no profile for the stage {stage!r}; it has {known}"
        raise ProblemError(REGISTRATION_INVALID, detail, [Violation("/stages", detail)])
    return dict(sorted(policy.rules_of(profile).items()))


def _numbers(strategies: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    try:
        parsed = _Strategies.model_validate({"strategies": list(strategies)}).strategies
    except ValidationError as error:
        found = to_violations(error)
        raise ProblemError(REGISTRATION_INVALID, summary(found, "The strategies"), found) from None
    first: dict[str, int] = {}
    for place, each in enumerate(parsed):
        earlier = first.setdefault(each.strategy_id, place)
        if earlier != place:
            detail = f"is the strategy of /strategies/{earlier} again; give each strategy once"
            violation = Violation(pointer("strategies", place, "strategy_id"), detail)
            raise ProblemError(REGISTRATION_INVALID, summary([violation], "The strategies"), [violation])
    return {each.strategy_id: metric_paths(each.metrics) for each in parsed}


def _need(rule: Rule) -> str | None:
    """Return which number of the hub a rule needs; None if the caller's metrics are enough."""
    if isinstance(rule, CorrelationRule):
        return "correlations from the returns that the hub stores"
    if isinstance(rule, HysteresisRule):
        return "the selection of the evaluation before"
    if isinstance(rule, PaperShadowRule):
        return "the back-test run of the strategy"
    path = rule.path if isinstance(rule, LimitRule) else rule.metric
    if path in HUB_METRICS:
        return "the portfolio of the latest snapshot"
    return "the benchmark" if path == _BENCHMARK_PATH else None


def _compares(rule: Rule) -> bool:
    """Return whether a rule compares the given strategies with each other."""
    return isinstance(rule, CohortMedianRule | TopKRule)
