"""Share of an exit policy's limits that could be judged: a limit without a number cannot be broken."""

from collections.abc import Iterator

from functions.evaluation.exits.rules import AnyReport
from risk_hub_contracts.policies.exit_policy import ExitPolicy, StressLimit
from risk_hub_contracts.reports.risk import RiskReport, RiskStatus
from risk_hub_contracts.reports.stress import StressReport

NO_SCENARIOS = "stress_absent"


def limit_coverage(policy: ExitPolicy, report: AnyReport) -> RiskStatus:
    """Return whether all limits on this kind of report had a number (`complete`), or some (`partial`).

    Return `insufficient` if no limit had one. A limit on the worst scenario does not count for a snapshot
    without scenarios.
    """
    if isinstance(report, RiskReport):
        judged = [*_on_measures(policy, report), *_on_drawdowns(policy, report)]
    else:
        judged = list(_on_scenarios(policy, report))
    if all(judged):
        return "complete"
    return "partial" if any(judged) else "insufficient"


def _on_measures(policy: ExitPolicy, report: RiskReport) -> Iterator[bool]:
    known = {(m.measure, m.method, m.confidence_bps) for m in report.measures if m.value is not None}
    for limit in policy.measures:
        yield (limit.measure, limit.method, limit.confidence_bps) in known


def _on_drawdowns(policy: ExitPolicy, report: RiskReport) -> Iterator[bool]:
    known = {window.length for window in report.windows if window.max_drawdown is not None}
    for limit in policy.drawdown:
        yield limit.window in known


def _on_scenarios(policy: ExitPolicy, report: StressReport) -> Iterator[bool]:
    for limit in policy.stress:
        if limit.scenario is not None or report.reason != NO_SCENARIOS:
            yield _has_loss(limit, report)


def _has_loss(limit: StressLimit, report: StressReport) -> bool:
    return any(loss.value is not None and limit.scenario in (None, loss.scenario) for loss in report.losses)
