"""Comparison of one number with the bounds of a rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

from risk_hub_contracts.base.bounds import Side, broken_side
from risk_hub_contracts.policies.rules import Bounds
from risk_hub_contracts.runs.reason_codes import ReasonCode
from risk_hub_contracts.runs.rule_result import RuleStatus

__all__ = ["Compared", "compare"]

FAIL: Final[RuleStatus] = "fail"
WARN: Final[RuleStatus] = "warn"
FAIL_CODES: Final[Mapping[Side, ReasonCode]] = {
    "below": ReasonCode.BELOW_MINIMUM,
    "above": ReasonCode.ABOVE_MAXIMUM,
}
WARN_CODES: Final[Mapping[Side, ReasonCode]] = {
    "below": ReasonCode.BELOW_WARNING_MINIMUM,
    "above": ReasonCode.ABOVE_WARNING_MAXIMUM,
}


@dataclass(frozen=True, slots=True)
class Compared:
    """The status of a number, and the bound that decided.

    It is the broken bound, otherwise the nearest one of `fail` (of `warn` without `fail`).
    """

    status: RuleStatus
    code: ReasonCode
    limit: float | None


def compare(value: float, fail: Bounds | None, warn: Bounds | None) -> Compared:
    """Compare a finite number with both levels; a number at a bound is within it."""
    for bounds, status, codes in ((fail, FAIL, FAIL_CODES), (warn, WARN, WARN_CODES)):
        side = None if bounds is None else broken_side(value, bounds.lowest, bounds.highest)
        if bounds is not None and side is not None:
            return Compared(status, codes[side], bounds.min if side == "below" else bounds.max)
    return Compared("pass", ReasonCode.WITHIN_LIMITS, _nearest(value, fail or warn))


def _nearest(value: float, bounds: Bounds | None) -> float | None:
    """Return the bound next to a number within bounds, the lower one of two at the same distance."""
    if bounds is None:
        return None
    below = inf if bounds.min is None else value - bounds.min
    above = inf if bounds.max is None else bounds.max - value
    return bounds.min if below <= above else bounds.max
