"""Selection among the candidates: the best `k`, and those that are not too correlated with better ones."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from risk_hub_contracts.policies.rules import CorrelationRule, TopKRule
from risk_hub_contracts.policies.rules.metrics import CORRELATION
from risk_hub_contracts.rule_engine.inputs import Context, Numbers
from risk_hub_contracts.rule_engine.results import NamedRule, Verdict
from risk_hub_contracts.runs.reason_codes import ReasonCode
from risk_hub_contracts.runs.rule_result import WORST_LAST

__all__ = ["correlation_verdicts", "top_k_verdicts"]

_NOT_A_CANDIDATE = Verdict("warn", ReasonCode.NOT_A_CANDIDATE, severity="info")


def top_k_verdicts(
    named: NamedRule, rule: TopKRule, cohort: Mapping[str, Numbers], candidates: Collection[str]
) -> dict[str, Verdict]:
    """Return the verdict for each strategy. One without a usable number has no rank and takes no place."""
    verdicts, ranked = _ranked(named, rule, cohort, candidates)
    for rank, strategy in enumerate(ranked, start=1):
        within = rank <= rule.k
        code = ReasonCode.RANK_WITHIN_K if within else ReasonCode.RANK_BEYOND_K
        verdicts[strategy] = Verdict("pass" if within else "fail", code, float(rank), float(rule.k))
    return verdicts


def correlation_verdicts(
    named: NamedRule,
    rule: CorrelationRule,
    cohort: Mapping[str, Numbers],
    candidates: Collection[str],
    context: Context,
) -> dict[str, Verdict]:
    """Return the verdict for each strategy, compared with the better ones that this rule does not fail."""
    verdicts, ranked = _ranked(named, rule, cohort, candidates)
    kept: list[str] = []
    for strategy in ranked:
        pairs = {other: context.correlation(strategy, other) for other in kept}
        verdicts[strategy] = _worst_pair(named, rule, pairs)
        if verdicts[strategy].status != "fail":
            kept.append(strategy)
    return verdicts


def _ranked(
    named: NamedRule,
    rule: TopKRule | CorrelationRule,
    cohort: Mapping[str, Numbers],
    candidates: Collection[str],
) -> tuple[dict[str, Verdict], list[str]]:
    """Return the verdicts of the strategies without a rank, and the ids of the ranked ones, best first."""
    verdicts: dict[str, Verdict] = {}
    values: dict[str, float] = {}
    for strategy, numbers in cohort.items():
        value = numbers.get(rule.metric)
        if strategy not in candidates:
            verdicts[strategy] = _NOT_A_CANDIDATE
        elif value is None:
            verdicts[strategy] = named.missing(ReasonCode.METRIC_MISSING, metric=rule.metric)
        elif (error := named.error_in(value, rule.metric)) is not None:
            verdicts[strategy] = error
        else:
            values[strategy] = -value if rule.order == "highest" else value
    return verdicts, sorted(values, key=lambda strategy: (values[strategy], strategy))


def _worst_pair(named: NamedRule, rule: CorrelationRule, pairs: Mapping[str, float | None]) -> Verdict:
    """Return the verdict of the pair with the worst status; among equal ones, of the greatest correlation."""
    quiet = rule.max if rule.warn_max is None else rule.warn_max
    largest = max(
        (other for other, value in pairs.items() if value is not None and abs(value) <= quiet),
        key=lambda other: abs(pairs[other] or 0.0),
        default=None,
    )
    missing = next((other for other, value in pairs.items() if value is None), None)
    loud = [other for other, value in pairs.items() if value is not None and not abs(value) <= quiet]
    decisive = [*loud, *(each for each in (missing, largest) if each is not None)]
    verdicts = (_pair_verdict(named, rule, other, pairs[other]) for other in decisive)
    return max(verdicts, key=_weight, default=Verdict("pass", ReasonCode.WITHIN_LIMITS))


def _pair_verdict(named: NamedRule, rule: CorrelationRule, other: str, value: float | None) -> Verdict:
    """Return the verdict on the correlation with one better strategy."""
    if value is None:
        return named.missing(ReasonCode.CORRELATION_MISSING, other)
    error = named.error_in(value, CORRELATION)
    if error is not None:
        return replace(error, subject=other)
    size = abs(value)
    if size > rule.max:
        return Verdict("fail", ReasonCode.ABOVE_MAXIMUM, value, rule.max, other)
    if rule.warn_max is not None and size > rule.warn_max:
        return Verdict("warn", ReasonCode.ABOVE_WARNING_MAXIMUM, value, rule.warn_max, other)
    return Verdict("pass", ReasonCode.WITHIN_LIMITS, value, rule.max, other)


def _weight(verdict: Verdict) -> tuple[int, float]:
    """Return the sort key of a verdict: its status, then the magnitude of its correlation."""
    return WORST_LAST.index(verdict.status), abs(verdict.observed or 0.0)
