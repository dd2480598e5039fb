"""Facts about one evaluation that the warnings look at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, inf

from functions.evaluation.risk.inputs import CovarianceInput, ReturnsInput, nonzero_weights
from functions.evaluation.risk.plausibility.thresholds import SUBJECTS_MAX_COUNT
from functions.measures.covariance.sample import deviations_of
from functions.measures.frequency import periods_per_year_of, stated_periods_per_year
from functions.measures.profiles import series_profiles
from functions.measures.returns import series_by_id
from functions.measures.series_profile import SeriesProfile, series_profile
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.warning import RiskWarning
from risk_hub_contracts.snapshot.parse import Snapshot

EVIDENCE_DIGITS = 6
COVARIANCE = "covariance"
RETURNS = "realized_returns"
TRACK_RECORD = "portfolio_returns"
"""Subjects of warnings about a whole input: `COVARIANCE`, `RETURNS` and `TRACK_RECORD`."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about one evaluation, from which the rules compute warnings.

    Attributes:
        report: the numbers, without warnings.
        weights: weights of the held assets, by id.
        profiles: profiles of the returns of the held assets, by id.
        portfolio: profile of the portfolio's own series, if the returns are one bare series.
        given: per-period deviations of the held assets by the producer's covariance.
        unlimited_loss: held assets whose loss can exceed their value.
        track_record: profile of the returns in `portfolio_returns`.
        periods_per_year: periods per year of the returns, by their dates or else as stated; None if unknown.
        book: profile of the book's returns under today's weights, or of the bare series.
    """

    report: RiskReport
    weights: Mapping[str, float]
    profiles: Mapping[str, SeriesProfile]
    portfolio: SeriesProfile | None
    given: Mapping[str, float]
    unlimited_loss: frozenset[str] = frozenset()
    track_record: SeriesProfile | None = None
    book: SeriesProfile | None = None
    periods_per_year: float | None = None

    @property
    def gross(self) -> float:
        """Return the gross exposure of the held assets."""
        return fsum(map(abs, self.weights.values()))

    @property
    def volatility(self) -> float | None:
        """Return the parametric volatility of the book; None if it is unknown."""
        return next((each.value for each in self.report.measures if each.measure == "volatility"), None)

    def moves(self) -> dict[str, float]:
        """Return `|w_i| σ_i` by held asset, with the deviation of the returns."""
        return {asset: abs(self.weights[asset]) * each.deviation for asset, each in self.profiles.items()}

    def share(self, assets: Iterable[str]) -> float:
        """Return the share of the gross exposure in some held assets; 0 for a book without positions."""
        held = fsum(abs(self.weights[asset]) for asset in assets)
        return held / self.gross if held else 0.0


def facts_of(
    snapshot: Snapshot, covariance: CovarianceInput, returns: ReturnsInput, report: RiskReport
) -> Facts:
    """Return the facts about one evaluation.

    Args:
        snapshot: the book.
        covariance: the covariance as the producer gave it.
        returns: the returns as the producer gave them.
        report: the numbers computed from them.
    """
    by_dates = None if returns.dates is None else periods_per_year_of(returns.dates)
    weights, record = nonzero_weights(snapshot.weights), snapshot.portfolio_returns
    return Facts(
        report=report,
        weights=weights,
        profiles=_profiles(returns, weights),
        portfolio=_portfolio(returns),
        given=_given_deviations(covariance, weights),
        unlimited_loss=snapshot.portfolio.unlimited_loss & weights.keys(),
        track_record=None if record is None else series_profile(record.dated_returns()[0]),
        periods_per_year=by_dates or stated_periods_per_year(snapshot.returns_meta, None),
        book=None if returns.book is None else series_profile(returns.book.values),
    )


def rounded(value: float) -> float:
    """Return evidence to six significant digits."""
    return float(f"{value:.{EVIDENCE_DIGITS}g}") + 0.0


def warning(
    code: str,
    likely_cause: str,
    *,
    subject: str | None = None,
    meaningless: bool = False,
    **evidence: float | str,
) -> RiskWarning:
    """Return one warning; numbers of its evidence are rounded.

    Args:
        code: code of the warning; readers must accept codes that they do not know.
        likely_cause: a sentence.
        subject: asset or input concerned.
        meaningless: whether the report's numbers have no meaning.
        **evidence: the observed values and their bounds.
    """
    shown = {
        name: value if isinstance(value, str) else rounded(value) for name, value in sorted(evidence.items())
    }
    return RiskWarning(
        code=code,
        makes_insufficient=meaningless,
        subject=subject,
        evidence=shown,
        likely_cause=likely_cause,
    )


def worst_first(sizes: Mapping[str, float]) -> Sequence[str]:
    """Return the assets that a code names: those of the greatest size, in the order of size, then of id."""
    return sorted(sizes, key=lambda asset: (-sizes[asset], asset))[:SUBJECTS_MAX_COUNT]


def _profiles(returns: ReturnsInput, weights: Mapping[str, float]) -> dict[str, SeriesProfile]:
    if returns.given is None or not returns.given.ids:
        return {}
    series = series_by_id(returns.given)
    held = [asset for asset in weights if asset in series]
    found = zip(held, series_profiles([series[asset] for asset in held]), strict=True)
    return {asset: profile for asset, profile in found if profile is not None}


def _portfolio(returns: ReturnsInput) -> SeriesProfile | None:
    if returns.given is None or returns.given.ids:
        return None
    return series_profile(returns.given.series()[0])


def _given_deviations(covariance: CovarianceInput, weights: Mapping[str, float]) -> dict[str, float]:
    """Return the deviations of the held assets; none where a variance is not a number."""
    if covariance.form is None:
        return {}
    known = dict(zip(covariance.ids, covariance.form.variances(), strict=True))
    held = {asset: known[asset] for asset in weights if asset in known}
    if not all(0 <= variance < inf for variance in held.values()):
        return {}
    return dict(zip(held, deviations_of(list(held.values())), strict=True))
