"""Warnings about single returns that decide a book: wrong prices, splits, deposits and withdrawals."""

from collections.abc import Iterator
from math import fsum

from functions.evaluation.risk.plausibility.facts import RETURNS, TRACK_RECORD, Facts, warning, worst_first
from functions.evaluation.risk.plausibility.thresholds import (
    LEVEL_MIN_SHARE,
    MARKET_MIN_SHARE,
    OUTLIER_MIN,
    OUTLIER_OWN_SERIES_MIN,
    OUTLIER_SIZE_RATIO_MIN,
    REVERSAL_SQUARES_MIN_SHARE,
    REVERSAL_TOLERANCE,
    SCALE_MIN_OBSERVATIONS,
)
from functions.measures.series_profile import SeriesProfile
from risk_hub_contracts.reports.warning import RiskWarning

CODE = "returns_have_outliers"
SINGLE_CAUSE = (
    "a wrong price, a split or a distribution that was not adjusted, or a decimal point at another place"
)
REVERSED_CAUSE = "one wrong price: the return before or after it takes the value back to where it was"
FLOW_CAUSE = (
    "a deposit or a withdrawal counts as a return: send returns net of flows; a deposit hides a drawdown"
)


def returns_have_outliers(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a warning for each series with one return far beyond its others.

    The numbers have no meaning if a wrong price, which a neighbouring return reverses, makes half of the
    squared returns of an asset that makes a tenth of the summed position moves.
    """
    found = {
        asset: abs(each.largest)
        for asset, each in facts.profiles.items()
        if asset not in facts.unlimited_loss and _has_outlier(each, OUTLIER_MIN)
    }
    moves = facts.moves()
    large = LEVEL_MIN_SHARE * fsum(moves.values())
    wrong = {each for each in found if _is_wrong_price(facts.profiles[each]) and moves[each] >= large}
    for asset in worst_first({each: size + wrong_first(each in wrong) for each, size in found.items()}):
        cause = REVERSED_CAUSE if _is_reversed(facts.profiles[asset]) else SINGLE_CAUSE
        yield _warning(asset, facts.profiles[asset], cause, len(found), meaningless=asset in wrong)
    for subject, series in ((RETURNS, facts.portfolio), (TRACK_RECORD, facts.track_record)):
        if (
            series is not None
            and _has_outlier(series, OUTLIER_OWN_SERIES_MIN)
            and not _is_of_market(facts, series)
        ):
            yield _warning(subject, series, FLOW_CAUSE, 1, meaningless=False)


def wrong_first(is_wrong: bool) -> float:  # noqa: FBT001 - the one fact that the order depends on
    """Return a size that sorts series with a wrong price first: a warning names the ten largest only."""
    return 1e9 if is_wrong else 0.0


def _has_outlier(series: SeriesProfile, least: float) -> bool:
    size = abs(series.largest)
    return (
        series.observations >= SCALE_MIN_OBSERVATIONS
        and size >= least
        and size >= OUTLIER_SIZE_RATIO_MIN * series.moving_size
    )


def _is_of_market(facts: Facts, series: SeriesProfile) -> bool:
    """Return whether the assets of the book moved nearly as much in one period."""
    if facts.portfolio is not None or facts.book is None:
        return False
    return abs(facts.book.largest) >= MARKET_MIN_SHARE * abs(series.largest)


def _is_reversed(series: SeriesProfile) -> bool:
    """Return whether the return before or after the largest one reverses it."""
    neighbours = (series.before_largest, series.after_largest)
    changes = [(1 + series.largest) * (1 + each) for each in neighbours]
    return any(1 / REVERSAL_TOLERANCE <= change <= REVERSAL_TOLERANCE for change in changes)


def _is_wrong_price(series: SeriesProfile) -> bool:
    squares = series.deviation**2 * (series.observations - 1)
    return _is_reversed(series) and series.largest**2 >= REVERSAL_SQUARES_MIN_SHARE * squares


def _warning(
    subject: str, series: SeriesProfile, cause: str, affected: int, *, meaningless: bool
) -> RiskWarning:
    return warning(
        CODE,
        cause,
        subject=subject,
        meaningless=meaningless,
        largest_return=series.largest,
        middle_size=series.moving_size,
        size_ratio_max=OUTLIER_SIZE_RATIO_MIN,
        previous_return=series.before_largest,
        next_return=series.after_largest,
        assets_affected=affected,
    )
