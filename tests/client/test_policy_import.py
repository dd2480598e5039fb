"""Import of documents of the deployed system: rules, severities, stages, and each deliberate difference once."""

from typing import Any

import pytest

from risk_hub_client.policies.differences import DIFFERENCES
from risk_hub_client.policies.import_deployed import Imported, import_deployed
from risk_hub_contracts.base.problems import ProblemError

Json = dict[str, Any]
ALWAYS = {
    "whole_document_is_hashed",
    "numbers_must_be_possible",
    "recommended_stage_follows_the_verdict",
    "every_limit_is_a_rule",
}


def imported(document: Json) -> Imported:
    return import_deployed(document, policy_id="p", version="1", owner="risk")


def rules(document: Json, stage: str = "backtest") -> dict[str, Json]:
    """Return the rules of a stage after the import, without their names' order."""
    policy = imported(document).policy.document()
    found: dict[str, Json] = policy["profiles"][policy["stages"][stage]]["rules"]
    return found


def limit(kind: str, severity: str, **members: Any) -> Json:
    return {"kind": kind, "severity": severity, **members}


PROFILE = {
    "sample": {"min_effective_years": 3, "min_trades_total": 200},
    "performance": {"sharpe_min": 0.6, "max_dd_max": 0.3, "gain_to_pain_min": 1.2},
    "robustness": {"dsr_min": 0.2, "cv_sharpe_gap_max": 0.6},
    "risk": {"adv_utilization_p95_max": 0.3, "participation_rate_p95_max": 0.2},
}


def test_profile_becomes_one_rule_for_each_limit_with_the_severities_of_the_deployed_system() -> None:
    assert rules({"validation_profiles": {"backtest": PROFILE}}) == {
        "effective_history_years": limit(
            "sample", "soft", measure="effective_history_years", fail={"min": 3.0}
        ),
        "n_trades_total": limit("sample", "soft", measure="n_trades_total", fail={"min": 200.0}),
        "sharpe": limit("performance", "blocking", measure="sharpe", fail={"min": 0.6}),
        "max_drawdown": limit("performance", "blocking", measure="max_drawdown", fail={"max": 0.3}),
        "gain_to_pain_ratio": limit(
            "performance", "blocking", measure="gain_to_pain_ratio", fail={"min": 1.2}
        ),
        "deflated_sharpe_ratio": limit(
            "robustness", "soft", measure="deflated_sharpe_ratio", fail={"min": 0.2}
        ),
        "half_sharpe_gap": limit("robustness", "soft", measure="half_sharpe_gap", fail={"max": 0.6}),
        "adv_utilization_p95": limit("risk", "blocking", measure="adv_utilization_p95", fail={"max": 0.3}),
        "participation_rate_p95": limit(
            "risk", "blocking", measure="participation_rate_p95", fail={"max": 0.2}
        ),
    }


def test_severity_and_owner_of_a_section_are_kept() -> None:
    section = {"dsr_min": 0.2, "severity": "blocking", "owner": "quant"}
    rule = rules({"validation_profiles": {"backtest": {"robustness": section}}})["deflated_sharpe_ratio"]
    assert (rule["severity"], rule["owner"]) == ("blocking", "quant")


def test_sections_of_the_whole_document_become_rules_that_warn_if_a_number_is_missing() -> None:
    found = rules(
        {
            "cohort": {"sharpe_median_min": 0.5, "dsr_median_min": 0.3, "top_k": 2},
            "portfolio": {
                "max_incremental_var_99": 0.5,
                "max_incremental_es_99": 0.6,
                "min_portfolio_sharpe_uplift": 0.1,
            },
            "benchmark": {"min_vs_benchmark_sharpe": 0.2},
            "stress": {"scenarios": {"Crash 2008": {"dd_max": 0.3, "es_99": 0.2, "var_99": 0.1}}},
        }
    )
    missing = {"on_missing": "warn"}
    stressed = {"scenario": "Crash 2008", **missing}
    assert found == {
        "cohort_median_sharpe": limit(
            "cohort_median", "soft", metric="returns.sharpe", fail={"min": 0.5}, **missing
        ),
        "cohort_median_dsr": limit(
            "cohort_median", "soft", metric="robustness.deflated_sharpe_ratio", fail={"min": 0.3}, **missing
        ),
        "cohort_top_k": limit("top_k", "soft", metric="returns.sharpe", k=2, **missing),
        "portfolio_incremental_var_99": limit(
            "portfolio", "soft", measure="incremental_var_99", fail={"max": 0.5}, **missing
        ),
        "portfolio_incremental_es_99": limit(
            "portfolio", "soft", measure="incremental_es_99", fail={"max": 0.6}, **missing
        ),
        "portfolio_sharpe_uplift": limit(
            "portfolio", "soft", measure="sharpe_uplift", fail={"min": 0.1}, **missing
        ),
        "benchmark_uplift": limit("benchmark", "soft", fail={"min": 0.2}, **missing),
        "stress_crash_2008_dd_max": limit(
            "stress", "info", measure="max_drawdown", fail={"max": 0.3}, **stressed
        ),
        "stress_crash_2008_es_99": limit("stress", "info", measure="es_99", fail={"max": 0.2}, **stressed),
        "stress_crash_2008_var_99": limit("stress", "info", measure="var_99", fail={"max": 0.1}, **stressed),
    }


def test_paper_and_live_sections_are_rules_of_their_stages_only() -> None:
    document = {
        "thresholds": {"s": {"metric": "sharpe", "min": 0.5}},
        "paper_shadow_consistency": {
            "min_sharpe_ratio": 0.5,
            "max_drawdown_ratio": 1.5,
            "max_var_p01_ratio": 1.6,
            "max_es_p01_ratio": 1.7,
        },
        "live_monitoring": {"lookback_days": 60, "decay_threshold": 0.6, "sharpe_min": 0.4, "dd_max": 0.2},
    }
    assert sorted(rules(document, "backtest")) == ["s"]
    assert {name: rule["fail"] for name, rule in rules(document, "paper").items() if name != "s"} == {
        "paper_shadow_sharpe_ratio": {"min": 0.5},
        "paper_shadow_drawdown_ratio": {"max": 1.5},
        "paper_shadow_var_p01_ratio": {"max": 1.6},
        "paper_shadow_es_p01_ratio": {"max": 1.7},
    }
    live = {name: rule for name, rule in rules(document, "live").items() if name != "s"}
    assert {name: (rule["fail"], rule["window_days"]) for name, rule in live.items()} == {
        "live_sharpe": ({"min": 0.4}, 60),
        "live_max_drawdown": ({"max": 0.2}, 60),
        "live_sharpe_decay_ratio": ({"min": 0.6}, 60),
    }


def test_selection_is_read_from_its_section_and_from_the_top_level() -> None:
    document = {
        "thresholds": {"a": {"metric": "returns.sharpe", "min": 0.2}},
        "selection": {
            "thresholds": {"a": {"metric": "sharpe", "min": 9}, "dd": {"metric": "max_drawdown", "max": 0.4}},
            "top_k": {"metric": "sharpe", "k": 5},
        },
        "top_k": {"metric": "sharpe", "k": 1},
        "correlation": {"max": 0.8},
        "hysteresis": {"metric": "sharpe", "enter": 0.8, "exit": 0.5},
    }
    found = rules(document)
    assert found["a"] == limit("threshold", "blocking", metric="returns.sharpe", fail={"min": 0.2})
    assert found["dd"]["fail"] == {"max": 0.4}
    assert found["top_k"]["k"] == 5
    assert (found["correlation"]["metric"], found["correlation"]["max"]) == ("returns.sharpe", 0.8)
    assert (found["hysteresis"]["enter"], found["hysteresis"]["exit"]) == (0.8, 0.5)


def test_limits_on_the_same_side_of_a_metric_are_merged_to_the_stricter_one() -> None:
    document = {
        "validation_profiles": {"backtest": {"performance": {"sharpe_min": 0.6, "severity": "soft"}}},
        "thresholds": {
            "sharpe": {"metric": "sharpe", "min": 5},
            "floor": {"metric": "sharpe", "min": 0.9, "max": 7},
        },
    }
    assert rules(document) == {
        "sharpe": limit("performance", "soft", measure="sharpe", fail={"min": 0.9, "max": 7.0})
    }
    assert "merged_limits" in imported(document).differences


def test_stages_are_those_that_the_document_maps_or_names_a_profile_after() -> None:
    profiles = {"base": PROFILE, "Live-X": {"performance": {"sharpe_min": 1}}, "paper": PROFILE}
    mapping = {"backtest_only": "base", "paper_ok_live_candidate": "live-x"}
    document = {"validation_profiles": profiles, "default_profile_by_stage": mapping}
    assert imported(document).policy.stages == {"backtest": "base", "paper": "paper", "live": "live-x"}
    partial = imported(
        {"validation_profiles": {"base": PROFILE}, "default_profile_by_stage": {"paper": "base"}}
    )
    assert partial.policy.stages == {"paper": "base"}
    assert "stage_needs_a_profile" in partial.differences


def test_answers_to_missing_numbers_and_errors_and_the_governance_are_kept() -> None:
    promotion = {
        "mode": "auto_apply",
        "cooldown": "36h",
        "max_live_slots": 4,
        "canary_fraction": 0.1,
        "approvers": ["cro"],
    }
    document = {
        "thresholds": {"s": {"metric": "sharpe", "min": 0}},
        "validation": {"on_error": "warn", "on_missing_metric": "ignore"},
        "governance": {"live_promotion": promotion},
    }
    policy = imported(document).policy
    assert (policy.on_missing, policy.on_error) == ("ignore", "warn")
    live = policy.governance.live_promotion
    assert (live.mode, live.cool_down_seconds, live.max_live_slots) == ("automatic", 36 * 3_600, 4)
    assert (live.canary_fraction, live.approvers) == (0.1, ("cro",))


SHARPE = {"thresholds": {"s": {"metric": "sharpe", "min": 0}}}
SHOWN_BY: list[tuple[Json, set[str]]] = [
    ({"thresholds": {"s": {"metric": "mine", "min": 0}}}, {"unknown_metric_in_diagnostics"}),
    ({**SHARPE, "top_k": {"metric": "sharpe", "k": 1}}, {"rank_needs_a_number"}),
    ({**SHARPE, "correlation": {"max": 0.5}}, {"unknown_correlation_is_missing"}),
    (
        {**SHARPE, "hysteresis": {"metric": "sharpe", "enter": 1, "exit": 0}},
        {"hysteresis_drops_nothing_silently"},
    ),
    ({"cohort": {"sharpe_median_min": 0}}, {"median_shows_who_is_missing"}),
    ({"cohort": {"top_k": 1}}, {"cohort_top_k_selects", "rank_needs_a_number"}),
    ({"benchmark": {"min_vs_benchmark_sharpe": 0}}, {"benchmark_and_baseline_are_evaluated"}),
    ({"stress": {"scenarios": {"x": {"dd_max": 1}}}}, {"stress_losses_are_positive"}),
    (
        {**SHARPE, "paper_shadow_consistency": {"stages": ["shadow"], "min_sharpe_ratio": 1}},
        {"benchmark_and_baseline_are_evaluated", "shadow_is_paper"},
    ),
    (
        {**SHARPE, "paper_shadow_consistency": {"stages": ["paper"], "min_sharpe_ratio": 1}},
        {"benchmark_and_baseline_are_evaluated"},
    ),
    ({**SHARPE, "live_monitoring": {"sharpe_min": 0}}, {"live_rules_are_per_strategy"}),
    ({**SHARPE, "campaign": {"backtest": {"window": "30d"}}}, {"campaign_is_not_a_rule"}),
    (
        {"validation_profiles": {"backtest": PROFILE}},
        {
            "soft_rules_do_not_exclude",
            "liquidity_limits_are_always_checked",
            "half_gap_needs_both_halves",
            "stage_needs_a_profile",
        },
    ),
    (
        {"thresholds": {"a": {"metric": "sharpe", "min": 0}, "b": {"metric": "sharpe", "min": 1}}},
        {"merged_limits"},
    ),
]


@pytest.mark.parametrize(("document", "names"), SHOWN_BY, ids=lambda value: ",".join(sorted(value)))
def test_import_names_exactly_the_differences_that_the_document_shows(
    document: Json, names: set[str]
) -> None:
    found = imported(document).differences
    assert set(found) == ALWAYS | names
    assert all(found[name] == DIFFERENCES[name] for name in found)


def test_every_difference_is_shown_by_a_document() -> None:
    assert ALWAYS.union(*(names for _, names in SHOWN_BY)) == set(DIFFERENCES)


@pytest.mark.parametrize(
    ("document", "pointer", "text"),
    [
        (
            {"validation_profiles": {"b": {"performance": {"sharpe_mn": 1}}}},
            "/validation_profiles/b/performance/sharpe_mn",
            "unknown field 'sharpe_mn'",
        ),
        ({"threshold": {}}, "/threshold", "unknown field 'threshold'; did you mean 'thresholds'?"),
        ({"risk_profile": {"tier": "high"}}, "/risk_profile", "unknown field 'risk_profile'"),
        ({"correlation": {"max": 2}}, "/correlation/max", "must be at most 1"),
        ({"cohort": {"severity": "hard"}}, "/cohort/severity", "must be 'blocking', 'soft' or 'info'"),
        (
            {"stress": {"scenarios": {"x": {"dd": 1}}}},
            "/stress/scenarios/x/dd",
            "must be 'dd_max', 'es_99' or 'var_99'",
        ),
        (
            {"thresholds": {"a": {"metric": "sharpe", "min": 2, "max": 1}}},
            "/profiles/default/rules/a/fail",
            "min 2 is above max 1",
        ),
        ({}, "/profiles/default/rules", "must have 1 to 200 rules"),
    ],
)
def test_document_that_the_deployed_system_would_misread_is_refused(
    document: Json, pointer: str, text: str
) -> None:
    with pytest.raises(ProblemError) as caught:
        imported(document)
    found = {each.pointer: each.detail for each in caught.value.violations}
    assert text in found[pointer]


def test_import_of_the_same_document_has_the_same_hash() -> None:
    document = {"validation_profiles": {"backtest": PROFILE}}
    assert imported(document).policy.policy_hash == imported(document).policy.policy_hash
