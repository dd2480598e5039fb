"""Policies with one profile, and single verdicts, for the tests of the rule engine."""

from collections.abc import Mapping
from typing import Any

from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy, parse_policy
from risk_hub_contracts.rule_engine.evaluate import Evaluation, evaluate
from risk_hub_contracts.rule_engine.inputs import Context, Numbers
from risk_hub_contracts.runs.rule_result import RuleResult

Json = dict[str, Any]


def policy_of(rules: Mapping[str, Json], **members: Any) -> EvaluationPolicy:
    """Return a policy whose rules judge every stage."""
    return parse_policy(
        {
            "policy_id": "p1",
            "version": "1",
            "owner": "risk",
            "stages": {"backtest": "all", "paper": "all", "live": "all"},
            "profiles": {"all": {"rules": dict(rules)}},
            **members,
        }
    )


def judged(
    rules: Mapping[str, Json],
    strategies: Mapping[str, Numbers],
    context: Context | None = None,
    **members: Any,
) -> Evaluation:
    """Evaluate strategies in the stage `paper`."""
    return evaluate(policy_of(rules, **members), "paper", strategies, context)


def result_of(rule: Json, numbers: Numbers, context: Context | None = None, **members: Any) -> RuleResult:
    """Return the result of one rule for the strategy `s1`."""
    (result,) = judged({"r": rule}, {"s1": numbers}, context, **members).strategies["s1"].results
    return result


def results_of(
    rule: Json, strategies: Mapping[str, Numbers], context: Context | None = None
) -> dict[str, RuleResult]:
    """Return the result of one rule for each strategy."""
    found = judged({"r": rule}, strategies, context).strategies
    return {name: verdict.results[0] for name, verdict in found.items()}
