"""Inputs of the risk numbers, compared with the book; each has a reason if it is insufficient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import fsum, nextafter

from functions.measures.covariance.correlation_shrinkage import ShrunkCorrelations
from functions.measures.covariance.form import CovarianceForm, Verdict
from functions.measures.covariance.sample import ESTIMATE_MIN_OBSERVATIONS, sample_covariance
from functions.measures.returns import BookReturns, series_by_id
from functions.measures.returns_table import ReturnsTable
from risk_hub_contracts.reports.covariance import CovarianceRepair
from risk_hub_contracts.reports.risk import CovarianceOrigin, RiskInput


@dataclass(frozen=True, slots=True)
class PairwiseSummary:
    """Estimate of a covariance from series with gaps.

    Attributes:
        observations_min: the least number of periods that two series have in common.
        correlation_max_change: the greatest change of a correlation by the repair.
    """

    observations_min: int
    correlation_max_change: float


@dataclass(frozen=True, slots=True)
class CovarianceInput:
    """The covariance of one evaluation.

    Attributes:
        declared: its source and its coverage of the book.
        ids: n ids, the order of `form`.
        form: Σ over those ids; None if unreadable or absent.
        verdict: on the whole matrix; None without a matrix.
        reason: why it must not be used; None if it may be.
        origin: `given`, or how it was estimated.
        known_since: the first `as_of` that used these bytes by reference.
        shrunk: the estimate with shrunk correlations, for attribution; None for a given covariance.
        pairwise: summary of an estimate from the common periods of each pair; else None.
        repair: the repair of a given covariance, whether applied or not; None without a repair.
    """

    declared: RiskInput
    ids: Sequence[str] = ()
    form: CovarianceForm | None = None
    verdict: Verdict | None = None
    reason: str | None = None
    origin: CovarianceOrigin = "given"
    known_since: str | None = None
    shrunk: ShrunkCorrelations | None = None
    pairwise: PairwiseSummary | None = None
    repair: CovarianceRepair | None = None


@dataclass(frozen=True, slots=True)
class ReturnsInput:
    """The realised returns of one evaluation.

    Attributes:
        declared: their source and their coverage of the book.
        decoded: in the order of their dates, the periods without a missing observation of a held asset; None
            if unreadable or absent.
        book: the book's own series; None if it could not be computed.
        reason: why `book` is None.
        known_since: the first `as_of` that used these bytes, by reference or as more than 100 returns.
        given: all periods, with the missing observations; None if unreadable or absent.
    """

    declared: RiskInput
    decoded: ReturnsTable | None = None
    book: BookReturns | None = None
    reason: str | None = None
    known_since: str | None = None
    given: ReturnsTable | None = None

    @property
    def dates(self) -> tuple[date, ...] | None:
        """Return the UTC dates of the series; None if they cannot be read."""
        return None if self.decoded is None else self.decoded.dates


def nonzero_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Return the weights other than zero by id, sorted: only held assets need numbers.

    Sorting removes the effect of a producer's asset order, because array sums depend on the order of their
    terms.
    """
    return {asset: weight for asset, weight in sorted(weights.items()) if weight}


def covered_share(weights: Mapping[str, float], ids: Sequence[str]) -> float:
    """Return the share of the book's gross weight with ids among `ids`, 0 to 1; 1 only if none is missing."""
    known = set(ids)
    if known.issuperset(weights):
        return 1.0
    gross = fsum(map(abs, weights.values()))
    share = fsum(abs(weight) for asset, weight in weights.items() if asset in known) / gross
    return min(share, nextafter(1.0, 0.0))


def estimate_covariance(returns: ReturnsInput, weights: Mapping[str, float]) -> CovarianceInput | None:
    """Return the covariance of the held assets' realised returns; None if the returns are insufficient.

    Args:
        returns: series by id, of equal length; they cover the book.
        weights: weights of the held assets, by id.
    """
    series = {} if returns.decoded is None else series_by_id(returns.decoded)
    if returns.book is None or not series or len(returns.book.values) < ESTIMATE_MIN_OBSERVATIONS:
        return None
    ids = list(weights)
    form = sample_covariance([series[asset] for asset in ids])
    declared = RiskInput(
        kind="covariance",
        source="absent",
        sha256=None,
        coverage=1.0,
        observations=len(returns.book.values),
    )
    return CovarianceInput(declared, ids, form, form.verdict(), None, "sample", shrunk=form.shrunk())
