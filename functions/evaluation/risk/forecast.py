"""Forecast of one evaluation, stored for back-tests."""

from typing import Any, get_args

from functions.evaluation.risk.inputs import ReturnsInput
from functions.measures.returns_table import DATE_REASONS, ReturnsTable
from risk_hub_contracts.base.limits import RETURN_MAX_ABS
from risk_hub_contracts.reports.forecast import CrossSection, Forecast, FurtherTailForecast, TailForecast
from risk_hub_contracts.reports.risk import MethodName, RiskReport
from risk_hub_contracts.reports.tail import TailMeasure
from risk_hub_contracts.snapshot.parse import Snapshot

FIRST_METHODS: frozenset[str] = frozenset(get_args(MethodName))


def forecast_of(snapshot: Snapshot, report: RiskReport, returns: ReturnsInput, created_at: str) -> Forecast:
    """Return the forecast in a report, with the book and the last known returns.

    Args:
        snapshot: the book.
        report: computed from the snapshot.
        returns: the snapshot's realised returns.
        created_at: when the hub accepted the snapshot, RFC 3339 UTC.
    """
    realized = None if returns.reason in DATE_REASONS else cross_section(returns.given)
    return Forecast(
        world_id=snapshot.world_id,
        version=snapshot.version,
        content_hash=snapshot.content_hash,
        stage=snapshot.stage,
        as_of=report.as_of,
        created_at=created_at,
        engine_version=report.engine_version,
        weights=None if realized is not None and realized.by_id is None else snapshot.weights,
        tails=_tails(report),
        further_tails=_further_tails(report),
        realized=realized,
    )


def _tails(report: RiskReport) -> list[TailForecast]:
    """Return the pairs of VaR and ES by the methods of the first release, at every confidence of the report.

    `measures` has a VaR and an ES for each of its methods and confidences; `tails` adds confidences.
    """
    found = {(each.measure, each.method, each.confidence_bps): each for each in report.measures}
    pairs: dict[tuple[str, int], TailForecast] = {
        (method, bps): TailForecast(
            method=method,
            confidence_bps=bps,
            value_at_risk=var.value,
            expected_shortfall=found["expected_shortfall", method, bps].value,
            reason=var.reason,
        )
        for (measure, method, bps), var in found.items()
        if measure == "value_at_risk" and bps is not None
    }
    for row in report.tails:
        if row.method in FIRST_METHODS and (row.method, row.confidence_bps) not in pairs:
            pairs[row.method, row.confidence_bps] = TailForecast.model_validate(_forecast_members(row))
    return list(pairs.values())


def _further_tails(report: RiskReport) -> list[FurtherTailForecast]:
    return [
        FurtherTailForecast.model_validate(_forecast_members(row))
        for row in report.tails
        if row.method not in FIRST_METHODS
    ]


def _forecast_members(row: TailMeasure) -> dict[str, Any]:
    """Return VaR and ES of a row as the members of a forecast; the reason is set only if VaR is missing."""
    return {
        "method": row.method,
        "confidence_bps": row.confidence_bps,
        "value_at_risk": row.value_at_risk,
        "expected_shortfall": row.expected_shortfall,
        "reason": row.reason if row.value_at_risk is None else None,
    }


def cross_section(returns: ReturnsTable | None) -> CrossSection | None:
    """Return the last return of each series, held or not, without those that the engine would refuse."""
    if returns is None or returns.dates == ():
        return None
    date = None if returns.dates is None else returns.dates[-1].isoformat()
    last = [series[-1] for series in returns.series()]
    if not returns.ids:
        return CrossSection(date=date, by_id=None, portfolio=last[0]) if _in_range(last[0]) else None
    known = {asset: value for asset, value in zip(returns.ids, last, strict=True) if _in_range(value)}
    return CrossSection(date=date, by_id=known, portfolio=None) if known else None


def _in_range(value: float) -> bool:
    """Return whether a return is within the limit; NaN is not."""
    return abs(value) <= RETURN_MAX_ABS
