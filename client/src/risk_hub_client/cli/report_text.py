"""Text form of risk reports, stress reports and exit signals: aligned columns, one line per number."""

from collections.abc import Iterator, Sequence
from typing import Final

from risk_hub_client.reports import EvaluatedAs
from risk_hub_contracts.reports.exit_signal import ExitSignal
from risk_hub_contracts.reports.risk import RiskMeasure, RiskReport
from risk_hub_contracts.reports.stress import StressLoss, StressReport
from risk_hub_contracts.reports.tail import TailMeasure
from risk_hub_contracts.reports.warning import RiskWarning

__all__ = ["risk_lines", "signal_lines", "stress_lines"]

LARGEST_SHOWN: Final = 5
UNIT: Final = "fractions of the portfolio's value"
TAIL_HEADINGS: Final = ("method", "confidence", "value at risk", "expected shortfall", "in tail", "")
MEANINGLESS: Final = "the numbers below have no meaning"


def risk_lines(report: RiskReport, evaluated_as: EvaluatedAs) -> Iterator[str]:
    """Yield the lines of a risk report: warnings, losses, concentration and the largest contributions."""
    yield from _head(report, evaluated_as)
    yield from _warnings(report.warnings)
    yield f"  losses over one period, {UNIT}"
    yield from _losses(report)
    if report.concentration is not None:
        spread = report.concentration
        yield (
            f"  as concentrated as {spread.effective_number:.1f} equal positions; "
            f"gross exposure {spread.gross_exposure:.4f}, net {spread.net_exposure:.4f}"
        )
    if report.contributions is not None and report.contributions.largest:
        confidence = _confidence(report.contributions.confidence_bps)
        largest = report.contributions.largest[:LARGEST_SHOWN]
        yield f"  largest contributions to the parametric VaR at {confidence}"
        yield from _aligned([(each.id, f"{each.component:.6f}") for each in largest])


def stress_lines(report: StressReport, evaluated_as: EvaluatedAs) -> Iterator[str]:
    """Yield the lines of a stress report: warnings, every loss, then the producer's own metrics."""
    yield from _head(report, evaluated_as)
    yield from _warnings(report.warnings)
    if report.reason is not None:
        yield f"  no losses: {report.reason}"
    if report.losses:
        yield f"  losses, {UNIT}"
        yield from _aligned([_loss(loss) for loss in report.losses])
    if report.metrics:
        yield "  the producer's own metrics"
        yield from _aligned([(metric.name, f"{metric.value:.6g}") for metric in report.metrics])
    if report.scenarios_omitted:
        yield f"  {report.scenarios_omitted} milder scenarios are not listed"


def signal_lines(signals: Sequence[ExitSignal]) -> Iterator[str]:
    """Yield a table of signals with headings, one line per signal; no lines for no signals."""
    if not signals:
        return
    headings = ("emitted", "stage", "strategy", "action", "share", "asset", "reason")
    rows = [
        (
            signal.emitted_at,
            signal.stage,
            signal.strategy,
            signal.action,
            f"{signal.ratio:.4f}",
            signal.asset or "-",
            signal.detail,
        )
        for signal in signals
    ]
    yield from _aligned([headings, *rows], indent="")


def _head(report: RiskReport | StressReport, evaluated_as: EvaluatedAs) -> Iterator[str]:
    yield f"{report.world_id} {report.version} as of {report.as_of}, {report.stage} by {report.actor}"
    purpose = " as history" if evaluated_as == "history" else ""
    yield f"  {report.status}, evaluated{purpose} {report.evaluated_at} by engine {report.engine_version}"


def _warnings(warnings: Sequence[RiskWarning]) -> Iterator[str]:
    """Yield two lines for each warning: its code, subject and cause; its evidence."""
    for each in warnings:
        verdict = f"; {MEANINGLESS}" if each.makes_insufficient else ""
        subject = "" if each.subject is None else f" ({each.subject})"
        yield f"  warning {each.code}{subject}: {each.likely_cause}{verdict}"
        if each.evidence:
            yield f"    {', '.join(f'{name} {value}' for name, value in each.evidence.items())}"


def _losses(report: RiskReport) -> Iterator[str]:
    """Yield the table of `tails` and the measures that it lacks; an engine before 3.0 wrote measures only."""
    if report.tails:
        yield from _aligned([TAIL_HEADINGS, *map(_tail, report.tails)])
    shown = [each for each in report.measures if not report.tails or _is_not_in_tails(each)]
    if shown:
        yield from _aligned([_measure(measure) for measure in shown])


def _measure(measure: RiskMeasure) -> tuple[str, ...]:
    value = f"{measure.value:.6f}" if measure.value is not None else "-"
    return (
        measure.measure.replace("_", " "),
        measure.method.replace("_", " "),
        _confidence(measure.confidence_bps),
        value,
        measure.reason or "",
    )


def _is_not_in_tails(measure: RiskMeasure) -> bool:
    return measure.confidence_bps is None or measure.method == "legacy_v1"


def _tail(row: TailMeasure) -> tuple[str, ...]:
    in_tail = "" if row.tail_observations is None else f"{row.tail_observations} of {row.observations}"
    return (
        row.method.replace("_", " "),
        _confidence(row.confidence_bps),
        _with_error(row.value_at_risk, row.value_at_risk_standard_error),
        _with_error(row.expected_shortfall, row.expected_shortfall_standard_error),
        in_tail,
        row.reason or "",
    )


def _with_error(value: float | None, standard_error: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.6f}" if standard_error is None else f"{value:.6f} ± {standard_error:.6f}"


def _loss(loss: StressLoss) -> tuple[str, ...]:
    if loss.value is not None:
        return (loss.scenario, f"{loss.value:.6f}", "")
    covered = "none" if loss.covered_value is None else f"{loss.covered_value:.6f}"
    return (loss.scenario, "-", f"{loss.reason}; covered {loss.coverage:.1%} of the book, loss {covered}")


def _confidence(bps: int | None) -> str:
    return "" if bps is None else f"{bps / 100:g} %"


def _aligned(rows: Sequence[Sequence[str]], indent: str = "    ") -> Iterator[str]:
    """Yield rows with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield (indent + "  ".join(cells)).rstrip()
