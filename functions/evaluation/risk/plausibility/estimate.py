"""Warnings about the covariance itself: variances of zero, too few observations, knowledge of the future."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import fsum, log, sqrt
from operator import mul

from functions.evaluation.risk.plausibility.facts import COVARIANCE, Facts, warning, worst_first
from functions.evaluation.risk.plausibility.thresholds import (
    CORRELATION_RATIO_MAX,
    CORRELATION_RATIO_MEANINGLESS,
    DEVIATION_MIN,
    ESTIMATE_AHEAD_MAX_SECONDS,
    SCALE_ASSET_MIN_SHARE,
    SCALE_MIN_OBSERVATIONS,
    SWAPPED_CORRELATION_MAX,
    SWAPPED_MIN_ASSETS,
    SWAPPED_SPREAD_MIN,
    VARIANCE_ZERO_MIN_SHARE,
)
from functions.measures.covariance.sample import ESTIMATE_MIN_OBSERVATIONS
from functions.measures.performance import mean, standard_deviation
from risk_hub_contracts.reports.warning import RiskWarning
from risk_hub_contracts.snapshot.facts import CovarianceMeta

NEAR_ZERO_CAUSE = (
    "the covariance is not filled, or its unit is wrong; send the covariance of one-period returns"
)
ZERO_VARIANCE_CAUSE = (
    "the covariance has a variance of zero for an asset that is not cash: its row is not filled"
)
UNCONFIRMED_ZERO_CAUSE = (
    "the row of the covariance is not filled, or the position is cash: send that as portfolio.cash"
)
FEW_CAUSE = "the covariance is estimated from too short a history"
AHEAD_CAUSE = "covariance_meta.estimated_at is wrong, or the covariance uses returns after as_of"
CORRELATIONS_CAUSE = (
    "the covariance has other correlations than the returns: missing entries, or rows of other assets"
)
SWAPPED_CAUSE = "the rows of the covariance are in another order than its ids"
CORRELATED_MIN_ASSETS = 2


def covariance_near_zero(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a warning for a covariance that gives several assets no risk, if no returns confirm it."""
    if len(facts.given) < CORRELATED_MIN_ASSETS or facts.profiles or facts.portfolio is not None:
        return
    largest = max(facts.given.values())
    if largest < DEVIATION_MIN:
        yield warning(
            "covariance_near_zero",
            NEAR_ZERO_CAUSE,
            subject=COVARIANCE,
            meaningless=True,
            largest_deviation=largest,
            largest_deviation_min=DEVIATION_MIN,
        )


def variance_zero(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a warning for each asset whose given variance is zero although its returns vary.

    Assets with at most 1 % of the summed position moves cause no warning. The numbers have no meaning if the
    others make a tenth of these moves. Without any returns, zero variances for a tenth of the book are a
    caution if other variances are not zero: the assets are cash, or the rows were not filled.
    """
    if not facts.profiles and facts.portfolio is None:
        yield from _unconfirmed_zeros(facts)
        return
    moves = facts.moves()
    whole = fsum(moves.values())
    found = {
        asset: moves[asset]
        for asset, deviation in facts.given.items()
        if deviation == 0 and moves.get(asset, 0.0) > SCALE_ASSET_MIN_SHARE * whole
    }
    meaningless = fsum(found.values()) >= VARIANCE_ZERO_MIN_SHARE * whole
    for asset in worst_first(found):
        yield warning(
            "variance_zero",
            ZERO_VARIANCE_CAUSE,
            subject=asset,
            meaningless=meaningless,
            given_deviation=0.0,
            realized_deviation=facts.profiles[asset].deviation,
            share_of_moves=moves[asset] / whole,
            assets_affected=len(found),
        )


def _unconfirmed_zeros(facts: Facts) -> Iterator[RiskWarning]:
    found = {asset: abs(facts.weights[asset]) for asset, deviation in facts.given.items() if deviation == 0}
    share = facts.share(found)
    if len(found) == len(facts.given) or share < VARIANCE_ZERO_MIN_SHARE:
        return
    for asset in worst_first(found):
        yield warning(
            "variance_zero",
            UNCONFIRMED_ZERO_CAUSE,
            subject=asset,
            given_deviation=0.0,
            share_of_gross=share,
            share_of_gross_min=VARIANCE_ZERO_MIN_SHARE,
            assets_affected=len(found),
        )


def correlations_differ(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a warning if correlations, not variances, explain the volatility of a long-only book.

    The rule compares two shares: the volatility by the covariance over the summed position deviations,
    and the same by the returns.
    """
    moves, least = facts.moves(), min(facts.weights.values(), default=0.0)
    compared = facts.given.keys() & moves.keys() == facts.weights.keys() and least > 0
    sigma = facts.volatility
    given = fsum(weight * facts.given.get(asset, 0.0) for asset, weight in facts.weights.items())
    book, whole = facts.book, fsum(moves.values())
    if not compared or not sigma or book is None or not book.deviation or not given or not whole:
        return
    if book.observations < SCALE_MIN_OBSERVATIONS:
        return
    ratio = (sigma / given) / (book.deviation / whole)
    if not 1 / CORRELATION_RATIO_MAX <= ratio <= CORRELATION_RATIO_MAX:
        yield warning(
            "correlations_differ",
            CORRELATIONS_CAUSE,
            subject=COVARIANCE,
            meaningless=not 1 / CORRELATION_RATIO_MEANINGLESS <= ratio <= CORRELATION_RATIO_MEANINGLESS,
            ratio=ratio,
            ratio_min=1 / CORRELATION_RATIO_MAX,
            ratio_max=CORRELATION_RATIO_MAX,
        )


def assets_may_be_swapped(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a caution if assets with a high deviation by the covariance are not those with high returns."""
    both = [
        (log(deviation), log(facts.profiles[asset].deviation))
        for asset, deviation in facts.given.items()
        if deviation and asset in facts.profiles and facts.profiles[asset].deviation
    ]
    if len(both) < SWAPPED_MIN_ASSETS or any(
        each.observations < SCALE_MIN_OBSERVATIONS for each in facts.profiles.values()
    ):
        return
    given, realized = zip(*both, strict=True)
    if min(standard_deviation(given), standard_deviation(realized)) < SWAPPED_SPREAD_MIN:
        return
    found = _correlation(given, realized)
    if found < SWAPPED_CORRELATION_MAX:
        yield warning(
            "assets_may_be_swapped",
            SWAPPED_CAUSE,
            subject=COVARIANCE,
            correlation=found,
            correlation_min=SWAPPED_CORRELATION_MAX,
            assets_compared=len(both),
        )


def _correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the correlation of two samples that are not constant."""
    one, other = _centred(first), _centred(second)
    squares = fsum(map(mul, one, one)) * fsum(map(mul, other, other))
    return fsum(map(mul, one, other)) / sqrt(squares)


def _centred(sample: Sequence[float]) -> list[float]:
    centre = mean(sample)
    return [value - centre for value in sample]


def few_observations(meta: CovarianceMeta) -> Iterator[RiskWarning]:
    """Yield a warning for a covariance from fewer observations than the engine itself would use."""
    if meta.observations is not None and meta.observations < ESTIMATE_MIN_OBSERVATIONS:
        yield warning(
            "few_observations",
            FEW_CAUSE,
            subject=COVARIANCE,
            meaningless=True,
            observations=meta.observations,
            observations_min=ESTIMATE_MIN_OBSERVATIONS,
        )


def estimated_after_as_of(as_of: datetime, meta: CovarianceMeta) -> Iterator[RiskWarning]:
    """Yield a warning for a covariance that is estimated days after the book: it does not forecast its risk."""
    if meta.estimated_at is None:
        return
    ahead_seconds = (meta.estimated_at - as_of).total_seconds()
    if ahead_seconds > ESTIMATE_AHEAD_MAX_SECONDS:
        yield warning(
            "estimated_after_as_of",
            AHEAD_CAUSE,
            subject=COVARIANCE,
            meaningless=True,
            ahead_seconds=ahead_seconds,
            ahead_seconds_max=ESTIMATE_AHEAD_MAX_SECONDS,
        )
