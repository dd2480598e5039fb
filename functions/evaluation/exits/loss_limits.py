"""Limits on losses: the number that each one judges, and its verdict."""

from collections.abc import Iterator
from dataclasses import dataclass

from functions.evaluation.exit_state import Scope
from functions.evaluation.exits.doubts import Doubt, doubt_of
from functions.evaluation.exits.readings import (
    Evaluation,
    Reading,
    drawdown_reading,
    measure_reading,
    stress_reading,
)
from functions.evaluation.exits.verdicts import (
    Breach,
    Met,
    Undecided,
    Verdict,
    reduction,
    response_ratio,
)
from risk_hub_contracts.base.bounds import broken_side
from risk_hub_contracts.policies.exit_policy import ExitPolicy, LossLimit
from risk_hub_contracts.reports.risk import RiskReport


def loss_verdicts(policy: ExitPolicy, evaluation: Evaluation, scope: Scope) -> Iterator[Verdict]:
    """Yield the verdict on each limit on this kind of report."""
    doubt = doubt_of(policy, evaluation)
    for limit, name, reading in loss_readings(policy, evaluation):
        yield _loss_verdict(_Compared(policy, limit, name, reading, scope, doubt))


def loss_readings(policy: ExitPolicy, evaluation: Evaluation) -> Iterator[tuple[LossLimit, str, Reading]]:
    """Yield each limit on this kind of report with its name and its number."""
    report, document = evaluation.report, evaluation.document
    if isinstance(report, RiskReport):
        for measure_limit in policy.measures:
            reading = measure_reading(measure_limit, report, document)
            yield measure_limit, reading.metric, reading
        for drawdown_limit in policy.drawdown:
            reading = drawdown_reading(drawdown_limit, report, document)
            yield drawdown_limit, reading.metric, reading
        return
    for stress_limit in policy.stress:
        name = "worst_stress" if stress_limit.scenario is None else f"stress.{stress_limit.scenario}"
        yield stress_limit, name, stress_reading(stress_limit, report)


@dataclass(frozen=True, slots=True)
class _Compared:
    """One limit with the number that it is compared with, and the doubt about that number."""

    policy: ExitPolicy
    limit: LossLimit
    name: str
    reading: Reading
    scope: Scope
    doubt: Doubt

    @property
    def rule(self) -> str:
        return f"{self.name}.{self.limit.action}"

    @property
    def bound(self) -> str:
        return f"its limit is {self.limit.max_loss:.6g}"


def _loss_verdict(compared: _Compared) -> Verdict:
    """Compare a loss with its limit; a meaningless number can break a limit but cannot meet it."""
    limit, reading, doubt = compared.limit, compared.reading, compared.doubt
    metric, loss = reading.metric, reading.value
    if loss is not None and broken_side(loss, highest=limit.max_loss):
        return Breach(
            rule=compared.rule,
            action=limit.action,
            ratio=reduction(limit.action, limit.ratio, limit.max_loss, loss),
            reason="limit_exceeded",
            detail=f"{metric} is {loss:.6g}, over its limit of {limit.max_loss:.6g}",
            metrics={metric: loss, "limit": limit.max_loss},
            scope=compared.scope,
        )
    if reading.reason is not None:
        return _missing_verdict(compared, f"{metric} is not computed ({reading.reason}); {compared.bound}")
    if doubt.unanswered:
        found = f"{metric} is {loss:.6g} but has no meaning ({', '.join(doubt.unanswered)})"
        return _missing_verdict(compared, f"{found}; {compared.bound}")
    if doubt.answered:
        return Undecided(compared.rule)
    detail = f"{metric} is {loss:.6g}, within its limit of {limit.max_loss:.6g}"
    return Met(compared.rule, detail, {metric: loss or 0.0, "limit": limit.max_loss})


def _missing_verdict(compared: _Compared, detail: str) -> Verdict:
    policy, limit, reading = compared.policy, compared.limit, compared.reading
    ignored = reading.absent and policy.absent_inputs == "ignore"
    if limit.on_missing == "ignore" or ignored:
        return Undecided(compared.rule)
    known = {} if reading.value is None else {reading.metric: reading.value}
    return Breach(
        rule=compared.rule,
        action=limit.on_missing,
        ratio=response_ratio(policy, limit.on_missing, limit.ratio),
        reason="limit_exceeded",
        cause="not_computed",
        detail=detail,
        metrics={**known, "limit": limit.max_loss},
        scope=compared.scope,
    )
