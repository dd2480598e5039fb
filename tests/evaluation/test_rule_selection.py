"""Ranking, correlation, selection, summary status and recommended stage."""

from math import nan

import pytest

from risk_hub_contracts.base.limits import EVALUATED_STRATEGIES_MAX_COUNT
from risk_hub_contracts.rule_engine.evaluate import StageNotCoveredError, TooManyStrategiesError, evaluate
from risk_hub_contracts.rule_engine.inputs import Context
from tests.evaluation.rule_samples import Json, judged, policy_of, results_of

SHARPE = "returns.sharpe"
TOP_2 = {"kind": "top_k", "metric": SHARPE, "k": 2}
UNCORRELATED = {"kind": "correlation", "metric": SHARPE, "max": 0.8, "warn_max": 0.5}
POSITIVE = {"kind": "performance", "measure": "sharpe", "fail": {"min": 0.0}}
COHORT = {"a": {SHARPE: 1.0}, "b": {SHARPE: 3.0}, "c": {SHARPE: 2.0}}


def shown(
    rule: Json, strategies: dict[str, dict[str, float]], context: Context | None = None
) -> dict[str, tuple[str, ...]]:
    found = results_of(rule, strategies, context)
    return {
        name: (each.status, each.reason_code, *([] if each.subject is None else [each.subject]))
        for name, each in found.items()
    }


def test_top_k_selects_the_best_k_strategies() -> None:
    found = results_of(TOP_2, COHORT)
    assert {name: (each.status, each.observed, each.limit, each.unit) for name, each in found.items()} == {
        "a": ("fail", 3, 2, "rank"),
        "b": ("pass", 1, 2, "rank"),
        "c": ("pass", 2, 2, "rank"),
    }
    assert judged({"top": TOP_2}, COHORT).selected == ("b", "c")
    assert judged({"top": {**TOP_2, "order": "lowest"}}, COHORT).selected == ("a", "c")


def test_top_k_ranks_equal_numbers_by_strategy_id() -> None:
    equal = {name: {SHARPE: 1.0} for name in ("z", "b", "a")}
    assert judged({"top": TOP_2}, equal).selected == ("a", "b")


def test_strategy_without_a_usable_number_has_no_rank_and_takes_no_place() -> None:
    cohort = {"a": {SHARPE: 1.0}, "b": {}, "c": {SHARPE: nan}, "d": {SHARPE: 0.5}}
    assert shown(TOP_2, cohort) == {
        "a": ("pass", "rank_within_k"),
        "b": ("fail", "metric_missing"),
        "c": ("fail", "number_not_finite"),
        "d": ("pass", "rank_within_k"),
    }


@pytest.mark.parametrize(("on_missing", "status"), [("warn", "warn"), ("ignore", "pass"), ("fail", "warn")])
def test_strategy_without_a_rank_is_not_selected_whatever_on_missing_says(
    on_missing: str, status: str
) -> None:
    cohort = {"a": {SHARPE: 1.0}, "b": {}, "c": {SHARPE: 2.0}}
    found = judged({"top": {**TOP_2, "on_missing": on_missing}}, cohort)
    assert found.selected == ("a", "c")
    assert (found.strategies["b"].status, found.strategies["b"].selected) == (status, False)
    assert found.strategies["b"].recommended_stage == found.stage


def test_strategy_that_a_blocking_rule_fails_takes_no_place_among_the_k_best() -> None:
    risky = {"kind": "risk", "measure": "var_99", "fail": {"max": 0.1}}
    cohort = {name: {**numbers, "risk.var_99": 0.05} for name, numbers in COHORT.items()}
    cohort["b"]["risk.var_99"] = 0.2
    found = judged({"top": TOP_2, "var": risky}, cohort)
    assert found.selected == ("a", "c")
    ranked = {
        each.rule: (each.status, each.reason_code, each.severity) for each in found.strategies["b"].results
    }
    assert ranked["top"] == ("warn", "not_a_candidate", "info")


def test_soft_rule_that_fails_warns_and_does_not_exclude() -> None:
    soft = {"kind": "risk", "measure": "var_99", "fail": {"max": 0.1}, "severity": "soft"}
    found = judged({"var": soft}, {"a": {"risk.var_99": 0.2}}).strategies["a"]
    assert (found.status, found.selected) == ("warn", True)


def test_selecting_rule_of_severity_info_only_reports() -> None:
    found = judged({"top": {**TOP_2, "severity": "info"}}, COHORT)
    assert found.selected == ("a", "b", "c")
    assert {verdict.status for verdict in found.strategies.values()} == {"pass"}


def test_correlation_keeps_the_better_strategy_of_a_pair() -> None:
    # b is best, then c, then a: c is too close to b; a is compared with b only, because c is not kept.
    context = Context(correlations={("b", "c"): 0.9, ("a", "b"): -0.6, ("c", "a"): 0.99})
    assert shown(UNCORRELATED, COHORT, context) == {
        "a": ("warn", "above_warning_maximum", "b"),
        "b": ("pass", "within_limits"),
        "c": ("fail", "above_maximum", "b"),
    }
    assert judged({"c": UNCORRELATED}, COHORT, context).selected == ("a", "b")


def test_correlation_at_its_limit_passes() -> None:
    context = Context(correlations={("b", "c"): 0.5, ("a", "b"): 0.5, ("a", "c"): -0.5})
    assert {row[0] for row in shown(UNCORRELATED, COHORT, context).values()} == {"pass"}
    only_max = {"kind": "correlation", "metric": SHARPE, "max": 0.5}
    assert {row[0] for row in shown(only_max, COHORT, context).values()} == {"pass"}


@pytest.mark.parametrize(
    ("value", "code"), [(None, "correlation_missing"), (nan, "number_not_finite"), (1.5, "number_impossible")]
)
def test_unknown_or_impossible_correlation_never_passes(value: float | None, code: str) -> None:
    pair = {"a": {SHARPE: 1.0}, "b": {SHARPE: 2.0}}
    context = Context(correlations={} if value is None else {("a", "b"): value})
    assert shown(UNCORRELATED, pair, context)["a"] == ("fail", code, "b")
    lenient = {**UNCORRELATED, "on_missing": "warn", "on_error": "warn"}
    assert shown(lenient, pair, context)["a"] == ("warn", code, "b")
    assert judged({"r": lenient}, pair, context).selected == ("a", "b")


def test_hysteresis_is_decided_before_the_ranking() -> None:
    enter = {"kind": "hysteresis", "metric": "returns.hit_ratio", "enter": 0.6, "exit": 0.4}
    cohort = {name: {**numbers, "returns.hit_ratio": 0.5} for name, numbers in COHORT.items()}
    context = Context(selected_before=frozenset({"a", "c"}))
    assert judged({"enter": enter, "top": TOP_2}, cohort, context).selected == ("a", "c")


def test_hysteresis_for_a_metric_whose_low_values_are_good() -> None:
    rule = {"kind": "hysteresis", "metric": "risk.var_99", "enter": 0.02, "exit": 0.05, "order": "lowest"}
    cohort = {"a": {"risk.var_99": 0.03}, "b": {"risk.var_99": 0.03}, "c": {"risk.var_99": 0.02}}
    assert shown(rule, cohort, Context(selected_before=frozenset({"a"}))) == {
        "a": ("pass", "kept"),
        "b": ("fail", "entry_not_reached"),
        "c": ("pass", "entered"),
    }


@pytest.mark.parametrize(
    ("stage", "sharpe", "recommended"),
    [
        ("backtest", 1.0, "paper"),
        ("paper", 1.0, "live"),
        ("live", 1.0, "live"),
        ("backtest", 0.5, "backtest"),
        ("paper", 0.5, "paper"),
        ("live", 0.5, "live"),
        ("backtest", -1.0, "backtest"),
        ("paper", -1.0, "backtest"),
        ("live", -1.0, "paper"),
    ],
)
def test_recommended_stage_is_the_next_one_on_pass_and_the_one_before_on_fail(
    stage: str, sharpe: float, recommended: str
) -> None:
    policy = policy_of({"r": {**POSITIVE, "warn": {"min": 1.0}}})
    found = evaluate(policy, stage, {"a": {SHARPE: sharpe}})  # type: ignore[arg-type]
    assert found.strategies["a"].recommended_stage == recommended


def test_live_is_not_recommended_if_the_policy_disables_promotions_or_the_strategy_is_not_selected() -> None:
    disabled = {"live_promotion": {"mode": "disabled"}}
    found = judged({"r": POSITIVE}, {"a": {SHARPE: 1.0}}, governance=disabled)
    assert found.strategies["a"].recommended_stage == "paper"
    ranked = judged({"r": POSITIVE, "top": TOP_2}, COHORT)
    assert {name: each.recommended_stage for name, each in ranked.strategies.items()} == {
        "a": "paper",
        "b": "live",
        "c": "live",
    }


def test_evaluation_names_the_policy_its_hash_and_its_profile() -> None:
    policy = policy_of({"r": POSITIVE})
    found = evaluate(policy, "live", {})
    assert (found.policy_id, found.policy_version, found.policy_hash) == ("p1", "1", policy.policy_hash)
    assert (found.profile, found.stage, dict(found.strategies)) == ("all", "live", {})


def test_stage_without_a_profile_is_refused() -> None:
    policy = policy_of({"r": POSITIVE}, stages={"paper": "all"})
    with pytest.raises(StageNotCoveredError, match="no profile for the stage 'live'; it has paper"):
        evaluate(policy, "live", {"a": {SHARPE: 1.0}})


def test_number_of_strategies_is_accepted_at_its_limit_and_refused_past_it() -> None:
    cohort = {f"s{number}": {SHARPE: 1.0} for number in range(EVALUATED_STRATEGIES_MAX_COUNT)}
    assert len(judged({"r": POSITIVE}, cohort).strategies) == EVALUATED_STRATEGIES_MAX_COUNT
    with pytest.raises(TooManyStrategiesError, match="1001 strategies; at most 1000"):
        judged({"r": POSITIVE}, {**cohort, "one more": {}})


def test_strategy_ids_may_have_any_characters() -> None:
    names = ("", " ", "a/b~", "전략", "\u200b", "'\"\n", "\ud800")
    found = judged({"top": TOP_2}, {name: {SHARPE: 1.0} for name in names})
    assert found.selected == tuple(sorted(names)[:2])
