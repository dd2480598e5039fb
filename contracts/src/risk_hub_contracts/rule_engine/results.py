"""Rules with their defaults, and their results for missing and wrong numbers."""

from dataclasses import dataclass
from math import isfinite

from risk_hub_contracts.policies.evaluation_policy import EvaluationPolicy
from risk_hub_contracts.policies.rules import (
    CorrelationRule,
    LimitRule,
    OnError,
    OnMissing,
    Rule,
    ThresholdRule,
    TopKRule,
)
from risk_hub_contracts.policies.rules.metrics import CORRELATION, facts_of
from risk_hub_contracts.runs.reason_codes import ReasonCode
from risk_hub_contracts.runs.rule_result import RuleResult, RuleStatus, Severity

__all__ = ["NamedRule", "Verdict", "named_rules"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A status with its reason, before the members of the rule are added.

    `metric` is the path of the decisive number if it is not what the rule compares; `observed` is in its unit.
    """

    status: RuleStatus
    code: ReasonCode
    observed: float | None = None
    limit: float | None = None
    subject: str | None = None
    severity: Severity | None = None
    metric: str | None = None


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A rule with its name and with every default of its profile and policy filled in."""

    name: str
    rule: Rule
    path: str
    unit: str
    owner: str
    severity: Severity
    on_missing: OnMissing
    on_error: OnError

    def missing(self, code: ReasonCode, subject: str | None = None, metric: str | None = None) -> Verdict:
        """Return the verdict on a number that is missing. It never passes."""
        if self.on_missing == "ignore":
            code = ReasonCode.MISSING_IGNORED
            return Verdict("warn", code, subject=subject, severity="info", metric=metric)
        return Verdict(self.on_missing, code, subject=subject, metric=metric)

    def error_in(self, value: float, path: str) -> Verdict | None:
        """Return the verdict on a number that its metric never has, None if it can be compared."""
        if not isfinite(value):
            return self.error(ReasonCode.NUMBER_NOT_FINITE, metric=path)
        if facts_of(path).is_possible(value):
            return None
        return self.error(ReasonCode.NUMBER_IMPOSSIBLE, value, path)

    def error(self, code: ReasonCode, observed: float | None = None, metric: str | None = None) -> Verdict:
        """Return the verdict on a number that is wrong. It never passes."""
        is_own = metric == self.path and not isinstance(self.rule, TopKRule)
        return Verdict(self.on_error, code, observed, metric=None if is_own else metric)

    def result(self, verdict: Verdict) -> RuleResult:
        """Return the result of the rule."""
        return RuleResult(
            rule=self.name,
            status=verdict.status,
            severity=verdict.severity or self.severity,
            owner=self.owner,
            tags=self.rule.tags,
            reason_code=verdict.code.value,
            metric=verdict.metric or self.path,
            observed=verdict.observed,
            limit=verdict.limit,
            unit=self.unit if verdict.metric is None else facts_of(verdict.metric).unit,
            subject=verdict.subject,
        )


def named_rules(policy: EvaluationPolicy, profile: str) -> list[NamedRule]:
    """Return the rules of a profile in the order of their names.

    A rule takes `on_missing` and `on_error` from itself, its profile, the profiles that this one extends, or the
    policy: the first that has the member.
    """
    lineage = policy.lineage(profile)
    on_missing = next((each.on_missing for each in lineage if each.on_missing), policy.on_missing)
    on_error = next((each.on_error for each in lineage if each.on_error), policy.on_error)
    rules = policy.rules_of(profile)
    return [_named_rule(name, rules[name], policy.owner, on_missing, on_error) for name in sorted(rules)]


def _named_rule(name: str, rule: Rule, owner: str, on_missing: OnMissing, on_error: OnError) -> NamedRule:
    path, unit = _path_and_unit(rule)
    return NamedRule(
        name=name,
        rule=rule,
        path=path,
        unit=unit,
        owner=rule.owner or owner,
        severity=rule.effective_severity,
        on_missing=rule.on_missing or on_missing,
        on_error=rule.on_error or on_error,
    )


def _path_and_unit(rule: Rule) -> tuple[str, str]:
    """Return the metric and the unit of `observed` and `limit`."""
    if isinstance(rule, CorrelationRule):
        return CORRELATION, facts_of(CORRELATION).unit
    if isinstance(rule, TopKRule):
        return rule.metric, "rank"
    path = rule.path if isinstance(rule, LimitRule) else rule.metric
    own_unit = rule.unit if isinstance(rule, ThresholdRule) else None
    return path, own_unit or facts_of(path).unit
