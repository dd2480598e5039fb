"""Warnings about the returns themselves: prices, percent, impossible losses, prices that do not move."""

from collections.abc import Iterator, Mapping

from functions.evaluation.risk.plausibility.facts import RETURNS, TRACK_RECORD, Facts, warning, worst_first
from functions.evaluation.risk.plausibility.thresholds import (
    CONSTANT_WEIGHT_MIN_SHARE,
    GAINS_MEDIAN_MIN_PER_YEAR,
    GAINS_MIN_OBSERVATIONS,
    LAST_ZEROS_MIN,
    MOVING_SIZE_MIN,
    PERCENT_BOOK_MEDIAN_SIZE_MIN,
    PERCENT_MEDIAN_SIZE_MIN,
    PRICE_MEDIAN_MIN,
    RUN_ZEROS_MIN_SHARE,
    SERIES_MIN_OBSERVATIONS,
    STUCK_WEIGHT_MIN_SHARE,
    STUCK_ZERO_SHARE_MIN,
    ZERO_SHARE_MIN,
)
from functions.measures.series_profile import SeriesProfile
from risk_hub_contracts.base.limits import LIMITED_LOSS_RETURN_RATIO
from risk_hub_contracts.reports.warning import RiskWarning

PRICES_CAUSE = "the series holds prices, index levels or gross returns (1 + r) instead of returns"
PERCENT_CAUSE = "the returns are in percent; send fractions (0.01 for 1 %)"
BELOW_MINUS_ONE_CAUSE = (
    "a wrong price, a split that was not adjusted, or log returns; "
    "list a position whose loss can exceed its value in portfolio.unlimited_loss"
)
CONSTANT_CAUSE = "the price is not updated, or the position is cash"
OWN_SERIES = frozenset({RETURNS, TRACK_RECORD})


def returns_look_like_prices(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a warning for each series without any loss whose median gain is beyond 20 % per period.

    Rates and yields are smaller. Of at least 60 returns of known frequency, a median gain beyond 100 % per
    year is therefore enough.
    """
    series = _long_enough(facts)
    found = {asset: each.median for asset, each in series.items() if _looks_like_prices(facts, each)}
    for asset in worst_first(found):
        yield warning(
            "returns_look_like_prices",
            PRICES_CAUSE,
            subject=asset,
            meaningless=True,
            least_return=series[asset].least,
            median_return=series[asset].median,
            median_return_max=PRICE_MEDIAN_MIN,
            observations=series[asset].observations,
            assets_affected=len(found),
        )


def returns_look_like_percent(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a warning for each series with an impossible loss and a median move of at least 5 % per period.

    Without such a series, yield a caution if the median asset has a median move of at least 20 % per period.
    """
    series = _long_enough(facts)
    found = {asset: each.median_size for asset, each in series.items() if _is_percent(facts, asset, each)}
    for asset in worst_first(found):
        yield warning(
            "returns_look_like_percent",
            PERCENT_CAUSE,
            subject=asset,
            meaningless=True,
            least_return=series[asset].least,
            least_return_min=_least_possible(facts, asset),
            median_size=series[asset].median_size,
            median_size_max=PERCENT_MEDIAN_SIZE_MIN,
            assets_affected=len(found),
        )
    if not found:
        yield from _book_looks_like_percent(facts, series)


def returns_below_minus_one(facts: Facts) -> Iterator[RiskWarning]:
    """Yield `loss_exceeds_exposure` for each asset that lost more than its value but does not hold percent."""
    series = _profiles_by_subject(facts)
    found = {
        asset: -each.least
        for asset, each in series.items()
        if each.least < _least_possible(facts, asset) and not _is_percent(facts, asset, each)
    }
    for asset in worst_first(found):
        yield warning(
            "loss_exceeds_exposure",
            BELOW_MINUS_ONE_CAUSE,
            subject=asset,
            meaningless=True,
            least_return=series[asset].least,
            least_return_min=_least_possible(facts, asset),
            assets_affected=len(found),
        )


def constant_prices(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a warning for each price that hardly moves, or did not move for long.

    An asset whose given variance is zero is riskless by declaration and causes no warning. The numbers have
    no meaning in any of these cases:

    - A tenth of the book never moves although the covariance gives it a variance.
    - A tenth of the book has a history of which one run of zeros makes half.
    - Half of the book is stuck: 60 % of its returns are zero, or the last ten.
    - Nothing in the book ever moves, and no covariance is given.

    The second and third case leave out assets such as cash, whose median move is below 0.1 %.
    """
    series = _long_enough(facts)
    found = {
        asset: each.zero_share + each.last_zeros / each.observations
        for asset, each in series.items()
        if _hardly_moves(each) and facts.given.get(asset) != 0
    }
    meaningless = _without_meaning(facts, {asset: series[asset] for asset in found})
    # At most ten assets are named: those that make the numbers meaningless come first.
    for asset in worst_first({asset: size + 2 * (asset in meaningless) for asset, size in found.items()}):
        yield warning(
            "constant_prices",
            CONSTANT_CAUSE,
            subject=asset,
            meaningless=asset in meaningless,
            zero_share=series[asset].zero_share,
            zero_share_max=ZERO_SHARE_MIN,
            last_zeros=series[asset].last_zeros,
            last_zeros_max=LAST_ZEROS_MIN,
            longest_zeros=series[asset].longest_zeros,
            observations=series[asset].observations,
            assets_affected=len(found),
        )


def _profiles_by_subject(facts: Facts) -> Mapping[str, SeriesProfile]:
    """Return the profiles by subject: the held assets or the portfolio's own series, and the track record."""
    found = facts.profiles if facts.portfolio is None else {RETURNS: facts.portfolio}
    return found if facts.track_record is None else {**found, TRACK_RECORD: facts.track_record}


def _long_enough(facts: Facts) -> dict[str, SeriesProfile]:
    return {
        asset: each
        for asset, each in _profiles_by_subject(facts).items()
        if each.observations >= SERIES_MIN_OBSERVATIONS
    }


def _looks_like_prices(facts: Facts, series: SeriesProfile) -> bool:
    """Return whether a series without a loss gains too much for returns; small rates need a known frequency."""
    if series.least <= 0:
        return False
    per_year = series.median * (facts.periods_per_year or 0.0)
    is_rate = series.observations >= GAINS_MIN_OBSERVATIONS and per_year > GAINS_MEDIAN_MIN_PER_YEAR
    return is_rate or series.median > PRICE_MEDIAN_MIN


def _is_percent(facts: Facts, asset: str, series: SeriesProfile) -> bool:
    impossible = series.least < _least_possible(facts, asset)
    return (
        impossible
        and series.median_size >= PERCENT_MEDIAN_SIZE_MIN
        and series.observations >= SERIES_MIN_OBSERVATIONS
    )


def _least_possible(facts: Facts, asset: str) -> float:
    """Return the least possible return: a portfolio can lose its gross exposure."""
    of_portfolio = asset in OWN_SERIES and asset not in facts.profiles
    if asset in facts.unlimited_loss or (of_portfolio and facts.unlimited_loss):
        return float("-inf")
    return LIMITED_LOSS_RETURN_RATIO * max(1.0, facts.gross) if of_portfolio else LIMITED_LOSS_RETURN_RATIO


def _hardly_moves(series: SeriesProfile) -> bool:
    return series.zero_share >= ZERO_SHARE_MIN or series.longest_zeros >= LAST_ZEROS_MIN


def _without_meaning(facts: Facts, found: Mapping[str, SeriesProfile]) -> set[str]:
    """Return the assets with constant prices, if there are too many of them for meaningful numbers."""
    assets = {asset: each for asset, each in found.items() if asset in facts.profiles}
    moving = {asset: each for asset, each in assets.items() if each.moving_size >= MOVING_SIZE_MIN}
    never = {asset for asset, each in assets.items() if each.zero_share == 1 and asset in facts.given}
    filled = {
        asset
        for asset, each in moving.items()
        if each.longest_zeros >= RUN_ZEROS_MIN_SHARE * each.observations
    }
    stuck = {asset for asset, each in moving.items() if _is_stuck(each)}
    if not facts.given and facts.weights.keys() == {a for a, each in assets.items() if each.zero_share == 1}:
        return set(assets)
    groups = (
        (never, CONSTANT_WEIGHT_MIN_SHARE),
        (filled, CONSTANT_WEIGHT_MIN_SHARE),
        (stuck, STUCK_WEIGHT_MIN_SHARE),
    )
    return {asset for group, least in groups if facts.share(group) >= least for asset in group}


def _is_stuck(series: SeriesProfile) -> bool:
    return series.zero_share >= STUCK_ZERO_SHARE_MIN or series.last_zeros >= LAST_ZEROS_MIN


def _book_looks_like_percent(facts: Facts, series: Mapping[str, SeriesProfile]) -> Iterator[RiskWarning]:
    sizes = sorted(each.median_size for each in series.values() if not _looks_like_prices(facts, each))
    if sizes and sizes[len(sizes) // 2] >= PERCENT_BOOK_MEDIAN_SIZE_MIN:
        yield warning(
            "returns_look_like_percent",
            PERCENT_CAUSE,
            subject=RETURNS,
            median_size=sizes[len(sizes) // 2],
            median_size_max=PERCENT_BOOK_MEDIAN_SIZE_MIN,
            assets_compared=len(sizes),
        )
