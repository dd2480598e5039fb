"""Realised returns as the risk numbers use them: in the order of their dates, with missing values marked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import compress, pairwise
from math import isfinite, isnan

from functions.measures.exact import Vector
from risk_hub_contracts.base.dates import DATES_MALFORMED, DATES_REPEATED, utc_date
from risk_hub_contracts.base.limits import RETURN_MAX_ABS
from risk_hub_contracts.blob.types import RealizedReturns

DATE_REASONS = frozenset({DATES_MALFORMED, DATES_REPEATED})


@dataclass(frozen=True, slots=True)
class ReturnsTable:
    """A series per sorted id, or one bare series (no ids).

    Attributes:
        ids: empty for a bare series.
        rows: one series per id, oldest first; NaN is a missing observation if `has_missing`.
        dates: UTC dates of the periods, strictly rising; None if the producer gave none, or unusable ones.
        has_missing: whether the producer declared missing observations.
    """

    ids: tuple[str, ...]
    rows: tuple[Vector, ...]
    dates: tuple[date, ...] | None = None
    has_missing: bool = False

    def series(self) -> Sequence[Vector]:
        """Return the series in the order of `ids`; a single one without ids."""
        return self.rows

    def of_assets(self, assets: Collection[str]) -> list[Vector]:
        """Return the series of some assets in the order of `ids`; of a bare series, that one."""
        if not self.ids:
            return list(self.rows)
        return [row for asset, row in zip(self.ids, self.rows, strict=True) if asset in assets]


def returns_table(returns: RealizedReturns) -> tuple[ReturnsTable, str | None]:
    """Return the returns in the order of their dates, and `dates_malformed` or `dates_repeated` if unusable.

    A date-time counts by its UTC date. Unsorted dates are sorted with their rows.
    """
    declared = returns.missing > 0
    rows = tuple(returns.series())
    if returns.dates is None:
        return ReturnsTable(returns.ids, rows, None, declared), None
    try:
        dates = tuple(map(utc_date, returns.dates))
    except ValueError:
        return ReturnsTable(returns.ids, rows, None, declared), DATES_MALFORMED
    if len(set(dates)) != len(dates):
        return ReturnsTable(returns.ids, rows, None, declared), DATES_REPEATED
    if any(first > second for first, second in pairwise(dates)):
        order = sorted(range(len(dates)), key=dates.__getitem__)
        dates = tuple(dates[place] for place in order)
        rows = tuple([row[place] for place in order] for row in rows)
    return ReturnsTable(returns.ids, rows, dates, declared), None


def complete_cases(table: ReturnsTable, held: Collection[str]) -> ReturnsTable:
    """Return the periods in which no held asset is missing; the same table if none is.

    Series of unequal length have no common periods and are left as they are. Never fill a gap: a zero return
    understates risk.
    """
    used = table.of_assets(held)
    if not table.has_missing or len(set(map(len, table.rows))) != 1 or not used:
        return table
    kept = [not any(map(isnan, period)) for period in zip(*used, strict=True)]
    return table if all(kept) else _select_periods(table, kept)


def _select_periods(table: ReturnsTable, kept: Sequence[bool]) -> ReturnsTable:
    rows = tuple(list(compress(row, kept)) for row in table.rows)
    dates = None if table.dates is None else tuple(compress(table.dates, kept))
    return ReturnsTable(table.ids, rows, dates, table.has_missing)


def unusable_reason(used: Sequence[Vector]) -> str | None:
    """Return why series cannot be added up by period; None if they can."""
    if len(set(map(len, used))) != 1:
        return "returns_of_unequal_length"
    if not len(used[0]):
        return "too_few_observations"
    if not all(all(map(isfinite, each)) for each in used):
        return "returns_not_finite"
    return "returns_out_of_range" if any(max(map(abs, each)) > RETURN_MAX_ABS for each in used) else None


@dataclass(frozen=True, slots=True)
class SeriesCoverage:
    """Observations of one series: their number, the missing ones, and the dates of the first and last."""

    observations: int
    missing: int
    first: date | None
    last: date | None


def series_coverage(row: Vector, dates: Sequence[date] | None) -> SeriesCoverage:
    """Return the coverage of one series."""
    gaps = list(map(isnan, row))
    missing = gaps.count(True)
    days = [] if dates is None else [day for day, gap in zip(dates, gaps, strict=True) if not gap]
    return SeriesCoverage(len(gaps) - missing, missing, days[0] if days else None, days[-1] if days else None)
