"""What the risk numbers are computed from: inputs set against the book, each with a reason where it does not suffice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import fsum, nextafter

from functions.risk.covariance.form import CovarianceForm, Verdict
from functions.risk.covariance.sample import ESTIMATE_MIN_OBSERVATIONS, sample_covariance
from functions.risk.returns import BookReturns, by_id, dates_of
from risk_hub_contracts.blob import RealizedReturns
from risk_hub_contracts.risk import CovarianceOrigin, RiskInput


@dataclass(frozen=True, slots=True)
class CovarianceInput:
    """The covariance of one evaluation.

    Attributes:
        declared: where it came from and how much of the book it covers.
        ids: n ids, the order of `form`.
        form: Σ over those ids; None where there is none to read.
        verdict: on the whole matrix; None where there is none.
        reason: why no number may be computed with it; None when one may.
        origin: `given`, or how it was estimated.
        known_since: the first `as_of` that used these bytes by reference.
    """

    declared: RiskInput
    ids: Sequence[str] = ()
    form: CovarianceForm | None = None
    verdict: Verdict | None = None
    reason: str | None = None
    origin: CovarianceOrigin = "given"
    known_since: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnsInput:
    """The realised returns of one evaluation.

    Attributes:
        declared: where they came from and how much of the book they cover.
        decoded: as the blob holds them; None where there are none to read.
        book: the book's own series; None where it could not be made.
        reason: why not.
        known_since: the first `as_of` that used these bytes by reference.
    """

    declared: RiskInput
    decoded: RealizedReturns | None = None
    book: BookReturns | None = None
    reason: str | None = None
    known_since: str | None = None

    @property
    def dates(self) -> tuple[date, ...] | None:
        """Return the UTC dates of the series; None where none can be read."""
        return None if self.decoded is None else dates_of(self.decoded)


def held(weights: Mapping[str, float]) -> dict[str, float]:
    """Return the weights other than zero by id: what is not held needs no numbers.

    The order in which a producer listed its assets decides nothing: array sums depend on the order of their terms.
    """
    return {asset: weight for asset, weight in sorted(weights.items()) if weight}


def covered_share(weights: Mapping[str, float], ids: Sequence[str]) -> float:
    """Return the share of the book's gross weight whose ids are among `ids`, 0 to 1; 1 only where none is missing."""
    known = set(ids)
    if known.issuperset(weights):
        return 1.0
    gross = fsum(map(abs, weights.values()))
    share = fsum(abs(weight) for asset, weight in weights.items() if asset in known) / gross
    return min(share, nextafter(1.0, 0.0))


def estimated(returns: ReturnsInput, weights: Mapping[str, float]) -> CovarianceInput | None:
    """Return the covariance of the realised returns of what is held; None where they do not suffice for one.

    Args:
        returns: by id, covering the book, of equal length.
        weights: what is held.
    """
    series = {} if returns.decoded is None else by_id(returns.decoded)
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
    return CovarianceInput(declared, ids, form, form.verdict(), None, form.estimator)
