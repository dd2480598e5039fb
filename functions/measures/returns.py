"""The book's realised returns: `Σ w_i r_i,t` over common dates, and the last cross-section behind them."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from functions.measures.exact import EXACT_MAX_ASSETS, Vector, dot
from functions.measures.performance import is_constant
from functions.measures.returns_table import ReturnsTable, unusable_reason


@dataclass(frozen=True, slots=True)
class BookReturns:
    """The return series of one book.

    Attributes:
        values: (T,) returns of the book, oldest first.
        dates: their UTC dates, strictly rising; None if the producer gave none.
        gross: (T,) `Σ|w_i r_i,t|`, the sum of magnitudes behind each value; empty for a bare series.
    """

    values: list[float]
    dates: tuple[date, ...] | None
    gross: list[float] = field(default_factory=list)

    @property
    def is_constant(self) -> bool:
        """True if the series varies by no more than the rounding of its sums."""
        return is_constant(self.values, self.scale)

    @property
    def scale(self) -> float:
        """The largest sum of magnitudes of one return."""
        return max(map(abs, self.gross or self.values))

    def last_days(self, days: int) -> "BookReturns":
        """Return the returns of the last calendar days; without dates, the last `days` returns."""
        if self.dates is None:
            return self.last(days)
        first = bisect_left(self.dates, self.dates[-1] - timedelta(days=days - 1))
        return self.last(len(self.values) - first)

    def last(self, count: int) -> "BookReturns":
        """Return the last `count` returns, or all if there are fewer."""
        last = slice(max(len(self.values) - count, 0), None)
        return BookReturns(self.values[last], self.dates and self.dates[last], self.gross[last])


def series_by_id(returns: ReturnsTable) -> dict[str, Vector]:
    """Return the series by their ids; empty for a bare series."""
    return dict(zip(returns.ids, returns.series(), strict=True)) if returns.ids else {}


def book_returns(
    returns: ReturnsTable, weights: Mapping[str, float]
) -> tuple[BookReturns | None, str | None]:
    """Return the book's returns, or None and the reason.

    One bare series is the portfolio's own. Series of unequal length have no common dates, so they are
    refused.

    Args:
        returns: the returns in the order of their dates, without missing observations of held assets.
        weights: weights of the held assets, by id.
    """
    series = series_by_id(returns)
    if set(weights) - set(series) and returns.ids:
        return None, "returns_do_not_cover_weights"
    used = [series[asset] for asset in weights] if returns.ids else [returns.series()[0]]
    reason = unusable_reason(used)
    if reason is not None:
        return None, reason
    if not returns.ids:
        return BookReturns(list(used[0]), returns.dates), None
    values, gross = _weighted_sums(used, list(weights.values()))
    return BookReturns(values, returns.dates, gross), None


def _weighted_sums(series: Sequence[Vector], weights: Vector) -> tuple[list[float], list[float]]:
    """Return `Σ w_i r_i,t` and `Σ|w_i r_i,t|`, (T,) each."""
    if len(series) <= EXACT_MAX_ASSETS:
        rows, sizes = list(zip(*series, strict=True)), list(map(abs, weights))
        gross = [dot(map(abs, row), sizes) for row in rows]
        return [dot(row, weights) for row in rows], gross
    from functions.measures.covariance.array_sample import weighted_sums  # noqa: PLC0415 - numpy, above the exact path

    return weighted_sums(series, weights)
