"""Numbers of a strategy in the portfolio of a snapshot: incremental VaR and ES, and the uplift of its Sharpe ratio.

Each number is that of the book with the strategy less that of the book without it, over the same periods, so it is
positive if the strategy adds risk (or performance). A strategy with a position is compared with the book after its
position was sold for cash; a candidate with the book scaled down to make room for its weight. VaR and ES are
historical, at 99 %, over one period: the upper VaR, and the mean of the worst share of the sample.

Source: Jorion, Value at Risk, ch. 7 (incremental VaR: the VaR before and after a trade, by full revaluation); Dowd,
Beyond Value at Risk, 1998, ch. 5 (by historical simulation); Sharpe, The Sharpe Ratio, 1994.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from math import isnan
from typing import Final

from functions.evaluation.evaluations.portfolio_returns import PortfolioReturns
from functions.measures.exact import Vector
from functions.measures.historical import historical_es, historical_upper
from functions.measures.performance import is_constant, sharpe
from functions.measures.position_change import has_tail, mixed, sold_for_cash
from risk_hub_contracts.base.limits import RETURN_MAX_ABS
from risk_hub_contracts.policies.rules.metrics import INCREMENTAL_VAR, PORTFOLIO_UPLIFT

CONFIDENCE_BPS: Final = 9_900


@dataclass(frozen=True, slots=True)
class ResolvedNumbers:
    """Numbers by path, and the reason of each number that could not be computed."""

    numbers: dict[str, float] = field(default_factory=dict)
    unresolved: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Books:
    """Returns (T,) of the book with and without a strategy; `scale` is the largest size of a return."""

    with_it: Vector
    without_it: Vector
    scale: float


def portfolio_numbers(
    portfolio: PortfolioReturns, strategy_id: str, candidate_weight: float | None, wanted: Collection[str]
) -> ResolvedNumbers:
    """Return the numbers of one strategy.

    Args:
        portfolio: the returns of the snapshot.
        strategy_id: the strategy; its series is that of the asset with this id.
        candidate_weight: the share that a strategy without a position would get.
        wanted: paths of the numbers to compute.
    """
    if not wanted:
        return ResolvedNumbers()
    books, reason = _books(portfolio, strategy_id, candidate_weight)
    if books is None:
        return ResolvedNumbers(unresolved=dict.fromkeys(sorted(wanted), str(reason)))
    found = ResolvedNumbers()
    for path in sorted(wanted):
        value, reason = _uplift(books, portfolio) if path == PORTFOLIO_UPLIFT else _tail_change(books, path)
        if value is None:
            found.unresolved[path] = str(reason)
        else:
            found.numbers[path] = value
    return found


def _books(
    portfolio: PortfolioReturns, strategy_id: str, candidate_weight: float | None
) -> tuple[_Books | None, str | None]:
    """Return the series with and without the strategy, or the reason why there are none."""
    book, series = portfolio.book, portfolio.complete.get(strategy_id)
    if book is None:
        return None, portfolio.reason
    if series is None:
        return None, "strategy_returns_absent"
    weight = portfolio.weights.get(strategy_id)
    if weight is not None:
        return _held(book, weight, series, alone=len(portfolio.weights) == 1), None
    if candidate_weight is None:
        return None, "candidate_weight_absent"
    return _candidate(book, candidate_weight, series)


def _held(book: Vector, weight: float, series: Vector, *, alone: bool) -> _Books:
    """Return the book, and the book after the position was sold for cash: exactly zero without other positions."""
    without = [0.0] * len(book) if alone else sold_for_cash(book, weight, series)
    return _Books(book, without, _scale(book, [weight * each for each in series]))


def _candidate(book: Vector, share: float, series: Vector) -> tuple[_Books | None, str | None]:
    """Return the book mixed with a candidate, and the book, over the periods in which the candidate has returns."""
    if len(series) != len(book):
        return None, "returns_of_unequal_length"
    kept = [(total, own) for total, own in zip(book, series, strict=True) if not isnan(own)]
    totals, owns = [total for total, _ in kept], [own for _, own in kept]
    if not all(abs(own) <= RETURN_MAX_ABS for own in owns):
        return None, "returns_out_of_range"
    return _Books(mixed(totals, share, owns), totals, _scale(totals, owns)), None


def _scale(*series: Vector) -> float:
    return max((abs(value) for each in series for value in each), default=0.0)


def _tail_change(books: _Books, path: str) -> tuple[float | None, str | None]:
    if not has_tail(len(books.with_it), CONFIDENCE_BPS):
        return None, "too_few_tail_observations"
    measure = historical_upper if path == INCREMENTAL_VAR else historical_es
    return measure(books.with_it, CONFIDENCE_BPS) - measure(books.without_it, CONFIDENCE_BPS), None


def _uplift(books: _Books, portfolio: PortfolioReturns) -> tuple[float | None, str | None]:
    """Return the change of the annualised Sharpe ratio; a book of cash has no ratio to compare with."""
    per_year = portfolio.periods_per_year
    if per_year is None:
        return None, "frequency_unknown"
    ratios = [_sharpe(each, books.scale, per_year) for each in (books.with_it, books.without_it)]
    now, before = ratios
    return (None, "sharpe_undefined") if now is None or before is None else (now - before, None)


def _sharpe(returns: Vector, scale: float, periods_per_year: float) -> float | None:
    """Return the Sharpe ratio; None for too few returns, and for a series that is constant up to rounding."""
    if len(returns) > 1 and is_constant(returns, scale):
        return None
    return sharpe(returns, periods_per_year)
