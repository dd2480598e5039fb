"""Checks of a policy that is put: each limit can fire, and each number that may be missing is named.

The checks are not part of the model, because a policy stored by an earlier release must stay readable.
"""

from collections.abc import Iterator
from typing import Final

from risk_hub_contracts.base.confidence import DEFAULT_CONFIDENCES_BPS
from risk_hub_contracts.base.limits import CONFIDENCE_MIN_BPS, GROSS_EXPOSURE_MAX_DEFAULT_RATIO
from risk_hub_contracts.base.problem_types import Violation
from risk_hub_contracts.policies.exit_policy import ExitPolicy, LossLimit, MeasureLimit
from risk_hub_contracts.reports.warning import KNOWN_CODES

__all__ = ["uncertain_limits", "violations_of"]

WHOLE_VALUE: Final = 1.0
"""The whole portfolio value, as a fraction of itself."""
LEGACY_BPS: Final = 9_900
_LEGACY: Final = "legacy_v1"
_VOLATILITY_METHOD: Final = "parametric_normal"


def violations_of(policy: ExitPolicy, *, legacy_method: bool) -> list[Violation]:
    """Return a violation for each part of a policy that can never fire or cannot be carried out.

    Args:
        policy: the policy to be put.
        legacy_method: whether the deployment computes `legacy_v1`.
    """
    measures = [
        violation
        for index, limit in enumerate(policy.measures)
        for violation in _measure_violations(f"/measures/{index}", limit, legacy_method=legacy_method)
    ]
    return [*measures, *_drawdown_violations(policy), *_ratio_violations(policy)]


def uncertain_limits(policy: ExitPolicy) -> list[Violation]:
    """Return the parts of a policy that may never fire: rare confidences, limits in percent, unknown codes, no rule."""
    return [*_no_rules(policy), *_rare_confidences(policy), *_percent_limits(policy), *_unknown_codes(policy)]


def _no_rules(policy: ExitPolicy) -> Iterator[Violation]:
    lists = (policy.freeze, policy.drain)
    limits = (policy.measures, policy.stress, policy.drawdown, policy.gross, policy.staleness)
    listed = any(each.assets or each.strategies for each in lists)
    if not any(limits) and not listed and all(each == "ignore" for each in policy.on_warning.values()):
        yield Violation(
            "", "has no rule, so it never fires, and the limits of the default policy do not apply either"
        )


def _rare_confidences(policy: ExitPolicy) -> Iterator[Violation]:
    known = ", ".join(map(str, DEFAULT_CONFIDENCES_BPS))
    for index, limit in enumerate(policy.measures):
        if limit.confidence_bps is not None and limit.confidence_bps not in DEFAULT_CONFIDENCES_BPS:
            yield Violation(
                f"/measures/{index}/confidence_bps",
                f"{limit.confidence_bps} is computed only for a snapshot whose risk.confidences_bps has it; "
                f"always computed are {known}; for other snapshots on_missing ({limit.on_missing}) applies",
            )


def _percent_limits(policy: ExitPolicy) -> Iterator[Violation]:
    """Yield the limits beyond the whole portfolio value, which only a leveraged book can pass."""
    for name, limits in (("measures", policy.measures), ("stress", policy.stress)):
        for index, limit in enumerate(limits):
            if limit.max_loss > WHOLE_VALUE:
                yield Violation(
                    f"/{name}/{index}/max_loss",
                    f"{limit.max_loss:g} is more than the whole portfolio value, so a book without leverage "
                    "never passes it; limits are fractions (0.1 is 10 %)",
                )
    for index, gross in enumerate(policy.gross):
        if gross.max_gross > GROSS_EXPOSURE_MAX_DEFAULT_RATIO:
            yield Violation(
                f"/gross/{index}/max_gross",
                f"{gross.max_gross:g} is {gross.max_gross:g} times the portfolio value, which the hub refuses "
                "unless the deployment allows it; limits are ratios (1.5 is 150 %)",
            )


def _unknown_codes(policy: ExitPolicy) -> Iterator[Violation]:
    for code in policy.on_warning:
        if code not in KNOWN_CODES:
            yield Violation(
                f"/on_warning/{code}",
                "no report of this release has a warning with this code; "
                f"known are {', '.join(sorted(KNOWN_CODES))}",
            )


def _drawdown_violations(policy: ExitPolicy) -> Iterator[Violation]:
    for index, limit in enumerate(policy.drawdown):
        if limit.max_loss >= WHOLE_VALUE:
            yield Violation(
                f"/drawdown/{index}/max_loss",
                "must be below 1: no drawdown can exceed the whole value; limits are fractions (0.1 is 10 %)",
            )


def _measure_violations(pointer: str, limit: MeasureLimit, *, legacy_method: bool) -> Iterator[Violation]:
    if limit.measure == "volatility":
        if limit.confidence_bps is not None:
            yield Violation(f"{pointer}/confidence_bps", "volatility has no confidence; leave it out")
        if limit.method != _VOLATILITY_METHOD:
            yield Violation(f"{pointer}/method", f"volatility is computed only by {_VOLATILITY_METHOD}")
        return
    if limit.confidence_bps is None:
        known = ", ".join(map(str, DEFAULT_CONFIDENCES_BPS))
        yield Violation(
            f"{pointer}/confidence_bps", f"{limit.measure} needs a confidence in basis points: {known}"
        )
    elif limit.confidence_bps < CONFIDENCE_MIN_BPS:
        yield Violation(
            f"{pointer}/confidence_bps",
            f"must be at least {CONFIDENCE_MIN_BPS}: lower confidences are not computed",
        )
    if limit.method == _LEGACY:
        yield from _legacy_violations(pointer, limit, legacy_method=legacy_method)


def _legacy_violations(pointer: str, limit: MeasureLimit, *, legacy_method: bool) -> Iterator[Violation]:
    if not legacy_method:
        yield Violation(
            f"{pointer}/method",
            "legacy_v1 is not computed in this deployment; "
            "send historical_upper, historical or parametric_normal",
        )
    elif limit.confidence_bps is not None and limit.confidence_bps != LEGACY_BPS:
        yield Violation(f"{pointer}/confidence_bps", f"legacy_v1 is computed only at {LEGACY_BPS}")


def _ratio_violations(policy: ExitPolicy) -> Iterator[Violation]:
    """Yield a violation for each `reduce` that has neither a number nor a ratio."""
    if policy.fallback_ratio is not None:
        return
    wanted = "reduce needs a share to give up: send fallback_ratio"
    for name, limits in _loss_limits(policy):
        for index, limit in enumerate(limits):
            if limit.on_missing == "reduce" and limit.ratio is None:
                yield Violation(f"/{name}/{index}/on_missing", wanted)
    for code, response in policy.on_warning.items():
        if response == "reduce":
            yield Violation(f"/on_warning/{code}", wanted)


def _loss_limits(policy: ExitPolicy) -> Iterator[tuple[str, tuple[LossLimit, ...]]]:
    yield "measures", policy.measures
    yield "stress", policy.stress
    yield "drawdown", policy.drawdown
