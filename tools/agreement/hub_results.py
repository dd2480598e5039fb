"""The hub's own results for every measure that a peer library also computes."""

from collections.abc import Iterator
from math import fsum

from functions.measures import attribution, backtest, concentration, historical, measures, performance, sharpe
from functions.measures.covariance.choose_form import choose_form
from functions.measures.covariance.repair import Method, repair_covariance
from functions.measures.covariance.sample import deviations_of, sample_covariance
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.types import Covariance
from risk_hub_contracts.blob.write import encode_covariance
from tools.agreement.book import (
    REPAIRED_DAYS,
    ROLLING_DAYS,
    SHORT_DAYS,
    TRIALS,
    WHOLE_DAYS,
    Book,
    deviations,
    long_short,
    rounded_correlations,
)

Value = float | list[float]
CONFIDENCES_BPS = (9500, 9900)
REPAIRS: dict[Method, str] = {
    "nearest_correlation": "volatility by the nearest correlation matrix",
    "clip": "volatility by clipped eigenvalues",
}


def percent(bps: int) -> str:
    """Return a confidence in the form used in measure names."""
    return f"{bps / 100:g} %"


def hub_results(book: Book) -> dict[str, Value]:
    """Return our number by measure, or our numbers in the order of the book's ids."""
    return dict(
        (
            *parametric_results(book),
            *historical_results(book),
            *repaired_results(book),
            *attribution_results(book),
            *concentration_results(book),
            *performance_results(book),
            *sharpe_confidence_results(book),
            *backtest_results(book),
        )
    )


def exceedances(book: Book, bps: int) -> list[bool]:
    """Return, for each day after the first 250, whether its loss exceeded the VaR from the 250 days before it."""
    series = book.returns
    return [
        -series[day]
        > measures.parametric_var(performance.standard_deviation(series[day - ROLLING_DAYS : day]), bps)
        for day in range(ROLLING_DAYS, len(series))
    ]


def trial_sharpes(book: Book) -> list[float]:
    """Return the Sharpe ratio per day of each equity: the trials from which the book may be selected."""
    return [performance.mean(column) / performance.standard_deviation(column) for column in book.columns]


def parametric_results(book: Book) -> Iterator[tuple[str, Value]]:
    """Volatility and measures derived from it, with the sample covariance and with shrunk correlations."""
    sigma = volatility(book)
    yield "volatility, one day", sigma
    for bps in CONFIDENCES_BPS:
        var, es = measures.parametric_var(sigma, bps), measures.parametric_es(sigma, bps)
        yield f"parametric VaR {percent(bps)}", var
        yield f"parametric VaR {percent(bps)}, of returns less their mean", var
        yield f"parametric ES {percent(bps)}", es
        yield f"parametric ES {percent(bps)}, of returns less their mean", es
    short = book.last(SHORT_DAYS)
    shrunk = sample_covariance(short.columns).shrunk().product(short.weights)
    yield (
        f"volatility, Ledoit-Wolf correlations, last {SHORT_DAYS} days",
        measures.volatility(shrunk.variance),
    )


def volatility(book: Book) -> float:
    """Return `sqrt(w'Σw)` with the covariance that the hub estimates from these returns."""
    return measures.volatility(sample_covariance(book.columns).product(book.weights).variance)


def historical_results(book: Book) -> Iterator[tuple[str, Value]]:
    """Measures of the empirical tail, a whole number of days out of 500, where conventions differ."""
    for bps in CONFIDENCES_BPS:
        yield f"upper historical VaR {percent(bps)}", historical.historical_upper(book.returns, bps)
        yield f"historical VaR {percent(bps)}", historical.historical_var(book.returns, bps)
        error = historical.historical_upper_standard_error(book.returns, bps)
        yield f"standard error of the upper historical VaR {percent(bps)}", _require_number(error)
        yield f"historical ES {percent(bps)}", historical.historical_es(book.returns, bps)
    whole = book.last(WHOLE_DAYS).returns
    yield f"upper historical VaR 95 %, last {WHOLE_DAYS} days", historical.historical_upper(whole, 9500)
    yield f"historical VaR 95 %, last {WHOLE_DAYS} days", historical.historical_var(whole, 9500)


def repaired_results(book: Book) -> Iterator[tuple[str, Value]]:
    """Volatility by the repaired correlations of a few days, which are not positive semidefinite."""
    short = book.last(REPAIRED_DAYS)
    sizes, correlations = deviations(short), rounded_correlations(short)
    upper = [
        correlations[row][column] * sizes[row] * sizes[column]
        for row in range(len(sizes))
        for column in range(row, len(sizes))
    ]
    given = decode(encode_covariance(short.ids, upper))
    if not isinstance(given, Covariance):
        raise TypeError("the blob is not a covariance")
    for method, name in REPAIRS.items():
        repair = repair_covariance(given, method)
        if repair is None:
            raise ValueError("the sample cannot be repaired")
        held = dict(zip(short.ids, short.weights, strict=True))
        weights = [held[asset] for asset in repair.covariance.ids]
        variance = choose_form(repair.covariance).product(weights).variance
        yield f"{name}, last {REPAIRED_DAYS} days", measures.volatility(variance)


def attribution_results(book: Book) -> Iterator[tuple[str, Value]]:
    """Contributions of positions to VaR."""
    matrix_product = sample_covariance(book.columns).product(book.weights).matrix_product()
    marginal = attribution.marginal_var(matrix_product, volatility(book), 9900)
    yield "marginal VaR 99 %, each position", marginal
    yield "component VaR 99 %, each position", attribution.component_var(book.weights, marginal)
    variances = sample_covariance(book.columns).variances()
    removed = attribution.incremental_var(book.weights, matrix_product, variances, 9900)
    yield "incremental VaR 99 %, each position", [_require_number(value) for value in removed]


def concentration_results(book: Book) -> Iterator[tuple[str, Value]]:
    """Concentration: the effective number of positions."""
    sizes = deviations_of(sample_covariance(book.columns).variances())
    yield "effective number of positions", concentration.effective_number(book.weights)
    yield "effective number of positions, with shorts", concentration.effective_number(long_short(book))
    undiversified = concentration.undiversified(book.weights, sizes)
    ratio = concentration.diversification_ratio(undiversified, volatility(book))
    yield "diversification ratio", ratio
    yield "gross exposure, with shorts", concentration.gross_exposure(long_short(book))
    yield "net exposure, with shorts", concentration.net_exposure(long_short(book))


def performance_results(book: Book) -> Iterator[tuple[str, Value]]:
    """Performance measures of the series of returns."""
    for name, series in (("", book.returns), (f", last {SHORT_DAYS} days", book.last(SHORT_DAYS).returns)):
        ratio = performance.sharpe(series)
        if ratio is None:
            raise ValueError("the sample has no Sharpe ratio")
        yield f"Sharpe ratio{name}", ratio
        yield f"max drawdown{name}", performance.max_drawdown(series)
        yield f"hit ratio{name}", performance.hit_ratio(series)


def sharpe_confidence_results(book: Book) -> Iterator[tuple[str, Value]]:
    """Confidence measures of the Sharpe ratio."""
    trials = trial_sharpes(book)
    mean = fsum(trials) / TRIALS
    variance = fsum((trial - mean) ** 2 for trial in trials) / (TRIALS - 1)
    probabilistic = sharpe.probabilistic_sharpe(book.returns)
    deflated = sharpe.deflated_sharpe(book.returns, TRIALS, variance)
    if probabilistic is None or deflated is None:
        raise ValueError("the sample has no Sharpe ratio")
    yield "probabilistic Sharpe ratio", probabilistic
    yield "deflated Sharpe ratio, 20 trials", deflated


def backtest_results(book: Book) -> Iterator[tuple[str, Value]]:
    """Back-tests of the rolling forecast."""
    for bps in CONFIDENCES_BPS:
        hits = exceedances(book, bps)
        coverage, clustering = backtest.kupiec(len(hits), sum(hits), bps), backtest.independence(hits)
        if clustering is None:
            raise ValueError("the sample has exceedances")
        yield f"Kupiec statistic, rolling VaR {percent(bps)}", coverage.statistic
        yield f"Kupiec p-value, rolling VaR {percent(bps)}", coverage.p_value
        tail = backtest.cumulative_probability(len(hits), sum(hits), bps)
        yield f"probability of at most so many exceedances, rolling VaR {percent(bps)}", tail
        yield f"independence of exceedances, rolling VaR {percent(bps)}", clustering.statistic


def _require_number(value: float | None) -> float:
    if value is None:
        raise ValueError("the sample lacks this number")
    return value
