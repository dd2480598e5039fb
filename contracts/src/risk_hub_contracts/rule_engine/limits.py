"""Verdicts of the rules that compare one number of one strategy with bounds."""

from collections.abc import Mapping

from risk_hub_contracts.policies.rules import LimitRule, PaperShadowRule
from risk_hub_contracts.policies.rules.limit_rules import COMPARED_PATHS
from risk_hub_contracts.rule_engine.compare import compare
from risk_hub_contracts.rule_engine.inputs import NO_NUMBERS, Context, Numbers
from risk_hub_contracts.rule_engine.results import NamedRule, Verdict
from risk_hub_contracts.runs.reason_codes import ReasonCode

__all__ = ["limit_verdict", "number_verdict"]

_POSITIVE_BASELINES = frozenset({"sharpe_ratio", "drawdown_ratio"})


def limit_verdict(named: NamedRule, strategy: str, numbers: Numbers, context: Context) -> Verdict:
    """Return the verdict of a limit rule on one strategy."""
    if isinstance(named.rule, PaperShadowRule):
        baseline = context.baselines.get(strategy, NO_NUMBERS)
        return _ratio_verdict(named, named.rule, numbers, baseline)
    return number_verdict(named, numbers.get(named.path))


def number_verdict(named: NamedRule, value: float | None) -> Verdict:
    """Compare a number with the bounds of its rule; a missing or wrong number never passes."""
    if value is None:
        return named.missing(ReasonCode.METRIC_MISSING)
    error = named.error_in(value, named.path)
    if error is not None:
        return error
    assert isinstance(named.rule, LimitRule)  # noqa: S101 - narrows the type
    found = compare(value, named.rule.fail, named.rule.warn)
    return Verdict(found.status, found.code, value, found.limit)


def _ratio_verdict(
    named: NamedRule, rule: PaperShadowRule, numbers: Numbers, baseline: Mapping[str, float]
) -> Verdict:
    """Compare the ratio of a metric to its baseline; both numbers are checked before."""
    path = COMPARED_PATHS[rule.measure]
    now, then = numbers.get(path), baseline.get(path)
    if now is None:
        return named.missing(ReasonCode.METRIC_MISSING, metric=path)
    if then is None:
        return named.missing(ReasonCode.BASELINE_MISSING)
    for value in (now, then):
        error = named.error_in(value, path)
        if error is not None:
            return error
    if not _has_ratio(rule, now, then):
        return named.error(ReasonCode.RATIO_UNDEFINED, then, path)
    return number_verdict(named, now / then)


def _has_ratio(rule: PaperShadowRule, now: float, then: float) -> bool:
    """Return whether the ratio of two numbers can be compared with bounds.

    VaR and ES are losses for some producers and returns for others, so a change of sign may be better or worse.
    """
    if rule.measure in _POSITIVE_BASELINES:
        return then > 0
    return then != 0 and now * then >= 0
