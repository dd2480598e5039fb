"""The request of an evaluation: what is refused where, and what its hash covers."""

import json
from typing import Any

import pytest

from risk_hub_contracts.base.limits import EVALUATED_STRATEGIES_MAX_COUNT
from risk_hub_contracts.base.problems import EVALUATION_INVALID, ProblemError
from risk_hub_contracts.evaluations.request import (
    EvaluationRequest,
    parse_evaluation,
    parse_evaluation_document,
)


def strategy(strategy_id: str = "momentum", **changed: Any) -> dict[str, Any]:
    return {
        "strategy_id": strategy_id,
        "risk_tier": "medium",
        "metrics": {"returns": {"sharpe": 1.2}},
        **changed,
    }


def body(*strategies: Any, **changed: Any) -> dict[str, Any]:
    return {
        "evaluation_id": "nightly-1",
        "stage": "paper",
        "strategies": list(strategies or [strategy()]),
        **changed,
    }


def violations(document: object) -> dict[str, str]:
    with pytest.raises(ProblemError) as raised:
        parse_evaluation_document(document)
    assert raised.value.type is EVALUATION_INVALID
    return {each.pointer: each.detail for each in raised.value.violations}


@pytest.mark.parametrize(
    ("document", "pointer", "text"),
    [
        ([], "", "must be an object"),
        (body(rules={}), "/rules", "unknown"),
        (
            body(policy={"policy_id": "core", "version": "1", "profiles": {}}),
            "/policy/profiles",
            "unknown",
        ),
        (body(stage="shadow"), "/stage", "must be"),
        (body(strategies=[]), "/strategies", "at least 1"),
        (body(strategy(sharpe=1.2)), "/strategies/0/sharpe", "unknown"),
        (body(strategy(""), strategy()), "/strategies/0/strategy_id", "empty"),
        (body(strategy("a\u0000b")), "/strategies/0/strategy_id", "control"),
        (body(strategy(risk_tier="severe")), "/strategies/0/risk_tier", "must be"),
        (body(strategy(candidate_weight=1.0)), "/strategies/0/candidate_weight", "less than 1"),
        (body(strategy(candidate_weight=0)), "/strategies/0/candidate_weight", "greater than 0"),
        (
            body(strategy(caller_precheck={"status": "good"})),
            "/strategies/0/caller_precheck/status",
            "must be",
        ),
        (
            body(strategy(caller_precheck={"status": "pass", "score": 1})),
            "/strategies/0/caller_precheck/score",
            "unknown",
        ),
    ],
)
def test_invalid_member_is_refused_with_its_pointer(document: object, pointer: str, text: str) -> None:
    assert text in violations(document)[pointer]


def test_second_strategy_with_the_same_id_is_refused() -> None:
    found = violations(body(strategy("a"), strategy("b"), strategy("a")))
    assert "/strategies/0 again" in found["/strategies/2/strategy_id"]


def test_metrics_that_the_hub_computes_are_refused_at_any_spelling_of_their_path() -> None:
    sent = strategy(
        metrics={"risk": {"incremental_var_99": 0.0}, "diagnostics": {"portfolio_sharpe_uplift": 1}}
    )
    assert violations(body(sent)).keys() == {
        "/strategies/0/metrics/risk/incremental_var_99",
        "/strategies/0/metrics/diagnostics/portfolio_sharpe_uplift",
    }


def test_metric_tree_of_forty_levels_is_refused() -> None:
    tree: dict[str, Any] = {"x": 1.0}
    for _ in range(40):
        tree = {"x": tree}
    assert "levels" in violations(body(strategy(metrics={"returns": tree})))["/strategies/0/metrics"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_number_that_is_not_finite_is_refused(number: str) -> None:
    raw = json.dumps(body()).replace("1.2", number).encode()
    with pytest.raises(ProblemError) as raised:
        parse_evaluation(raw)
    assert raised.value.type.status in {400, 422}


def test_more_strategies_than_the_limit_are_refused() -> None:
    many = [strategy(f"s{place}") for place in range(EVALUATED_STRATEGIES_MAX_COUNT + 1)]
    assert str(EVALUATED_STRATEGIES_MAX_COUNT) in violations(body(*many))["/strategies"]
    assert len(parse_evaluation_document(body(*many[:-1])).strategies) == EVALUATED_STRATEGIES_MAX_COUNT


def hashed(*strategies: Any, **changed: Any) -> str:
    request: EvaluationRequest = parse_evaluation_document(body(*strategies, **changed))
    return request.request_hash


def test_request_hash_ignores_the_order_of_strategies_and_members_that_have_their_default() -> None:
    a, b = strategy("a"), strategy("b")
    assert hashed(a, b) == hashed(b, a)
    assert hashed(strategy(model_card_version=None)) == hashed()
    assert hashed(strategy(metrics={"returns": {"sharpe": 1.2}, "risk": {}})) == hashed()


@pytest.mark.parametrize(
    "other",
    [
        body(stage="live"),
        body(policy={"policy_id": "core", "version": "1"}),
        body(snapshot_stage="live"),
        body(previous_evaluation_id="nightly-0"),
        body(strategy(metrics={"returns": {"sharpe": 1.3}})),
        body(strategy(metrics={"own": {"x": 1.0}, "returns": {"sharpe": 1.2}})),
        body(strategy(candidate_weight=0.1)),
        body(strategy(caller_precheck={"status": "pass"})),
        body(strategy(), strategy("b")),
    ],
)
def test_request_hash_covers_every_member(other: dict[str, Any]) -> None:
    assert parse_evaluation_document(other).request_hash != hashed()


def test_request_hash_is_computed_once_for_all_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    request = parse_evaluation_document(body())
    first = request.request_hash
    monkeypatch.setattr("risk_hub_contracts.evaluations.request.canonical_json", None)
    assert request.request_hash == first
