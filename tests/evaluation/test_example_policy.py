"""The policy of the guide judges strategies from their returns in every stage."""

import json
from pathlib import Path
from random import Random

from functions.evaluation.measured_numbers import measured_numbers, trials_of
from risk_hub_client.cli.yaml_document import load_yaml
from risk_hub_contracts.policies.evaluation_policy import STAGES, EvaluationPolicy, Stage, parse_policy
from risk_hub_contracts.rule_engine.evaluate import Evaluation, evaluate
from risk_hub_contracts.rule_engine.inputs import Context
from risk_hub_contracts.runs.metric_blocks import MetricBlocks, metric_paths
from risk_hub_contracts.runs.rule_result import RuleResult

GUIDE_POLICY = Path(__file__).parents[2] / "docs" / "guides" / "examples" / "policy.yaml"
STRATEGIES = 32
SENT = {
    "sample": {"data_age_seconds": 3_600, "effective_history_years": 4.0},
    "risk": {"adv_utilization_p95": 0.1, "incremental_es_99": 0.01},
    "stress": {"crash 2020": {"max_drawdown": 0.2}},
    "live": {"30": {"sharpe": 0.5}, "90": {"sharpe": 1.0, "max_drawdown": 0.05}},
}


def policy() -> EvaluationPolicy:
    return parse_policy(load_yaml(GUIDE_POLICY.read_bytes()).value)


def evaluation(stage: Stage) -> Evaluation:
    random = Random(7)
    names = [f"s{number:02}" for number in range(STRATEGIES)]
    returns = {
        name: [random.gauss(0.0004 * (number % 8), 0.01) for _ in range(500)]
        for number, name in enumerate(names)
    }
    trials = trials_of(list(returns.values()))
    sent = metric_paths(MetricBlocks.model_validate(SENT))
    measured = {name: measured_numbers(series, trials) for name, series in returns.items()}
    context = Context(
        resolved=measured,
        baselines=measured,
        correlations={(one, two): 0.1 for one in names for two in names if one < two},
    )
    return evaluate(policy(), stage, dict.fromkeys(names, sent), context)


def test_every_stage_of_the_example_selects_the_ten_best_strategies_that_pass() -> None:
    for stage in STAGES:
        found = evaluation(stage)
        assert len(found.strategies) == STRATEGIES
        assert len(found.selected) == 10
        sharpe = {
            name: next(each.observed for each in verdict.results if each.rule == "sharpe")
            for name, verdict in found.strategies.items()
        }
        worst = min(sharpe[name] or 0.0 for name in found.selected)
        candidates = [
            name for name, verdict in found.strategies.items() if _rank(verdict.results).status != "warn"
        ]
        assert all((sharpe[name] or 0.0) <= worst for name in candidates if name not in found.selected)
        assert {verdict.status for verdict in found.strategies.values()} >= {"fail", "warn"}


def _rank(results: tuple[RuleResult, ...]) -> RuleResult:
    return next(each for each in results if each.rule == "best_ten")


def test_results_of_an_evaluation_survive_json() -> None:
    for verdict in evaluation("paper").strategies.values():
        for result in verdict.results:
            assert RuleResult.model_validate(json.loads(result.model_dump_json())) == result


def test_hash_of_the_example_never_changes() -> None:
    assert policy().policy_hash == "sha256:ce20d5db8d2c2bfca0b33a9a71494919106252d60d409c4df6cd8b850224dcb3"
