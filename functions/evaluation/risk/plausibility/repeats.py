"""Warning about a history that holds copies of itself: its number of observations is not what it seems."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise

from functions.evaluation.risk.inputs import ReturnsInput
from functions.evaluation.risk.plausibility.facts import RETURNS, warning
from functions.evaluation.risk.plausibility.thresholds import (
    MOVING_SIZE_MIN,
    REPEATED_MEANINGLESS_SHARE,
    REPEATED_MIN_SHARE,
    REPEATED_NEIGHBOURS_MIN_SHARE,
    SCALE_MIN_OBSERVATIONS,
)
from functions.measures.exact import Vector
from risk_hub_contracts.reports.warning import RiskWarning

CODE = "returns_repeated"
CAUSE = "the history was appended to itself, or each period was sent more than once; send each period once"
COMPARED_MAX_ASSETS = 8
COMPARED_MIN_VALUES = 6
"""Least number of equal values that count as a copy: fewer rounded returns may be equal by chance."""


def returns_repeated(returns: ReturnsInput, weights: Mapping[str, float]) -> Iterator[RiskWarning]:
    """Yield a warning if periods in which the book moves are copies of earlier ones.

    The numbers have no meaning if half of the periods are copies. Periods are compared by the returns of the
    largest positions; if there are few positions, several periods are compared together.
    """
    rows = _largest(returns, weights)
    if not rows or len(set(map(len, rows))) != 1 or len(rows[0]) < SCALE_MIN_OBSERVATIONS:
        return
    periods = list(zip(*rows, strict=True))
    moving = [max(map(abs, period)) >= MOVING_SIZE_MIN for period in periods]
    copies, neighbours = _copies(periods, moving), _equal_neighbours(periods, moving)
    share, next_share = copies / len(periods), neighbours / len(periods)
    if share < REPEATED_MIN_SHARE and next_share < REPEATED_NEIGHBOURS_MIN_SHARE:
        return
    yield warning(
        CODE,
        CAUSE,
        subject=RETURNS,
        meaningless=max(share, next_share) >= REPEATED_MEANINGLESS_SHARE - 1 / len(periods),
        observations=len(periods),
        repeated=max(copies, neighbours),
        repeated_share=max(share, next_share),
        repeated_share_max=REPEATED_MIN_SHARE,
    )


def _largest(returns: ReturnsInput, weights: Mapping[str, float]) -> list[Vector]:
    """Return the series of the largest positions that are not constant, or the one bare series."""
    if returns.given is None:
        return []
    rows: Sequence[Vector] = returns.given.rows
    if returns.given.ids:
        known = dict(zip(returns.given.ids, returns.given.rows, strict=True))
        held = sorted(
            (each for each in weights if each in known), key=lambda each: (-abs(weights[each]), each)
        )
        rows = [known[asset] for asset in held]
    return list(islice((row for row in rows if len(row) and max(row) != min(row)), COMPARED_MAX_ASSETS))


def _copies(periods: Sequence[tuple[float, ...]], moving: Sequence[bool]) -> int:
    """Return how many periods end a sequence of equal values that occurred before."""
    length = -(-COMPARED_MIN_VALUES // len(periods[0]))
    seen: set[tuple[tuple[float, ...], ...]] = set()
    count = 0
    for end in range(length, len(periods) + 1):
        key = tuple(periods[end - length : end])
        if all(moving[end - length : end]):
            count += key in seen
            seen.add(key)
    return count


def _equal_neighbours(periods: Sequence[tuple[float, ...]], moving: Sequence[bool]) -> int:
    pairs = zip(pairwise(periods), moving[1:], strict=True)
    return sum(first == second for (first, second), is_moving in pairs if is_moving)
