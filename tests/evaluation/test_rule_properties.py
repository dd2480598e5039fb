"""Properties of the rule engine: order, scale, monotony, independence, and numbers that are missing or wrong."""

from collections.abc import Mapping
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk_hub_contracts.rule_engine.evaluate import Evaluation, evaluate
from risk_hub_contracts.rule_engine.inputs import Context
from tests.evaluation.rule_samples import Json, judged, policy_of, result_of

RANK = {"pass": 0, "warn": 1, "fail": 2}
PATHS = ("returns.sharpe", "returns.max_drawdown", "own.x", "risk.var_99")
IDS = ("a", "b", "c", "d", "e", "f")
# Multiples of an eighth are exact, so that equal numbers and numbers at a limit occur.
eighths = st.integers(-24, 24).map(lambda number: number / 8)
numbers = st.one_of(eighths, st.sampled_from([nan, inf, -inf, 1e126, -0.0]))
metrics = st.dictionaries(st.sampled_from(PATHS), numbers)
cohorts = st.dictionaries(st.sampled_from(IDS), metrics, min_size=1)
answers = st.fixed_dictionaries(
    {},
    optional={
        "severity": st.sampled_from(["blocking", "soft", "info"]),
        "on_missing": st.sampled_from(["warn", "fail", "ignore"]),
        "on_error": st.sampled_from(["warn", "fail"]),
    },
)


@st.composite
def limit_rules(draw: st.DrawFn, kinds: tuple[str, ...] = ("threshold", "cohort_median")) -> Json:
    low, warn_low, warn_high, high = sorted(draw(st.tuples(eighths, eighths, eighths, eighths)))
    rule = {
        "kind": draw(st.sampled_from(kinds)),
        "metric": draw(st.sampled_from(("own.x", "returns.sharpe", "risk.var_99"))),
        "fail": {"min": low, "max": high},
    }
    if draw(st.booleans()):
        rule["warn"] = {"min": warn_low, "max": warn_high}
    return {**rule, **draw(answers)}


@st.composite
def selecting_rules(draw: st.DrawFn) -> Json:
    kind = draw(st.sampled_from(("top_k", "correlation", "hysteresis")))
    rule: Json = {"kind": kind, "metric": draw(st.sampled_from(PATHS)), **draw(answers)}
    rule["order"] = draw(st.sampled_from(("highest", "lowest")))
    if kind == "top_k":
        return {**rule, "k": draw(st.integers(1, 4))}
    if kind == "correlation":
        return {**rule, "max": draw(st.sampled_from((0.25, 0.5, 1.0)))}
    low, high = sorted(draw(st.tuples(eighths, eighths)))
    first, second = ("exit", "enter") if rule["order"] == "highest" else ("enter", "exit")
    return {**rule, first: low, second: high}


@st.composite
def profiles(draw: st.DrawFn) -> dict[str, Json]:
    """Rules by name, no two for the same number."""
    drawn = draw(st.lists(st.one_of(limit_rules(), selecting_rules()), min_size=1, max_size=6))
    by_subject = {_subject(rule): rule for rule in drawn}
    return {f"r{number}": rule for number, rule in enumerate(by_subject.values())}


def _subject(rule: Json) -> tuple[str, str]:
    return rule["kind"], "" if rule["kind"] == "correlation" else rule["metric"]


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    pairs = st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)).filter(lambda pair: pair[0] < pair[1])
    sizes = st.one_of(eighths.filter(lambda value: abs(value) <= 1), st.just(nan))
    return Context(
        correlations=draw(st.dictionaries(pairs, sizes)),
        selected_before=frozenset(draw(st.sets(st.sampled_from(IDS)))),
    )


def text(evaluation: Evaluation) -> str:
    """Return everything that an evaluation says, comparable although NaN is not equal to itself."""
    return repr(evaluation)


@given(profiles(), cohorts, contexts(), st.randoms(use_true_random=False))
def test_order_of_strategies_numbers_and_rules_changes_nothing(
    rules: dict[str, Json], cohort: dict[str, dict[str, float]], context: Context, random: Any
) -> None:
    def shuffled(values: Mapping[str, Any]) -> dict[str, Any]:
        items = list(values.items())
        random.shuffle(items)
        return dict(items)

    other = {name: shuffled(each) for name, each in shuffled(cohort).items()}
    swapped = Context(
        correlations={(two, one): value for (one, two), value in context.correlations.items()},
        selected_before=context.selected_before,
    )
    first = judged(rules, cohort, context)
    second = judged(shuffled(rules), other, swapped)
    assert text(first) == text(second)


@given(profiles(), cohorts, contexts(), metrics)
def test_an_added_strategy_changes_no_limit_verdict_of_another_one(
    rules: dict[str, Json], cohort: dict[str, dict[str, float]], context: Context, added: dict[str, float]
) -> None:
    before = judged(rules, cohort, context).strategies
    after = judged(rules, {**cohort, "new": added}, context).strategies
    own = {name for name, rule in rules.items() if rule["kind"] in {"threshold", "hysteresis"}}
    for strategy in cohort:
        kept = [each for each in before[strategy].results if each.rule in own]
        assert kept == [each for each in after[strategy].results if each.rule in own]


@given(limit_rules(), metrics, st.tuples(*[st.integers(0, 8)] * 4))
def test_a_stricter_limit_never_improves_a_verdict(
    rule: Json, sent: dict[str, float], tightened: tuple[int, int, int, int]
) -> None:
    stricter = dict(rule)
    for level, (low, high) in (("fail", tightened[:2]), ("warn", tightened[2:])):
        if level in rule:
            bounds = rule[level]
            least = min(bounds["min"] + low / 8, bounds["max"])
            stricter[level] = {"min": least, "max": max(bounds["max"] - high / 8, least)}
    if "warn" in stricter:
        stricter["warn"] = _within(stricter["warn"], stricter["fail"])
    before, after = result_of(rule, sent), result_of(stricter, sent)
    assert RANK[after.status] >= RANK[before.status]


def _within(warn: dict[str, float], fail: dict[str, float]) -> dict[str, float]:
    """Return warning bounds that are inside the limits that fail."""
    least = min(max(warn["min"], fail["min"]), fail["max"])
    return {"min": least, "max": max(min(warn["max"], fail["max"]), least)}


@given(st.integers(1, 5), st.integers(0, 4), cohorts)
def test_fewer_places_never_admit_a_strategy(k: int, fewer: int, cohort: dict[str, dict[str, float]]) -> None:
    def selected(places: int) -> set[str]:
        rule = {"kind": "top_k", "metric": "returns.sharpe", "k": places}
        return set(judged({"top": rule}, cohort).selected)

    assert selected(max(k - fewer, 1)) <= selected(k)


@given(eighths, eighths, cohorts, st.sets(st.sampled_from(IDS)))
def test_a_higher_entry_never_admits_a_strategy(
    one: float, two: float, cohort: dict[str, dict[str, float]], before: set[str]
) -> None:
    def selected(enter: float) -> set[str]:
        rule = {"kind": "hysteresis", "metric": "returns.sharpe", "enter": enter, "exit": -3.0}
        return set(judged({"h": rule}, cohort, Context(selected_before=frozenset(before))).selected)

    assert selected(max(one, two)) <= selected(min(one, two))


@given(profiles(), cohorts, contexts())
def test_a_missing_or_wrong_number_never_passes(
    rules: dict[str, Json], cohort: dict[str, dict[str, float]], context: Context
) -> None:
    for strategy, verdict in judged(rules, cohort, context).strategies.items():
        for result in verdict.results:
            rule = rules[result.rule]
            value = cohort[strategy].get(rule["metric"])
            if value is None or value != value or abs(value) == inf:  # noqa: PLR0124 - NaN
                assert result.status != "pass"
                strict = rule.get("on_missing", "fail") == "fail" and rule.get("on_error", "fail") == "fail"
                if strict and result.reason_code != "not_a_candidate":
                    assert result.status == "fail"


@settings(max_examples=60)
@given(limit_rules(), cohorts, st.integers(-3, 3))
def test_numbers_and_limits_in_another_unit_give_the_same_verdicts(
    rule: Json, cohort: dict[str, dict[str, float]], power: int
) -> None:
    factor = 2.0**power
    scaled = dict(rule)
    for level in rule.keys() & {"fail", "warn"}:
        scaled[level] = {side: limit * factor for side, limit in rule[level].items()}
    moved = {
        name: {path: value * factor for path, value in sent.items() if path != "returns.max_drawdown"}
        for name, sent in cohort.items()
    }
    before = judged({"r": rule}, cohort).strategies
    after = judged({"r": scaled}, moved).strategies
    for strategy in cohort:
        one, two = before[strategy].results[0], after[strategy].results[0]
        assert (one.status, one.reason_code) == (two.status, two.reason_code)


@given(profiles(), cohorts, contexts())
def test_a_strategy_that_passes_is_selected_unless_it_has_no_rank(
    rules: dict[str, Json], cohort: dict[str, dict[str, float]], context: Context
) -> None:
    for verdict in judged(rules, cohort, context).strategies.values():
        ranked = all(
            each.reason_code == "rank_within_k"
            for each in verdict.results
            if rules[each.rule]["kind"] == "top_k"
        )
        assert verdict.selected or verdict.status != "pass" or not ranked
        assert verdict.selected or verdict.recommended_stage in {"backtest", "paper"}


@given(
    cohorts, st.integers(1, 5), st.sampled_from(("warn", "fail", "ignore")), st.sampled_from(("warn", "fail"))
)
def test_top_k_never_selects_more_than_k_strategies(
    cohort: dict[str, dict[str, float]], k: int, on_missing: str, on_error: str
) -> None:
    rule = {
        "kind": "top_k",
        "metric": "returns.sharpe",
        "k": k,
        "on_missing": on_missing,
        "on_error": on_error,
    }
    found = judged({"top": rule}, cohort)
    assert len(found.selected) <= k
    codes = {name: verdict.results[0].reason_code for name, verdict in found.strategies.items()}
    assert {name for name, code in codes.items() if code == "rank_within_k"} == set(found.selected)


@given(profiles(), cohorts, contexts())
def test_the_same_arguments_give_the_same_bytes(
    rules: dict[str, Json], cohort: dict[str, dict[str, float]], context: Context
) -> None:
    policy = policy_of(rules)
    assert text(evaluate(policy, "paper", cohort, context)) == text(
        evaluate(policy, "paper", cohort, context)
    )


@pytest.mark.parametrize("path", PATHS)
def test_negative_zero_is_zero(path: str) -> None:
    rule = {"kind": "threshold", "metric": path, "fail": {"min": 0.0}}
    assert result_of(rule, {path: -0.0}).status == "pass"
