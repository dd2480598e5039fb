"""Rules of each section of a document of the deployed system."""

from collections.abc import Mapping
from typing import Final

from risk_hub_client.policies.deployed import (
    DeployedPolicy,
    DeployedProfile,
    LiveConfig,
    PaperShadowConfig,
    Section,
    SelectionConfig,
    ThresholdConfig,
)
from risk_hub_client.policies.rule_drafts import Drafts, Meta
from risk_hub_contracts.runs.rule_result import Severity

__all__ = [
    "add_cohort_sections",
    "add_live",
    "add_paper_shadow",
    "add_profile",
    "add_selection",
    "selection_of",
]

LIVE_WINDOW_DEFAULT_DAYS: Final = 30
_STRESS_MEASURES: Final[Mapping[str, str]] = {"dd_max": "max_drawdown", "es_99": "es_99", "var_99": "var_99"}


def _meta(section: Section, default: Severity, on_missing: str | None = None) -> Meta:
    return Meta(section.severity or default, section.owner, on_missing)


def _min_bound(value: float | None) -> dict[str, float]:
    return {} if value is None else {"min": value}


def _max_bound(value: float | None) -> dict[str, float]:
    return {} if value is None else {"max": value}


def add_profile(drafts: Drafts, profile: DeployedProfile) -> None:
    """Add the rules of a validation profile, in the severities of the deployed system."""
    if profile.sample is not None:
        meta, each = _meta(profile.sample, "soft"), profile.sample
        for name, bounds in (
            ("effective_history_years", _min_bound(each.min_effective_years)),
            ("n_trades_total", _min_bound(each.min_trades_total)),
        ):
            drafts.limit(name, {"kind": "sample", "measure": name}, bounds, meta)
    if profile.performance is not None:
        meta, performance = _meta(profile.performance, "blocking"), profile.performance
        for name, bounds in (
            ("sharpe", _min_bound(performance.sharpe_min)),
            ("max_drawdown", _max_bound(performance.max_dd_max)),
            ("gain_to_pain_ratio", _min_bound(performance.gain_to_pain_min)),
        ):
            drafts.limit(name, {"kind": "performance", "measure": name}, bounds, meta)
    _add_robustness_and_risk(drafts, profile)
    if any(rule["severity"] != "blocking" for rule in drafts.rules.values()):
        drafts.differs("soft_rules_do_not_exclude")


def _add_robustness_and_risk(drafts: Drafts, profile: DeployedProfile) -> None:
    if profile.robustness is not None:
        meta, robustness = _meta(profile.robustness, "soft"), profile.robustness
        for name, bounds in (
            ("deflated_sharpe_ratio", _min_bound(robustness.dsr_min)),
            ("half_sharpe_gap", _max_bound(robustness.cv_sharpe_gap_max)),
        ):
            drafts.limit(name, {"kind": "robustness", "measure": name}, bounds, meta)
        if robustness.cv_sharpe_gap_max is not None:
            drafts.differs("half_gap_needs_both_halves")
    if profile.risk is not None:
        meta, risk = _meta(profile.risk, "blocking"), profile.risk
        drafts.differs("liquidity_limits_are_always_checked")
        for name, bounds in (
            ("adv_utilization_p95", _max_bound(risk.adv_utilization_p95_max)),
            ("participation_rate_p95", _max_bound(risk.participation_rate_p95_max)),
        ):
            drafts.limit(name, {"kind": "risk", "measure": name}, bounds, meta)


def selection_of(policy: DeployedPolicy) -> SelectionConfig:
    """Merge the section `selection` with the members of the top level.

    A top-level threshold replaces the section's threshold of the same name. Each other member of the section
    takes precedence.
    """
    section = policy.selection or SelectionConfig()
    return SelectionConfig(
        thresholds={**section.thresholds, **policy.thresholds},
        top_k=section.top_k or policy.top_k,
        correlation=section.correlation or policy.correlation,
        hysteresis=section.hysteresis or policy.hysteresis,
    )


def add_selection(drafts: Drafts, selection: SelectionConfig, overridden: frozenset[str], meta: Meta) -> None:
    """Add thresholds, ranking, correlation and hysteresis.

    Args:
        drafts: receives the rules.
        selection: the selection of the document.
        overridden: names of thresholds that the profile replaces.
        meta: severity and owner of the thresholds, which the deployed system judges with the performance.
    """
    for name, threshold in selection.thresholds.items():
        if name not in overridden:
            metric = drafts.metric(threshold.metric)
            drafts.limit(name, {"kind": "threshold", "metric": metric}, _bounds_of(threshold), meta)
    ranked_by = selection.top_k.metric if selection.top_k else "sharpe"
    if selection.top_k is not None:
        drafts.differs("rank_needs_a_number")
        top_k = {"kind": "top_k", "metric": drafts.metric(ranked_by), "k": selection.top_k.k}
        drafts.add("top_k", top_k, Meta(), "soft")
    if selection.correlation is not None:
        drafts.differs("unknown_correlation_is_missing")
        limit = {"kind": "correlation", "metric": drafts.metric(ranked_by), "max": selection.correlation.max}
        drafts.add("correlation", limit, Meta(), "soft")
    if selection.hysteresis is not None:
        drafts.differs("hysteresis_drops_nothing_silently")
        each = selection.hysteresis
        rule = {
            "kind": "hysteresis",
            "metric": drafts.metric(each.metric),
            "enter": each.enter,
            "exit": each.exit,
        }
        drafts.add("hysteresis", rule, Meta(), "soft")


def _bounds_of(threshold: ThresholdConfig) -> dict[str, float]:
    return _min_bound(threshold.min) | _max_bound(threshold.max)


def add_cohort_sections(drafts: Drafts, policy: DeployedPolicy) -> None:
    """Add cohort, portfolio, benchmark and stress; a missing number warns, as in the deployed system."""
    if policy.cohort is not None:
        _add_cohort(drafts, policy)
    if policy.portfolio is not None:
        meta, portfolio = _meta(policy.portfolio, "soft", "warn"), policy.portfolio
        for name, bounds in (
            ("incremental_var_99", _max_bound(portfolio.max_incremental_var_99)),
            ("incremental_es_99", _max_bound(portfolio.max_incremental_es_99)),
            ("sharpe_uplift", _min_bound(portfolio.min_portfolio_sharpe_uplift)),
        ):
            drafts.limit(f"portfolio_{name}", {"kind": "portfolio", "measure": name}, bounds, meta)
    if policy.benchmark is not None:
        drafts.differs("benchmark_and_baseline_are_evaluated")
        bounds = _min_bound(policy.benchmark.min_vs_benchmark_sharpe)
        drafts.limit(
            "benchmark_uplift", {"kind": "benchmark"}, bounds, _meta(policy.benchmark, "soft", "warn")
        )
    if policy.stress is not None:
        drafts.differs("stress_losses_are_positive")
        meta = _meta(policy.stress, "info", "warn")
        for scenario, limits in policy.stress.scenarios.items():
            for metric, limit in limits.items():
                members = {"kind": "stress", "scenario": scenario, "measure": _STRESS_MEASURES[metric]}
                drafts.limit(f"stress_{scenario}_{metric}", members, _max_bound(limit), meta)


def _add_cohort(drafts: Drafts, policy: DeployedPolicy) -> None:
    cohort = policy.cohort
    assert cohort is not None  # noqa: S101 - narrows the type
    meta = _meta(cohort, "soft", "warn")
    for name, metric, least in (
        ("cohort_median_sharpe", "returns.sharpe", cohort.sharpe_median_min),
        ("cohort_median_dsr", "robustness.deflated_sharpe_ratio", cohort.dsr_median_min),
    ):
        if least is not None:
            drafts.differs("median_shows_who_is_missing")
            drafts.limit(name, {"kind": "cohort_median", "metric": metric}, _min_bound(least), meta)
    if cohort.top_k is not None:
        drafts.differs("rank_needs_a_number")
        drafts.differs("cohort_top_k_selects")
        _add_cohort_top_k(drafts, cohort.top_k, meta)


def _add_cohort_top_k(drafts: Drafts, k: int, meta: Meta) -> None:
    """Add the ranking of the cohort by Sharpe ratio, or tighten the one of the selection."""
    ranked = next((each for each in drafts.rules.values() if _ranks_by_sharpe(each)), None)
    if ranked is None:
        drafts.add("cohort_top_k", {"kind": "top_k", "metric": "returns.sharpe", "k": k}, meta, "soft")
        return
    drafts.differs("merged_limits")
    ranked["k"] = min(ranked["k"], k)


def _ranks_by_sharpe(rule: Mapping[str, object]) -> bool:
    return (rule["kind"], rule.get("metric")) == ("top_k", "returns.sharpe")


def add_paper_shadow(drafts: Drafts, section: PaperShadowConfig) -> None:
    """Add the ratios of a paper run to its back-test."""
    meta = _meta(section, "soft", "warn")
    drafts.differs("benchmark_and_baseline_are_evaluated")
    for name, bounds in (
        ("sharpe_ratio", _min_bound(section.min_sharpe_ratio)),
        ("drawdown_ratio", _max_bound(section.max_drawdown_ratio)),
        ("var_p01_ratio", _max_bound(section.max_var_p01_ratio)),
        ("es_p01_ratio", _max_bound(section.max_es_p01_ratio)),
    ):
        drafts.limit(f"paper_shadow_{name}", {"kind": "paper_shadow", "measure": name}, bounds, meta)


def add_live(drafts: Drafts, section: LiveConfig) -> None:
    """Add the limits on realised results."""
    meta = _meta(section, "soft", "warn")
    drafts.differs("live_rules_are_per_strategy")
    days = section.lookback_days or LIVE_WINDOW_DEFAULT_DAYS
    for name, bounds in (
        ("sharpe", _min_bound(section.sharpe_min)),
        ("max_drawdown", _max_bound(section.dd_max)),
        ("sharpe_decay_ratio", _min_bound(section.decay_threshold)),
    ):
        drafts.limit(f"live_{name}", {"kind": "live", "window_days": days, "measure": name}, bounds, meta)
