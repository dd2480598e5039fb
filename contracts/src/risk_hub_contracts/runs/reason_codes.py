"""Reason codes of rule results: the closed registry of the codes that the rule engine writes.

Each code has one row in docs/guides/reason-codes.md (and .ko.md), with the same condition and remedy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

__all__ = ["REASONS", "Reason", "ReasonCode"]


class ReasonCode(StrEnum):
    """The codes of this release; a later one may add codes."""

    WITHIN_LIMITS = "within_limits"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_MAXIMUM = "above_maximum"
    BELOW_WARNING_MINIMUM = "below_warning_minimum"
    ABOVE_WARNING_MAXIMUM = "above_warning_maximum"
    METRIC_MISSING = "metric_missing"
    MISSING_IGNORED = "missing_ignored"
    BASELINE_MISSING = "baseline_missing"
    CORRELATION_MISSING = "correlation_missing"
    NUMBER_NOT_FINITE = "number_not_finite"
    NUMBER_IMPOSSIBLE = "number_impossible"
    RATIO_UNDEFINED = "ratio_undefined"
    RANK_WITHIN_K = "rank_within_k"
    RANK_BEYOND_K = "rank_beyond_k"
    NOT_A_CANDIDATE = "not_a_candidate"
    ENTERED = "entered"
    KEPT = "kept"
    ENTRY_NOT_REACHED = "entry_not_reached"
    EXIT_PASSED = "exit_passed"


@dataclass(frozen=True, slots=True)
class Reason:
    """When a code is written, the possible status of the result, and what to do."""

    status: str
    condition: str
    remedy: str


_BY_MISSING: Final = "by `on_missing`"
_BY_ERROR: Final = "by `on_error`"
REASONS: Final[Mapping[ReasonCode, Reason]] = MappingProxyType(
    {
        ReasonCode.WITHIN_LIMITS: Reason(
            "pass", "The number is within `fail` and `warn`; a number at a bound is within it.", "Nothing."
        ),
        ReasonCode.BELOW_MINIMUM: Reason(
            "fail", "The number is below `fail.min`.", "Improve the strategy, or do not promote it."
        ),
        ReasonCode.ABOVE_MAXIMUM: Reason(
            "fail",
            "The number is above `fail.max`, or the magnitude of the correlation with `subject` is above `max`.",
            "Reduce the risk, or do not use the strategy together with `subject`.",
        ),
        ReasonCode.BELOW_WARNING_MINIMUM: Reason(
            "warn",
            "The number is below `warn.min` but not below `fail.min`.",
            "Watch the strategy: it is close to failing.",
        ),
        ReasonCode.ABOVE_WARNING_MAXIMUM: Reason(
            "warn",
            "The number is above `warn.max` (or the correlation above `warn_max`) but not above the limit that fails.",
            "Watch the strategy: it is close to failing.",
        ),
        ReasonCode.METRIC_MISSING: Reason(
            _BY_MISSING,
            "The strategy has no number at the path `metric`.",
            "Send the metric, or correct its path in the policy.",
        ),
        ReasonCode.MISSING_IGNORED: Reason(
            "warn, severity `info`",
            "A number, baseline or correlation is missing, and `on_missing` is `ignore`.",
            "Nothing is required. The result does not count, but it never passes.",
        ),
        ReasonCode.BASELINE_MISSING: Reason(
            _BY_MISSING,
            "The strategy has no baseline run, or that run lacks the metric of the ratio.",
            "Evaluate the strategy in the stage `backtest` first.",
        ),
        ReasonCode.CORRELATION_MISSING: Reason(
            _BY_MISSING,
            "The correlation with the selected strategy `subject` is unknown.",
            "Store returns of both strategies for the same dates.",
        ),
        ReasonCode.NUMBER_NOT_FINITE: Reason(
            _BY_ERROR,
            "The number is NaN or infinite.",
            "Correct the calculation; send null for a metric that cannot be computed.",
        ),
        ReasonCode.NUMBER_IMPOSSIBLE: Reason(
            _BY_ERROR,
            "The number is outside the possible values of its metric, such as a probability above 1.",
            "Send fractions instead of percent, and drawdowns and stress losses as positive numbers.",
        ),
        ReasonCode.RATIO_UNDEFINED: Reason(
            _BY_ERROR,
            "The baseline of the ratio is zero; or it is a Sharpe ratio or a drawdown that is not positive; or it is a "
            "VaR or ES of the other sign.",
            "Check the baseline run. A strategy without profit in its back-test has no ratio to compare.",
        ),
        ReasonCode.RANK_WITHIN_K: Reason(
            "pass",
            "The strategy is one of the `k` best candidates; equal numbers are ranked by strategy id.",
            "Nothing.",
        ),
        ReasonCode.RANK_BEYOND_K: Reason(
            "fail",
            "`k` candidates are better; `observed` is the rank, counted from 1.",
            "Improve the strategy, or increase `k`.",
        ),
        ReasonCode.NOT_A_CANDIDATE: Reason(
            "warn",
            "A rule that decides before this one excludes the strategy from the selection.",
            "See the failed rules of the strategy.",
        ),
        ReasonCode.ENTERED: Reason(
            "pass", "The strategy was not selected before, and its number reaches `enter`.", "Nothing."
        ),
        ReasonCode.KEPT: Reason(
            "pass", "The strategy was selected before, and its number has not passed `exit`.", "Nothing."
        ),
        ReasonCode.ENTRY_NOT_REACHED: Reason(
            "fail",
            "The strategy was not selected before, and its number does not reach `enter`.",
            "Improve the strategy. It enters at `limit`.",
        ),
        ReasonCode.EXIT_PASSED: Reason(
            "fail",
            "The strategy was selected before, and its number has passed `exit`.",
            "Remove the strategy from the selection. It enters again at `enter`.",
        ),
    }
)
