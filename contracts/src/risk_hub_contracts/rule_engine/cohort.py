"""Verdicts of the rules that need all strategies of an evaluation: the median, and hysteresis of each."""

from collections.abc import Mapping
from statistics import median

from risk_hub_contracts.policies.rules import HysteresisRule
from risk_hub_contracts.rule_engine.inputs import Numbers
from risk_hub_contracts.rule_engine.limits import number_verdict
from risk_hub_contracts.rule_engine.results import NamedRule, Verdict
from risk_hub_contracts.runs.reason_codes import ReasonCode

__all__ = ["hysteresis_verdict", "median_verdicts"]


def median_verdicts(named: NamedRule, cohort: Mapping[str, Numbers]) -> dict[str, Verdict]:
    """Return the verdict for each strategy: on the median, or on its own missing or wrong number."""
    own = {strategy: _own_verdict(named, numbers) for strategy, numbers in cohort.items()}
    counted = sorted(cohort[strategy][named.path] for strategy, verdict in own.items() if verdict is None)
    shared = number_verdict(named, median(counted)) if counted else named.missing(ReasonCode.METRIC_MISSING)
    return {strategy: verdict or shared for strategy, verdict in own.items()}


def _own_verdict(named: NamedRule, numbers: Numbers) -> Verdict | None:
    """Return the verdict on a missing or wrong number; None for a number that the median includes."""
    value = numbers.get(named.path)
    if value is None:
        return named.missing(ReasonCode.METRIC_MISSING)
    return named.error_in(value, named.path)


def hysteresis_verdict(
    named: NamedRule, rule: HysteresisRule, numbers: Numbers, *, was_selected: bool
) -> Verdict:
    """Return whether a strategy may enter the selection, or stay in it."""
    value = numbers.get(rule.metric)
    if value is None:
        return named.missing(ReasonCode.METRIC_MISSING)
    error = named.error_in(value, rule.metric)
    if error is not None:
        return error
    limit = rule.exit if was_selected else rule.enter
    reached = value >= limit if rule.order == "highest" else value <= limit
    if reached:
        return Verdict("pass", ReasonCode.KEPT if was_selected else ReasonCode.ENTERED, value, limit)
    code = ReasonCode.EXIT_PASSED if was_selected else ReasonCode.ENTRY_NOT_REACHED
    return Verdict("fail", code, value, limit)
