"""Warning about a volatility that few markets have: annualised inputs, percent, price differences."""

from collections.abc import Iterator, Mapping
from math import fsum, sqrt

from functions.evaluation.risk.plausibility.facts import COVARIANCE, RETURNS, Facts, warning
from functions.evaluation.risk.plausibility.thresholds import (
    DEVIATION_MAX,
    DEVIATION_MAX_PER_YEAR,
    SCALE_MIN_OBSERVATIONS,
)
from risk_hub_contracts.reports.warning import RiskWarning

CODE = "volatility_implausible"
COVARIANCE_CAUSE = "the covariance is annualised or in percent; send that of one period, in squared fractions"
RETURNS_CAUSE = "the returns are in percent, differences of prices, or of longer periods than stated"


def volatility_implausible(facts: Facts, covariance_periods_per_year: float | None) -> Iterator[RiskWarning]:
    """Yield a caution if the book's median deviation exceeds 200 % a year, or 10 % per unknown period.

    The median, weighted by gross weight, leaves out positions whose loss can exceed their value. The
    deviations come from the returns, or from the covariance if there are no returns: with both, another rule
    compares them.

    Args:
        facts: the facts about the evaluation.
        covariance_periods_per_year: stated periods per year of the covariance; None if not stated.
    """
    realized = {
        asset: each.deviation
        for asset, each in facts.profiles.items()
        if each.observations >= SCALE_MIN_OBSERVATIONS
    }
    by_returns = bool(facts.profiles) or facts.portfolio is not None
    given = realized if by_returns else facts.given
    per_year = facts.periods_per_year if by_returns else covariance_periods_per_year
    median = _median_deviation(facts, given)
    if per_year is None:
        per_year, bound = 1.0, DEVIATION_MAX
    else:
        bound = DEVIATION_MAX_PER_YEAR
    if median is not None and median * sqrt(per_year) > bound:
        yield warning(
            CODE,
            RETURNS_CAUSE if by_returns else COVARIANCE_CAUSE,
            subject=RETURNS if by_returns else COVARIANCE,
            middle_deviation=median,
            periods_per_year="unknown" if bound == DEVIATION_MAX else f"{per_year:g}",
            deviation=median * sqrt(per_year),
            deviation_max=bound,
        )


def _median_deviation(facts: Facts, deviations: Mapping[str, float]) -> float | None:
    """Return the median of the deviations, weighted by gross weight; None without any."""
    known = {asset: each for asset, each in deviations.items() if asset not in facts.unlimited_loss}
    half = fsum(abs(facts.weights[asset]) for asset in known) / 2
    below = 0.0
    for asset in sorted(known, key=lambda each: (known[each], each)):
        below += abs(facts.weights[asset])
        if below >= half:
            return known[asset]
    return None
