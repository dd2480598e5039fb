"""Interface of every form of a covariance Σ (n, n), and the verdict on its validity."""

from collections.abc import Callable
from dataclasses import dataclass
from math import fsum, isfinite, sqrt
from sys import float_info
from typing import Protocol

from functions.measures.exact import Vector
from risk_hub_contracts.base.limits import CORRELATION_MAX_EXCESS, NUMBER_MAX_ABS

PSD_TOLERANCE = 1e-10
# Decimals of least eigenvalue over trace; further ones are only rounding.
MARGIN_DECIMALS = 12
# A trace below this counts as zero: shares of it cannot be distinguished from rounding.
TRACE_MIN = 1e-100


@dataclass(frozen=True, slots=True)
class Verdict:
    """Validity of a matrix as a covariance.

    A valid matrix has numbers within the contract's range, is positive semi-definite within `1e-10 · trace`,
    and has no correlation beyond 1, however small the variances are relative to the trace.

    Attributes:
        reason: `covariance_not_finite`, `covariance_out_of_range`, `covariance_not_psd` or, of a factor form,
            `specific_variance_negative`; None for a valid covariance.
        margin: least eigenvalue over trace, see `Sufficiency.psd_margin`; None if not computed.
    """

    reason: str | None
    margin: float | None


NOT_FINITE = Verdict("covariance_not_finite", None)
OUT_OF_RANGE = Verdict("covariance_out_of_range", None)
NOT_PSD = Verdict("covariance_not_psd", None)
SPECIFIC_NEGATIVE = Verdict("specific_variance_negative", None)


def range_verdict(least: float, greatest: float) -> Verdict | None:
    """Return the refusal of numbers that are not finite or exceed the contract's range; else None."""
    if not (isfinite(least) and isfinite(greatest)):
        return NOT_FINITE
    return None if least >= -NUMBER_MAX_ABS and greatest <= NUMBER_MAX_ABS else OUT_OF_RANGE


def verdict_on_zero_trace(greatest: float) -> Verdict:
    """Return the verdict on a matrix of trace zero: a covariance only if its greatest number is zero too."""
    return verdict_from_margin(0.0 if abs(greatest) <= TRACE_MIN else -1.0)


def verdict_from_margin(margin: float) -> Verdict:
    """Return the verdict for a least eigenvalue over trace."""
    rounded = round(margin, MARGIN_DECIMALS) + 0.0
    return Verdict(None if margin >= -PSD_TOLERANCE else "covariance_not_psd", rounded)


def pair_bounds(variances: Vector) -> tuple[list[float], float]:
    """Return `b` (n,) and a slack such that `|Σ_ij| ≤ b_i b_j + slack` for each pair of a covariance.

    The slack is the rounding error of the largest entries, which a matrix product leaves in all entries.
    """
    excess = sqrt(1 + CORRELATION_MAX_EXCESS)
    return [excess * sqrt(max(each, 0.0)) for each in variances], float_info.epsilon * fsum(variances)


@dataclass(frozen=True, slots=True)
class CovarianceProduct:
    """Results of a covariance for one book.

    Attributes:
        variance: `w'Σw`.
        matrix_product: returns `Σw` (n,), which costs more than the variance in some forms.
    """

    variance: float
    matrix_product: Callable[[], list[float]]


class CovarianceForm(Protocol):
    """A symmetric matrix over n ids in a fixed order; weights and results follow that order."""

    def product(self, weights: Vector) -> CovarianceProduct:
        """Return the exposure of a book with these weights (n,)."""

    def variances(self) -> list[float]:
        """Return the diagonal (n,)."""

    def verdict(self) -> Verdict:
        """Judge the whole matrix, including ids that the book does not hold."""
