"""Back-tests of value at risk: whether failures are as frequent as stated, and independent of each other.

All functions take whole counts or one flag per forecast in time order: `hits[t]` is true where the realised
loss was larger than the value at risk forecast for it, and None where the forecast was left out. Confidences
are in basis points (9900: 99 %), so that the nominal share of failures `p = (10000 − bps) / 10000` is exact.
Statistics are likelihood ratios, asymptotically chi-squared; p-values have closed forms for one and two
degrees of freedom.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import erfc, exp, fsum, lgamma, log, log1p, sqrt
from typing import Final, Literal

from risk_hub_contracts.base.confidence import BPS_PER_ONE

BASEL_OBSERVATIONS: Final = 250
BASEL_CONFIDENCE_BPS: Final = 9_900
# Increases of the multiplier of 3 by number of exceedances, Basel Committee 1996, table 2; 10 and more: 1.
BASEL_INCREASES: Final = (0.0, 0.0, 0.0, 0.0, 0.0, 0.40, 0.50, 0.65, 0.75, 0.85)
BASEL_INCREASE_MAX: Final = 1.0
YELLOW_FROM: Final = 0.95
RED_FROM: Final = 0.9999

Zone = Literal["green", "yellow", "red"]
Degrees = Literal[1, 2]


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """A test statistic, at least 0, with its degrees of freedom."""

    statistic: float
    degrees_of_freedom: Degrees

    @property
    def p_value(self) -> float:
        """Return the upper tail of the chi-squared distribution at the statistic, 0 to 1."""
        half = self.statistic / 2
        return erfc(sqrt(half)) if self.degrees_of_freedom == 1 else exp(-half)


def failure_rate(confidence_bps: int) -> float:
    """Return the share of forecasts that an accurate value at risk fails, 0 to 1."""
    return (BPS_PER_ONE - confidence_bps) / BPS_PER_ONE


def kupiec(observations: int, exceedances: int, confidence_bps: int) -> LikelihoodRatio:
    """Test that the share of exceedances is the nominal one (unconditional coverage, two-sided).

    Args:
        observations: forecasts that were tested, at least 1.
        exceedances: how many of them were exceeded, 0 to `observations`.
        confidence_bps: confidence of the value at risk in basis points.

    Raises:
        ValueError: there are no observations, or the exceedances are not between 0 and their number.

    Source: Kupiec, Techniques for Verifying the Accuracy of Risk Measurement Models, 1995.
    """
    if not 0 <= exceedances <= observations or observations < 1:
        raise ValueError(f"{exceedances} exceedances in {observations} observations")
    kept = observations - exceedances
    nominal = _log_likelihood(kept, exceedances, failure_rate(confidence_bps))
    return _ratio(nominal, _best_log_likelihood(kept, exceedances), 1)


def independence(hits: Sequence[bool | None]) -> LikelihoodRatio | None:
    """Test that an exceedance does not change the next day's probability of one (first-order Markov chain).

    A day that was left out breaks the chain: the days on both sides of it do not count as consecutive. Dates
    without any forecast, such as weekends, are not part of the sample and break nothing.

    Returns:
        The ratio, or None if no exceedance in the sample is followed by another day.

    Source: Christoffersen, Evaluating Interval Forecasts, 1998.
    """
    transitions = Counter(pairwise(hits))
    n00, n01 = transitions[False, False], transitions[False, True]
    n10, n11 = transitions[True, False], transitions[True, True]
    if n10 + n11 == 0:
        return None
    one_rate = _best_log_likelihood(n00 + n10, n01 + n11)
    two_rates = _best_log_likelihood(n00, n01) + _best_log_likelihood(n10, n11)
    return _ratio(one_rate, two_rates, 1)


def conditional_coverage(hits: Sequence[bool | None], confidence_bps: int) -> LikelihoodRatio | None:
    """Test both at once: the nominal share of exceedances, each independent of the day before.

    The statistic is the sum of `kupiec`, over all days that were not left out, and `independence`; None if
    the latter is None. Source: as `independence`.
    """
    clustering = independence(hits)
    if clustering is None:
        return None
    tested = [hit for hit in hits if hit is not None]
    coverage = kupiec(len(tested), sum(tested), confidence_bps)
    return LikelihoodRatio(coverage.statistic + clustering.statistic, 2)


def cumulative_probability(observations: int, exceedances: int, confidence_bps: int) -> float:
    """Return the binomial probability of at most so many failures of an accurate value at risk, 0 to 1."""
    rate = failure_rate(confidence_bps)
    terms = (_binomial(observations, count, rate) for count in range(exceedances + 1))
    return min(fsum(terms), 1.0)


def basel_zone(exceedances: int, confidence_bps: int = BASEL_CONFIDENCE_BPS) -> Zone:
    """Return the Basel zone for the exceedances of 250 days: at 99 %, yellow from 5 and red from 10.

    At another confidence the zones begin at the same cumulative probabilities as Basel's: 95 % and 99.99 %.

    Source: Basel Committee, Supervisory Framework for the Use of "Backtesting", 1996.
    """
    cumulative = cumulative_probability(BASEL_OBSERVATIONS, exceedances, confidence_bps)
    if cumulative >= RED_FROM:
        return "red"
    return "yellow" if cumulative >= YELLOW_FROM else "green"


def basel_increase(exceedances: int) -> float:
    """Return Basel's increase of the capital multiplier of 3 for the exceedances of 250 days at 99 %.

    Source: as `basel_zone`.
    """
    return BASEL_INCREASES[exceedances] if exceedances < len(BASEL_INCREASES) else BASEL_INCREASE_MAX


def _log_likelihood(kept: int, failed: int, rate: float) -> float:
    """Return `kept · ln(1 − rate) + failed · ln(rate)`, where 0 · ln(0) is 0."""
    return (kept * log1p(-rate) if kept else 0.0) + (failed * log(rate) if failed else 0.0)


def _best_log_likelihood(kept: int, failed: int) -> float:
    """Return the log-likelihood at the sample's own rate; 0 for an empty sample."""
    return _log_likelihood(kept, failed, failed / (kept + failed)) if kept and failed else 0.0


def _ratio(restricted: float, free: float, degrees_of_freedom: Degrees) -> LikelihoodRatio:
    """Return the ratio, at least 0: rounding can make the restricted likelihood slightly the larger one."""
    return LikelihoodRatio(max(2 * (free - restricted), 0.0), degrees_of_freedom)


def _binomial(trials: int, count: int, rate: float) -> float:
    ways = lgamma(trials + 1) - lgamma(count + 1) - lgamma(trials - count + 1)
    return exp(ways + _log_likelihood(trials - count, count, rate))
