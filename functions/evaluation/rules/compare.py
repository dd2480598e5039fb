"""Comparison of one number with the bounds of a rule."""

from dataclasses import dataclass
from math import inf

from risk_hub_contracts.policies.rules import Bounds
from risk_hub_contracts.runs.reason_codes import ReasonCode
from risk_hub_contracts.runs.rule_result import RuleStatus

__all__ = ["Compared", "compare"]


@dataclass(frozen=True, slots=True)
class Compared:
    """The status of a number, and the bound that decided: the broken one, otherwise the nearest one."""

    status: RuleStatus
    code: ReasonCode
    limit: float | None


def compare(value: float, fail: Bounds | None, warn: Bounds | None) -> Compared:
    """Compare a finite number with both levels; a number at a bound is within it."""
    if fail is not None:
        if value < fail.lowest:
            return Compared("fail", ReasonCode.BELOW_MINIMUM, fail.min)
        if value > fail.highest:
            return Compared("fail", ReasonCode.ABOVE_MAXIMUM, fail.max)
    if warn is not None:
        if value < warn.lowest:
            return Compared("warn", ReasonCode.BELOW_WARNING_MINIMUM, warn.min)
        if value > warn.highest:
            return Compared("warn", ReasonCode.ABOVE_WARNING_MAXIMUM, warn.max)
    return Compared("pass", ReasonCode.WITHIN_LIMITS, _nearest(value, fail or warn))


def _nearest(value: float, bounds: Bounds | None) -> float | None:
    """Return the bound next to a number within bounds, the lower one of two at the same distance."""
    if bounds is None:
        return None
    below = inf if bounds.min is None else value - bounds.min
    above = inf if bounds.max is None else bounds.max - value
    return bounds.min if below <= above else bounds.max
