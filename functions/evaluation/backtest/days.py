"""Pairs of forecast and return: each return tests the last forecast made before it."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import fsum
from typing import Literal

from risk_hub_contracts.base.limits import RETURN_MAX_ABS
from risk_hub_contracts.reports.backtest import BacktestDay, BacktestMethod
from risk_hub_contracts.reports.forecast import CrossSection, Forecast
from risk_hub_contracts.reports.tail import HEADLINE_METHOD

WeightsLookup = Callable[[Forecast], Mapping[str, float] | None]
"""Returns the weights of a forecast's book; None if its snapshot is no longer stored."""
Reason = Literal["no_value_at_risk", "no_realized_return", "replaced", "not_covered"]


@dataclass(slots=True)
class BacktestSample:
    """Test data of a period of forecasts.

    Attributes:
        method: method of the tested value at risk.
        confidence_bps: confidence of the tested value at risk, in basis points.
        days: forecasts with their realised returns, in time order.
        hits: for each date with a forecast, in time order: whether the loss exceeded the value at risk; None
            where the forecast was left out.
        left_out: days whose forecast could not be tested, by reason.
        in_hindsight: days whose forecast reached the hub after the `as_of` of the snapshot that brought the
            return.
        stored: every method and confidence of any forecast, with or without a value.
    """

    method: BacktestMethod
    confidence_bps: int
    days: list[BacktestDay] = field(default_factory=list)
    hits: list[bool | None] = field(default_factory=list)
    left_out: Counter[Reason] = field(default_factory=Counter)
    in_hindsight: int = 0
    stored: set[tuple[str, int]] = field(default_factory=set)


def pair_with_returns(
    newest_first: Iterable[Forecast],
    method: BacktestMethod,
    confidence_bps: int,
    weights_of: WeightsLookup,
) -> BacktestSample:
    """Pair forecasts with returns.

    Args:
        newest_first: the last forecast of each UTC date of one world and stage; consumed lazily, two held at
            a time.
        method: method of the value at risk to test.
        confidence_bps: confidence of the value at risk to test, in basis points.
        weights_of: returns the weights of a forecast; called only for returns by asset.
    """
    sample = BacktestSample(method, confidence_bps)
    after: Forecast | None = None
    for before in newest_first:
        sample.stored.update((row.method, row.confidence_bps) for row in before.rows())
        outcome = _outcome(before, after, (method, confidence_bps), weights_of)
        if isinstance(outcome, BacktestDay):
            sample.days.append(outcome)
            sample.hits.append(outcome.exceeded)
            sample.in_hindsight += after is not None and before.created_at >= after.as_of
        else:
            sample.left_out[outcome] += 1
            sample.hits.append(None)
        after = before
    sample.days.reverse()
    sample.hits.reverse()
    return sample


def _outcome(
    before: Forecast, after: Forecast | None, tested: tuple[BacktestMethod, int], weights_of: WeightsLookup
) -> BacktestDay | Reason:
    """Pair the forecast with the last return of the next date that has a snapshot.

    Return the reason instead if the forecast cannot be tested.
    """
    if after is None:
        return "no_realized_return"
    if after.realized is None or not _is_new(after.realized, before):
        return "replaced"
    value_at_risk = _value_at_risk(before, tested)
    if value_at_risk is None:
        return "no_value_at_risk"
    realized = _book_return(before, after.realized, weights_of)
    if realized is None:
        return "not_covered"
    made, realized_date = _date(before), after.realized.date or _date(after)
    return BacktestDay(
        date=made,
        version=before.version,
        value_at_risk=value_at_risk,
        realized_date=realized_date,
        realized_version=after.version,
        realized_return=realized,
        exceeded=-realized > value_at_risk,
        gap_days=(date.fromisoformat(realized_date) - date.fromisoformat(made)).days,
    )


def _is_new(realized: CrossSection, before: Forecast) -> bool:
    """Return whether the returns came after the forecast; undated returns have the date of their snapshot.

    A return of the forecast's own date is new if the forecast had seen an earlier one, that is, was made in
    the morning.
    """
    if realized.date is None:
        return True
    made = _date(before)
    seen = before.realized.date if before.realized is not None else None
    return realized.date > made if seen is None else realized.date > seen and realized.date >= made


def headline_method(forecast: Forecast | None) -> BacktestMethod:
    """Return the method that is tested by default.

    This is the headline method, or the parametric one if the forecast has no value by the headline method.
    Engines before 3.0 stored no such value, and a book without enough returns has none.
    """
    rows = [] if forecast is None else forecast.rows()
    known = any(row.method == HEADLINE_METHOD and row.value_at_risk is not None for row in rows)
    return HEADLINE_METHOD if known or forecast is None else "parametric_normal"


def _value_at_risk(forecast: Forecast, wanted: tuple[BacktestMethod, int]) -> float | None:
    return next((t.value_at_risk for t in forecast.rows() if (t.method, t.confidence_bps) == wanted), None)


def _book_return(before: Forecast, realized: CrossSection, weights_of: WeightsLookup) -> float | None:
    """Return `Σ w_i r_i` of the forecast's book, or the portfolio's own return; None if a return is missing.

    A return beyond the limit counts as missing; only earlier engines stored such returns.
    """
    if realized.by_id is None:
        return realized.portfolio if _is_return(realized.portfolio) else None
    weights = weights_of(before)
    if weights is None:
        return None
    held = {asset: weight for asset, weight in weights.items() if weight}
    if not all(_is_return(realized.by_id.get(asset)) for asset in held):
        return None
    return fsum(weight * realized.by_id[asset] for asset, weight in held.items())


def _is_return(value: float | None) -> bool:
    return value is not None and abs(value) <= RETURN_MAX_ABS


def _date(forecast: Forecast) -> str:
    """Return the UTC date of a fixed-width UTC instant."""
    return forecast.as_of[:10]
