"""Warning about series that hold levels or overlapping returns: their neighbours are almost equal."""

from collections.abc import Iterator
from math import fsum

from functions.evaluation.risk.plausibility.facts import RETURNS, TRACK_RECORD, Facts, warning, worst_first
from functions.evaluation.risk.plausibility.thresholds import (
    LEVEL_AUTOCORRELATION_MIN,
    LEVEL_DEVIATION_MIN,
    LEVEL_MIN_OBSERVATIONS,
    LEVEL_MIN_SHARE,
)
from functions.measures.series_profile import SeriesProfile
from risk_hub_contracts.reports.warning import RiskWarning

CAUSE = (
    "the series holds levels (cumulative returns, log prices, drawdowns) or returns of overlapping periods; "
    "send the return of each period, p[t] / p[t-1] - 1"
)


def returns_look_like_levels(facts: Facts) -> Iterator[RiskWarning]:
    """Yield a warning for each series whose neighbouring values are more correlated than returns can be.

    The numbers have no meaning if such assets make a tenth of the summed position moves, or if a portfolio's
    own series is one.
    """
    moves = facts.moves()
    found = {asset: moves[asset] for asset, each in facts.profiles.items() if _is_level(each)}
    whole = fsum(moves.values())
    meaningless = fsum(found.values()) >= LEVEL_MIN_SHARE * whole
    for asset in worst_first(found):
        yield _warning(asset, facts.profiles[asset], len(found), meaningless=meaningless)
    for subject, series in ((RETURNS, facts.portfolio), (TRACK_RECORD, facts.track_record)):
        if series is not None and _is_level(series):
            yield _warning(subject, series, 1, meaningless=True)


def _is_level(series: SeriesProfile) -> bool:
    return (
        series.observations >= LEVEL_MIN_OBSERVATIONS
        and series.deviation >= LEVEL_DEVIATION_MIN
        and series.autocorrelation >= LEVEL_AUTOCORRELATION_MIN
    )


def _warning(subject: str, series: SeriesProfile, affected: int, *, meaningless: bool) -> RiskWarning:
    return warning(
        "returns_look_like_levels",
        CAUSE,
        subject=subject,
        meaningless=meaningless,
        autocorrelation=series.autocorrelation,
        autocorrelation_max=LEVEL_AUTOCORRELATION_MIN,
        deviation=series.deviation,
        observations=series.observations,
        assets_affected=affected,
    )
