"""Deliberate differences from the deployed system, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["DIFFERENCES"]

DIFFERENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "whole_document_is_hashed": "The deployed hash leaves out some sections; the policy hash covers the whole document.",
        "numbers_must_be_possible": "There, NaN passes every limit; here, a number that is not finite or not possible "
        "is an error and never passes.",
        "recommended_stage_follows_the_verdict": "There, the recommended stage depends on the profile only; here, it "
        "depends on the status and the selection.",
        "every_limit_is_a_rule": "There, one result stands for all limits of a section and names the first that "
        "fails; here, each limit is a rule with its own result.",
        "soft_rules_do_not_exclude": "There, every failed limit of a profile excludes a strategy from the selection; "
        "here, only a blocking rule does. Set severity to blocking where a soft limit must exclude.",
        "liquidity_limits_are_always_checked": "There, a liquidity limit passes if another rule failed first; here, "
        "every rule is evaluated.",
        "half_gap_needs_both_halves": "There, the gap between the halves passes if a half is missing; here, on_missing "
        "applies.",
        "merged_limits": "Two limits on the same side of one metric became one rule with the stricter limit.",
        "hysteresis_drops_nothing_silently": "There, a strategy without the metric disappears; here, it has a result, "
        "and hysteresis is decided before the ranking.",
        "rank_needs_a_number": "There, a strategy without the metric is ranked last and can be selected, and equal "
        "numbers keep the order of the request; here, it has no rank, and equal numbers are ranked by strategy id.",
        "unknown_correlation_is_missing": "There, an unknown correlation counts as zero, and without top_k the first of the "
        "request is kept; here, on_missing applies, and the better one is kept, by the metric of top_k or the Sharpe "
        "ratio.",
        "cohort_top_k_selects": "There, cohort.top_k reports but does not select; here, a strategy beyond k is not "
        "selected. Set its severity to info to only report.",
        "median_shows_who_is_missing": "There, strategies without the metric are left out of the median silently; "
        "here, each has the result of a missing number.",
        "benchmark_and_baseline_are_evaluated": "There, one evaluation leaves out benchmark and "
        "paper_shadow_consistency; here, they are evaluated with all other rules.",
        "stress_losses_are_positive": "There, the sign of a stress number is dropped; here, a negative one is an error.",
        "live_rules_are_per_strategy": "There, live limits are compared with the mean of all strategies; here, each "
        "strategy is judged, in the stage live only.",
        "stage_needs_a_profile": "There, a stage without a profile is judged by another one; here, the policy has no "
        "such stage, and its evaluation is refused.",
        "shadow_is_paper": "There, shadow is a stage; here, its rules are in the stage paper.",
        "unknown_metric_in_diagnostics": "A metric that is not of this release is expected in the block diagnostics.",
        "campaign_is_not_a_rule": "The section campaign says when to observe, not what to accept; it is left out.",
    }
)
