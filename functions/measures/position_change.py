"""Series of a book with and without one position, and series in the form in which correlations are products.

Series (T,) are one-period returns over the same periods, as fractions of portfolio value.
"""

from collections.abc import Sequence
from math import fsum, sqrt

from functions.measures.historical import upper_tail_observations
from functions.measures.performance import is_constant, mean
from risk_hub_contracts.base.confidence import TAIL_MIN_OBSERVATIONS, required_observations

CORRELATION_MIN_OBSERVATIONS = 20
"""Fewer common periods show no correlation: its standard error is above 0.22."""


def sold_for_cash(book: Sequence[float], weight: float, position: Sequence[float]) -> list[float]:
    """Return `b_t − w r_t` (T,): the book after its position was sold for cash; other weights stay as they are.

    Args:
        book: `b_t`, the returns of the book with the position.
        weight: `w`, the weight of the position.
        position: `r_t`, the returns of the position.
    """
    return [total - weight * own for total, own in zip(book, position, strict=True)]


def mixed(book: Sequence[float], share: float, position: Sequence[float]) -> list[float]:
    """Return `(1 − a) b_t + a r_t` (T,): the book scaled down to make room for a candidate of weight `a`.

    Args:
        book: `b_t`, the returns of the book without the candidate.
        share: `a`, between 0 and 1.
        position: `r_t`, the returns of the candidate.
    """
    return [fsum(((1 - share) * total, share * own)) for total, own in zip(book, position, strict=True)]


def has_tail(observations: int, confidence_bps: int) -> bool:
    """Return whether a sample has at least three losses in its tail; with fewer, one loss decides the number."""
    enough = observations >= required_observations(confidence_bps)
    return enough and upper_tail_observations(observations, confidence_bps) >= TAIL_MIN_OBSERVATIONS


def standardised(returns: Sequence[float]) -> list[float] | None:
    """Return the deviations from the mean with a sum of squares of 1; None if they show no correlation."""
    if len(returns) < CORRELATION_MIN_OBSERVATIONS or is_constant(returns):
        return None
    centre = mean(returns)
    deviations = [value - centre for value in returns]
    size = sqrt(fsum(value * value for value in deviations))
    return [value / size for value in deviations]
