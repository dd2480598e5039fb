"""Warnings about the scale of the covariance: its deviations against those of the returns."""

from collections.abc import Iterator, Mapping
from math import fsum

from functions.evaluation.risk.plausibility.facts import COVARIANCE, TRACK_RECORD, Facts, warning, worst_first
from functions.evaluation.risk.plausibility.thresholds import (
    PERIODS_RATIO_MAX,
    SCALE_ASSET_MIN_SHARE,
    SCALE_FACTORS,
    SCALE_MIN_OBSERVATIONS,
    SCALE_RATIO_MAX,
    SCALE_RATIO_MEANINGLESS,
    UNIT_VARIANCE_TOLERANCE,
)
from risk_hub_contracts.reports.warning import RiskWarning

CODE = "scale_mismatch"
UNKNOWN_CAUSE = "the covariance and the returns are of different periods, units or assets"
CORRELATION_CAUSE = "the covariance is a correlation matrix: every variance is 1"
BOOK_CAUSE = "the covariance has other correlations than the returns, or one variance of another unit that decides the book"
PERCENT_RETURNS_CAUSE = "the returns are in percent and the covariance is of fractions"
PERIODS_CAUSE = "parametric and historical numbers are losses of periods of different length"
TRACK_RECORD_CAUSE = "portfolio_returns are of another portfolio, unit or period than realized_returns"
LEAST_CORRELATED_ASSETS = 2


def scale_mismatch(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a warning if the covariance and the returns cannot be of the same scale.

    The ratio of an asset is its deviation by the covariance over that of its returns. The book's ratio is the
    median over the assets, weighted by the size of each position's move, so that one asset and a
    large number of riskless positions do not decide. A portfolio's own series is compared with `σ_p`.
    """
    is_correlation = _is_correlation_matrix(facts.given)
    ratios = _ratios(facts)
    book = _book_ratio(facts, ratios)
    if is_correlation and (book is None or _beyond(book, SCALE_RATIO_MAX)):
        yield _mismatch(book, len(ratios), CORRELATION_CAUSE, meaningless=True)
    elif book is not None and _beyond(book, SCALE_RATIO_MAX):
        yield _mismatch(book, len(ratios), _cause(book), meaningless=_beyond(book, SCALE_RATIO_MEANINGLESS))
    else:
        yield from _asset_warnings(facts, ratios)
        yield from _book_warning(facts)


def track_record_scale(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a warning if the portfolio's own returns are of another scale than those of its assets.

    Drawdown limits are compared with the track record, so one in another unit never breaks them.
    """
    own, book = facts.track_record, facts.book
    if own is None or book is None or not own.deviation or not book.deviation or facts.portfolio is not None:
        return
    ratio = own.deviation / book.deviation
    if _is_measured(min(own.observations, book.observations)) and _beyond(ratio, SCALE_RATIO_MAX):
        yield warning(
            CODE,
            TRACK_RECORD_CAUSE,
            subject=TRACK_RECORD,
            meaningless=_beyond(ratio, SCALE_RATIO_MEANINGLESS),
            ratio=ratio,
            ratio_min=1 / SCALE_RATIO_MAX,
            ratio_max=SCALE_RATIO_MAX,
        )


def periods_differ(covariance: float | None, returns: float | None) -> Iterator[RiskWarning]:
    """Yield a caution if the covariance is stated to be of other periods than the returns.

    Args:
        covariance: periods per year of the covariance; None if not stated.
        returns: periods per year of the returns; None if unknown.
    """
    if (
        covariance is None
        or returns is None
        or 1 / PERIODS_RATIO_MAX <= covariance / returns <= PERIODS_RATIO_MAX
    ):
        return
    yield warning(
        "periods_differ",
        PERIODS_CAUSE,
        subject=COVARIANCE,
        covariance_periods_per_year=covariance,
        returns_periods_per_year=returns,
        ratio_max=PERIODS_RATIO_MAX,
    )


def _ratios(facts: Facts) -> dict[str, float]:
    """Return the ratio of each asset whose deviation is known from both inputs."""
    found = {}
    for asset, given in facts.given.items():
        profile = facts.profiles.get(asset)
        if profile is not None and given and profile.deviation and _is_measured(profile.observations):
            found[asset] = given / profile.deviation
    return found


def _book_ratio(facts: Facts, ratios: Mapping[str, float]) -> float | None:
    if ratios:
        moves = {asset: abs(facts.weights[asset]) * facts.profiles[asset].deviation for asset in ratios}
        return _weighted_median(ratios, moves)
    sigma, series = facts.volatility, facts.portfolio
    if sigma is None or not facts.given or series is None:
        return None
    return sigma / series.deviation if series.deviation and _is_measured(series.observations) else None


def _weighted_median(values: Mapping[str, float], sizes: Mapping[str, float]) -> float:
    """Return the least value with at least half of the sizes at or below it."""
    half, below = fsum(sizes.values()) / 2, 0.0
    ordered = sorted(values, key=lambda asset: (values[asset], asset))
    for asset in ordered:
        below += sizes[asset]
        if below >= half:
            return values[asset]
    return values[ordered[-1]]


def _asset_warnings(facts: Facts, ratios: Mapping[str, float]) -> Iterator[RiskWarning]:
    """Yield a caution for each large position whose own ratio is beyond every regime."""
    moves = {
        asset: abs(facts.weights[asset]) * max(facts.given[asset], facts.profiles[asset].deviation)
        for asset in ratios
    }
    whole = fsum(moves.values())
    wrong = {
        asset: moves[asset]
        for asset, ratio in ratios.items()
        if _beyond(ratio, SCALE_RATIO_MEANINGLESS) and moves[asset] >= SCALE_ASSET_MIN_SHARE * whole
    }
    for asset in worst_first(wrong):
        yield warning(
            CODE,
            _cause(ratios[asset]),
            subject=asset,
            ratio=ratios[asset],
            given_deviation=facts.given[asset],
            realized_deviation=facts.profiles[asset].deviation,
            ratio_max=SCALE_RATIO_MEANINGLESS,
            assets_affected=len(wrong),
        )


def _book_warning(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a warning if the book's own volatility is of another scale: by correlations, or by one variance."""
    sigma, book = facts.volatility, facts.book
    if not sigma or not facts.given or book is None or not book.deviation or facts.portfolio is not None:
        return
    ratio = sigma / book.deviation
    if _is_measured(book.observations) and _beyond(ratio, SCALE_RATIO_MAX):
        yield warning(
            CODE,
            BOOK_CAUSE,
            meaningless=_beyond(ratio, SCALE_RATIO_MEANINGLESS),
            ratio=ratio,
            given_deviation=sigma,
            realized_deviation=book.deviation,
            ratio_min=1 / SCALE_RATIO_MAX,
            ratio_max=SCALE_RATIO_MAX,
        )


def _mismatch(ratio: float | None, assets: int, cause: str, *, meaningless: bool) -> RiskWarning:
    observed = {} if ratio is None else {"ratio": ratio}
    return warning(
        CODE,
        cause,
        subject=COVARIANCE,
        meaningless=meaningless,
        assets_compared=assets,
        ratio_min=1 / SCALE_RATIO_MAX,
        ratio_max=SCALE_RATIO_MAX,
        **observed,
    )


def _cause(ratio: float) -> str:
    for factor, tolerance, cause in SCALE_FACTORS:
        if factor / tolerance <= ratio <= factor * tolerance:
            return cause
    return PERCENT_RETURNS_CAUSE if 1 / 150 <= ratio <= 1 / 67 else UNKNOWN_CAUSE


def _is_correlation_matrix(given: Mapping[str, float]) -> bool:
    return len(given) >= LEAST_CORRELATED_ASSETS and all(
        abs(deviation - 1) <= UNIT_VARIANCE_TOLERANCE for deviation in given.values()
    )


def _beyond(ratio: float, bound: float) -> bool:
    return not 1 / bound <= ratio <= bound


def _is_measured(observations: int) -> bool:
    return observations >= SCALE_MIN_OBSERVATIONS
