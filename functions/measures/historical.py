"""Historical value at risk and expected shortfall of one book, with their standard errors.

Every function takes the portfolio returns (T,) of one period each, in any order, as fractions of portfolio
value, and a confidence `c` in basis points from 5000. Losses are the returns with their sign flipped; results
are losses or their standard errors, in the same unit. `L_1 ≥ L_2 ≥ … ≥ L_T` are the sorted losses, `p = 1 − c`.
Positions in the sample are found by integer arithmetic: `ceil((1 - 0.95) * T)` is off by one at T = 100. Every
result is a continuous function of the returns, and is independent of their order.
"""

from collections.abc import Sequence
from math import fsum, sqrt

from risk_hub_contracts.base.confidence import (
    BPS_PER_ONE,
    TAIL_MIN_OBSERVATIONS,
    interpolated_tail_observations,
    required_observations,
)


def historical_upper(returns: Sequence[float], confidence_bps: int) -> float:
    """Return the upper value at risk: the order statistic `L_k`, `k = ⌈p·T⌉`.

    At most `k − 1 < p·T` losses of the sample are larger. A next loss from the same continuous distribution is
    larger with probability `k / (T + 1)`, which is less than `p + 1/T`.

    Raises:
        ValueError: fewer than `required_observations` returns.

    Source: Acerbi and Tasche, On the coherence of expected shortfall, 2002, definition 2.2 (upper VaR);
    Hull, Risk Management and Financial Institutions, ch. "Historical simulation".
    """
    ordered = _sorted_sample(returns, confidence_bps)
    return -ordered[upper_tail_observations(len(ordered), confidence_bps) - 1] + 0.0


def historical_var(returns: Sequence[float], confidence_bps: int) -> float:
    """Return the empirical quantile at `p`, interpolated linearly between two order statistics (type 7).

    For small samples this lies below `historical_upper`: it is exceeded with probability 1.97 % at a stated
    1 % and T = 100.

    Raises:
        ValueError: fewer than `required_observations` returns.

    Source: Hyndman and Fan, Sample quantiles in statistical packages, 1996, type 7 (the default of NumPy).
    """
    ordered = _sorted_sample(returns, confidence_bps)
    below, rest = divmod((len(ordered) - 1) * (BPS_PER_ONE - confidence_bps), BPS_PER_ONE)
    return -_interpolated(ordered, below, rest / BPS_PER_ONE) + 0.0


def historical_es(returns: Sequence[float], confidence_bps: int) -> float:
    """Return the mean of the worst `p` of the sample, with exactly that mass: `(1/p) ∫₀ᵖ L(u) du`.

    The last loss of the tail counts with the fraction of it that is needed. Computed as
    `L_k + Σ_{i<k} (L_i − L_k) / (p·T)`, `k = ⌈p·T⌉`, which is the same and never below `historical_upper`.

    Raises:
        ValueError: fewer than `required_observations` returns.

    Source: Acerbi and Tasche, On the coherence of expected shortfall, 2002, proposition 4.1.
    """
    ordered = _sorted_sample(returns, confidence_bps)
    excesses = _excesses(ordered, confidence_bps)
    mean_excess = fsum(excesses) * BPS_PER_ONE / (len(ordered) * (BPS_PER_ONE - confidence_bps))
    return mean_excess - ordered[len(excesses)] + 0.0


def upper_tail_observations(observations: int, confidence_bps: int) -> int:
    """Return `k = ⌈p·T⌉`: the number of losses at or beyond `historical_upper`, without ties."""
    return -(-observations * (BPS_PER_ONE - confidence_bps) // BPS_PER_ONE)


def historical_upper_standard_error(returns: Sequence[float], confidence_bps: int) -> float | None:
    """Return the standard error of `historical_upper`; None with fewer than three losses in the tail.

    The number of losses beyond the true quantile is binomial, with deviation `s = √(T·p·(1 − p))`. The result
    is half the distance between the losses at the ranks `k − s` and `k + s`, interpolated linearly.

    Raises:
        ValueError: fewer than `required_observations` returns.

    Source: Woodruff, Confidence intervals for medians and other position measures, 1952, at one deviation.
    """
    ordered = _sorted_sample(returns, confidence_bps)
    rank = upper_tail_observations(len(ordered), confidence_bps)
    return _half_width(ordered, confidence_bps, rank, rank - 1.0)


def historical_var_standard_error(returns: Sequence[float], confidence_bps: int) -> float | None:
    """Return the standard error of `historical_var`, as `historical_upper_standard_error` around its rank."""
    ordered = _sorted_sample(returns, confidence_bps)
    place = (len(ordered) - 1) * (BPS_PER_ONE - confidence_bps) / BPS_PER_ONE
    return _half_width(
        ordered, confidence_bps, interpolated_tail_observations(len(ordered), confidence_bps), place
    )


def historical_es_standard_error(returns: Sequence[float], confidence_bps: int) -> float | None:
    """Return the standard error of `historical_es`; None with fewer than three losses in the tail.

    Asymptotic, for independent returns: `√(Var[(L − L_k)⁺] / T) / p`, the variance over the whole sample. It
    is too small for returns whose volatility clusters.

    Raises:
        ValueError: fewer than `required_observations` returns.

    Source: Manistre and Hancock, Variance of the CTE estimator, 2005; Chen, Nonparametric estimation of
    expected shortfall, 2008, theorem 1 without dependence.
    """
    ordered = _sorted_sample(returns, confidence_bps)
    count, excesses = len(ordered), _excesses(ordered, confidence_bps)
    if len(excesses) + 1 < TAIL_MIN_OBSERVATIONS:
        return None
    mean = fsum(excesses) / count
    squares = fsum((excess - mean) ** 2 for excess in excesses) + (count - len(excesses)) * mean**2
    return sqrt(squares) / count * BPS_PER_ONE / (BPS_PER_ONE - confidence_bps)


def _excesses(ordered: Sequence[float], confidence_bps: int) -> list[float]:
    """Return `L_i − L_k` for `i < k`, all at least 0."""
    last = upper_tail_observations(len(ordered), confidence_bps) - 1
    return [ordered[last] - value for value in ordered[:last]]


def _half_width(ordered: Sequence[float], confidence_bps: int, tail: int, place: float) -> float | None:
    """Return half the distance of the returns one binomial deviation below and above a place (from 0)."""
    if tail < TAIL_MIN_OBSERVATIONS:
        return None
    mass = len(ordered) * (BPS_PER_ONE - confidence_bps)
    deviation = sqrt(mass * confidence_bps) / BPS_PER_ONE
    return (_at(ordered, place + deviation) - _at(ordered, place - deviation)) / 2


def _at(ordered: Sequence[float], place: float) -> float:
    below = int(place)
    return _interpolated(ordered, below, place - below)


def _interpolated(ordered: Sequence[float], below: int, rest: float) -> float:
    if not rest:
        return ordered[below]
    return ordered[below] + (ordered[below + 1] - ordered[below]) * rest


def _sorted_sample(returns: Sequence[float], confidence_bps: int) -> list[float]:
    required = required_observations(confidence_bps)
    if len(returns) < required:
        raise ValueError(
            f"{len(returns)} observations have no tail at {confidence_bps} bps; {required} are needed"
        )
    return sorted(returns)
