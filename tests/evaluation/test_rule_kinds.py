"""Every kind of rule: pass, warn, fail, a missing number and a wrong number, with values computed by hand."""

from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import get_args

import pytest

from risk_hub_contracts.policies.rules import KINDS, Rule
from risk_hub_contracts.rule_engine.inputs import Context, Numbers
from risk_hub_contracts.runs.rule_result import RuleResult
from tests.evaluation.rule_samples import Json, result_of, results_of

SHARPE = "returns.sharpe"


@dataclass(frozen=True)
class Case:
    """One rule, the numbers of `s1`, and what its result is."""

    name: str
    rule: Json
    numbers: Numbers
    status: str
    code: str
    observed: float | None = None
    limit: float | None = None
    context: Context | None = None


def limit_cases(  # noqa: PLR0913, PLR0917 - one row of the table
    name: str,
    rule: Json,
    path: str,
    values: tuple[float, float, float],
    codes: tuple[str, str],
    wrong: float,
) -> list[Case]:
    """Return the five cases of a rule with one limit per level.

    Args:
        name: the kind and the measure.
        rule: the rule, with one bound in `warn` and one in `fail`.
        path: the metric.
        values: a number that passes, one that warns and one that fails.
        codes: the reason codes of warn and fail.
        wrong: an impossible number, or NaN.
    """
    ((warn_limit,), (fail_limit,)) = (rule["warn"].values(), rule["fail"].values())
    passing, warning, failing = values
    wrong_code = "number_not_finite" if not isfinite(wrong) else "number_impossible"
    return [
        Case(f"{name} pass", rule, {path: passing}, "pass", "within_limits", passing, fail_limit),
        Case(f"{name} warn", rule, {path: warning}, "warn", codes[0], warning, warn_limit),
        Case(f"{name} fail", rule, {path: failing}, "fail", codes[1], failing, fail_limit),
        Case(f"{name} missing", rule, {}, "fail", "metric_missing"),
        Case(
            f"{name} error",
            rule,
            {path: wrong},
            "fail",
            wrong_code,
            None if wrong_code == "number_not_finite" else wrong,
        ),
    ]


LOW, HIGH = ("below_warning_minimum", "below_minimum"), ("above_warning_maximum", "above_maximum")


def at_least(warn: float, fail: float, **members: object) -> Json:
    return {**members, "warn": {"min": warn}, "fail": {"min": fail}}


def at_most(warn: float, fail: float, **members: object) -> Json:
    return {**members, "warn": {"max": warn}, "fail": {"max": fail}}


RATIO = Context(
    baselines={
        "s1": {SHARPE: 2.0, "returns.max_drawdown": 0.1, "returns.var_p01": -0.02, "returns.es_p01": 0.04}
    }
)
BENCHMARK = Context(benchmark={SHARPE: 0.5})
SHARPE_RATIO = at_least(0.75, 0.5, kind="paper_shadow", measure="sharpe_ratio")
DRAWDOWN_RATIO = at_most(1.5, 2.0, kind="paper_shadow", measure="drawdown_ratio")
VAR_RATIO = at_most(1.5, 2.0, kind="paper_shadow", measure="var_p01_ratio")
ES_RATIO = at_most(1.5, 2.0, kind="paper_shadow", measure="es_p01_ratio")
HALF_GAP = at_most(0.25, 0.5, kind="robustness", measure="half_sharpe_gap")
UPLIFT = at_least(0.5, 0.25, kind="benchmark")
ENTER = {"kind": "hysteresis", "metric": SHARPE, "enter": 1.0, "exit": 0.5}
SELECTED = Context(selected_before=frozenset({"s1"}))


def halves(first: float, second: float) -> Numbers:
    return {"robustness.sharpe_first_half": first, "robustness.sharpe_second_half": second}


CASES = [
    *limit_cases(
        "threshold", at_least(1, 0.5, kind="threshold", metric="own.x"), "own.x", (1, 0.9, 0.4), LOW, nan
    ),
    *limit_cases(
        "data_currency",
        at_most(60, 120, kind="data_currency", measure="data_age_seconds"),
        "sample.data_age_seconds",
        (60, 61, 121),
        HIGH,
        -1,
    ),
    *limit_cases(
        "sample",
        at_least(200, 100, kind="sample", measure="n_trades_total"),
        "sample.n_trades_total",
        (200, 199, 99),
        LOW,
        -5,
    ),
    *limit_cases(
        "performance", at_least(1, 0.5, kind="performance", measure="sharpe"), SHARPE, (1, 0.5, 0.4), LOW, nan
    ),
    *limit_cases(
        "performance drawdown",
        at_most(0.2, 0.3, kind="performance", measure="max_drawdown"),
        "returns.max_drawdown",
        (0.2, 0.3, 0.31),
        HIGH,
        -0.2,
    ),
    *limit_cases(
        "robustness",
        at_least(0.9, 0.5, kind="robustness", measure="deflated_sharpe_ratio"),
        "robustness.deflated_sharpe_ratio",
        (0.95, 0.6, 0.4),
        LOW,
        1.2,
    ),
    *limit_cases(
        "robustness psr",
        at_least(0.9, 0.5, kind="robustness", measure="probabilistic_sharpe_ratio"),
        "robustness.probabilistic_sharpe_ratio",
        (0.95, 0.6, 0.4),
        LOW,
        95.0,
    ),
    *limit_cases(
        "risk",
        at_most(0.02, 0.03, kind="risk", measure="var_99"),
        "risk.var_99",
        (0.02, 0.025, 0.04),
        HIGH,
        inf,
    ),
    *limit_cases(
        "risk incremental",
        at_most(0.01, 0.02, kind="risk", measure="incremental_es_99"),
        "risk.incremental_es_99",
        (-0.5, 0.015, 0.03),
        HIGH,
        nan,
    ),
    *limit_cases(
        "risk liquidity",
        at_most(0.1, 0.2, kind="risk", measure="participation_rate_p95"),
        "risk.participation_rate_p95",
        (0.05, 0.15, 0.25),
        HIGH,
        20.0,
    ),
    *limit_cases(
        "stress",
        at_most(0.2, 0.3, kind="stress", scenario="crash 2008", measure="max_drawdown"),
        "stress.crash 2008.max_drawdown",
        (0.2, 0.25, 0.4),
        HIGH,
        -0.4,
    ),
    *limit_cases(
        "portfolio",
        at_least(0.1, 0.0, kind="portfolio", measure="sharpe_uplift"),
        "diagnostics.portfolio_sharpe_uplift",
        (0.2, 0.05, -0.1),
        LOW,
        nan,
    ),
    *limit_cases(
        "live",
        at_most(0.1, 0.2, kind="live", window_days=30, measure="max_drawdown"),
        "live.30.max_drawdown",
        (0.1, 0.15, 0.3),
        HIGH,
        -0.3,
    ),
    *limit_cases(
        "cohort_median",
        at_least(1, 0.5, kind="cohort_median", metric="returns.hit_ratio", severity="soft")
        | {"warn": {"min": 0.6}, "fail": {"min": 0.5}},
        "returns.hit_ratio",
        (0.6, 0.55, 0.4),
        LOW,
        1.5,
    ),
    # |1.5 - 1.25| = 0.25; |1.5 - 1.0| = 0.5; |0.5 - 1.5| = 1.0
    Case("half gap pass", HALF_GAP, halves(1.5, 1.25), "pass", "within_limits", 0.25, 0.5),
    Case("half gap warn", HALF_GAP, halves(1.5, 1.0), "warn", "above_warning_maximum", 0.5, 0.25),
    Case("half gap fail", HALF_GAP, halves(0.5, 1.5), "fail", "above_maximum", 1.0, 0.5),
    Case("half gap missing", HALF_GAP, {"robustness.sharpe_first_half": 1.0}, "fail", "metric_missing"),
    Case("half gap error", HALF_GAP, halves(nan, 1.0), "fail", "number_not_finite"),
    # The Sharpe ratio less 0.5 of the benchmark.
    Case("benchmark pass", UPLIFT, {SHARPE: 1.0}, "pass", "within_limits", 0.5, 0.25, BENCHMARK),
    Case("benchmark warn", UPLIFT, {SHARPE: 0.75}, "warn", "below_warning_minimum", 0.25, 0.5, BENCHMARK),
    Case("benchmark fail", UPLIFT, {SHARPE: 0.5}, "fail", "below_minimum", 0.0, 0.25, BENCHMARK),
    Case("benchmark missing", UPLIFT, {SHARPE: 1.0}, "fail", "metric_missing"),
    Case("benchmark error", UPLIFT, {SHARPE: inf}, "fail", "number_not_finite", context=BENCHMARK),
    # 1.5 / 2 = 0.75; 1 / 2 = 0.5; -1 / 2 = -0.5
    Case("sharpe ratio pass", SHARPE_RATIO, {SHARPE: 1.5}, "pass", "within_limits", 0.75, 0.5, RATIO),
    Case("sharpe ratio warn", SHARPE_RATIO, {SHARPE: 1.0}, "warn", "below_warning_minimum", 0.5, 0.75, RATIO),
    Case("sharpe ratio fail", SHARPE_RATIO, {SHARPE: -1.0}, "fail", "below_minimum", -0.5, 0.5, RATIO),
    Case("sharpe ratio missing", SHARPE_RATIO, {}, "fail", "metric_missing", context=RATIO),
    Case("sharpe ratio without baseline", SHARPE_RATIO, {SHARPE: 1.0}, "fail", "baseline_missing"),
    Case(
        "sharpe ratio to a baseline that is not finite",
        SHARPE_RATIO,
        {SHARPE: 1.0},
        "fail",
        "number_not_finite",
        context=Context(baselines={"s1": {SHARPE: inf}}),
    ),
    Case(
        "sharpe ratio of a losing baseline",
        SHARPE_RATIO,
        {SHARPE: -2.0},
        "fail",
        "ratio_undefined",
        -1.0,
        context=Context(baselines={"s1": {SHARPE: -1.0}}),
    ),
    Case(
        "drawdown ratio without drawdown before",
        DRAWDOWN_RATIO,
        {"returns.max_drawdown": 0.1},
        "fail",
        "ratio_undefined",
        0.0,
        context=Context(baselines={"s1": {"returns.max_drawdown": 0.0}}),
    ),
    # -0.02 / -0.02 = 1; -0.05 / -0.02 = 2.5; 0.01 has the other sign.
    Case("var ratio pass", VAR_RATIO, {"returns.var_p01": -0.02}, "pass", "within_limits", 1.0, 2.0, RATIO),
    Case("var ratio fail", VAR_RATIO, {"returns.var_p01": -0.05}, "fail", "above_maximum", 2.5, 2.0, RATIO),
    Case(
        "var ratio error",
        VAR_RATIO,
        {"returns.var_p01": 0.01},
        "fail",
        "ratio_undefined",
        -0.02,
        context=RATIO,
    ),
    # 0.04 / 0.04 = 1; 0.1 / 0.04 = 2.5; 0.05 / 0.1 = 0.5
    Case("es ratio pass", ES_RATIO, {"returns.es_p01": 0.04}, "pass", "within_limits", 1.0, 2.0, RATIO),
    Case("es ratio fail", ES_RATIO, {"returns.es_p01": 0.1}, "fail", "above_maximum", 2.5, 2.0, RATIO),
    Case(
        "drawdown ratio pass",
        DRAWDOWN_RATIO,
        {"returns.max_drawdown": 0.05},
        "pass",
        "within_limits",
        0.5,
        2.0,
        RATIO,
    ),
    # A strategy enters at 1.0 and leaves below 0.5.
    Case("hysteresis enters", ENTER, {SHARPE: 1.0}, "pass", "entered", 1.0, 1.0),
    Case("hysteresis does not enter", ENTER, {SHARPE: 0.9}, "fail", "entry_not_reached", 0.9, 1.0),
    Case("hysteresis keeps", ENTER, {SHARPE: 0.5}, "pass", "kept", 0.5, 0.5, SELECTED),
    Case("hysteresis leaves", ENTER, {SHARPE: 0.4}, "fail", "exit_passed", 0.4, 0.5, SELECTED),
    Case("hysteresis missing", ENTER, {}, "fail", "metric_missing"),
    Case("hysteresis error", ENTER, {SHARPE: nan}, "fail", "number_not_finite"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rule_gives_the_status_computed_by_hand(case: Case) -> None:
    found = result_of(case.rule, case.numbers, case.context)
    assert (found.status, found.reason_code) == (case.status, case.code)
    assert (found.observed, found.limit) == (case.observed, case.limit)


@pytest.mark.parametrize(
    ("on_missing", "on_error", "missing", "wrong"),
    [
        ("fail", "warn", ("fail", "metric_missing", "blocking"), "warn"),
        ("warn", "fail", ("warn", "metric_missing", "blocking"), "fail"),
        ("ignore", "fail", ("warn", "missing_ignored", "info"), "fail"),
    ],
)
def test_missing_and_wrong_numbers_have_the_status_that_the_rule_names(
    on_missing: str, on_error: str, missing: tuple[str, str, str], wrong: str
) -> None:
    rule = {"kind": "performance", "measure": "sharpe", "fail": {"min": 0}}
    answers: Json = {"on_missing": on_missing, "on_error": on_error}
    without = result_of({**rule, **answers}, {})
    assert (without.status, without.reason_code, without.severity) == missing
    assert result_of({**rule, **answers}, {SHARPE: nan}).status == wrong
    assert result_of(rule, {}, **answers) == without


def test_profile_overrides_the_policy_and_a_rule_its_profile_for_missing_numbers() -> None:
    rule = {"kind": "performance", "measure": "sharpe", "fail": {"min": 0}}
    profiles = {"all": {"on_missing": "warn", "rules": {"r": rule}}}
    assert result_of(rule, {}, on_missing="fail", profiles=profiles).status == "warn"
    profiles = {"all": {"on_missing": "warn", "rules": {"r": {**rule, "on_missing": "fail"}}}}
    assert result_of(rule, {}, on_missing="ignore", profiles=profiles).status == "fail"
    profiles = {"base": {"on_missing": "warn", "rules": {"r": rule}}, "all": {"extends": "base"}}
    assert result_of(rule, {}, on_missing="fail", profiles=profiles).status == "warn"


def test_result_repeats_owner_tags_unit_and_metric_of_its_rule() -> None:
    rule = {"kind": "risk", "measure": "es_99", "fail": {"max": 0.1}, "owner": "desk-a", "tags": ["tail"]}
    assert result_of(rule, {"risk.es_99": 0.05}) == RuleResult(
        rule="r",
        status="pass",
        severity="blocking",
        owner="desk-a",
        tags=("tail",),
        reason_code="within_limits",
        metric="risk.es_99",
        observed=0.05,
        limit=0.1,
        unit="fraction_of_portfolio_value",
    )


def test_number_of_the_hub_replaces_the_one_that_the_caller_sent() -> None:
    rule = {"kind": "portfolio", "measure": "incremental_var_99", "fail": {"max": 0.01}}
    context = Context(resolved={"s1": {"risk.incremental_var_99": 0.02}})
    found = result_of(rule, {"risk.incremental_var_99": 0.0}, context)
    assert (found.status, found.observed) == ("fail", 0.02)


def test_median_is_that_of_all_strategies_with_a_usable_number() -> None:
    rule = {"kind": "cohort_median", "metric": SHARPE, "fail": {"min": 1.0}}
    cohort = {"a": {SHARPE: 0.5}, "b": {SHARPE: 1.0}, "c": {SHARPE: 3.0}, "d": {}, "e": {SHARPE: nan}}
    found = results_of(rule, cohort)
    assert {name: (each.status, each.observed) for name, each in found.items()} == {
        "a": ("pass", 1.0),
        "b": ("pass", 1.0),
        "c": ("pass", 1.0),
        "d": ("fail", None),
        "e": ("fail", None),
    }


def test_every_kind_of_rule_has_cases() -> None:
    union = get_args(get_args(Rule)[0])
    declared = {get_args(get_args(member)[0].model_fields["kind"].annotation)[0] for member in union}
    assert declared == set(KINDS)
    with_cases = {case.rule["kind"] for case in CASES} | {"top_k", "correlation"}  # in test_rule_selection
    assert with_cases == declared
