"""What every form of a covariance Σ (n, n) can do, and the verdict on whether it is one."""

from collections.abc import Callable
from dataclasses import dataclass
from math import fsum, isfinite, sqrt
from sys import float_info
from typing import Protocol

from functions.risk.exact import Vector
from risk_hub_contracts.limits import CORRELATION_MAX_EXCESS, NUMBER_MAX_ABS

PSD_TOLERANCE = 1e-10
# Beyond these decimals of least eigenvalue over trace there is only rounding.
MARGIN_DECIMALS = 12
# A trace below this is that of zeros: its shares cannot be told from rounding.
TRACE_MIN = 1e-100


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a matrix is a covariance: numbers that the contract takes, positive semi-definite within `1e-10 · trace`.

    A correlation beyond 1 is none either, however small the variances are beside the trace.

    Attributes:
        reason: `covariance_not_finite`, `covariance_out_of_range`, `covariance_not_psd` or, of a factor form,
            `specific_variance_negative`; None when it is one.
        margin: least eigenvalue over trace, see `Sufficiency.psd_margin`; None where none was found.
    """

    reason: str | None
    margin: float | None


NOT_FINITE = Verdict("covariance_not_finite", None)
OUT_OF_RANGE = Verdict("covariance_out_of_range", None)
NOT_PSD = Verdict("covariance_not_psd", None)
SPECIFIC_NEGATIVE = Verdict("specific_variance_negative", None)


def unbounded(least: float, greatest: float) -> Verdict | None:
    """Return what is wrong with numbers between these: not finite, or beyond what the contract takes inline."""
    if not (isfinite(least) and isfinite(greatest)):
        return NOT_FINITE
    return None if least >= -NUMBER_MAX_ABS and greatest <= NUMBER_MAX_ABS else OUT_OF_RANGE


def verdict_on_nothing(greatest: float) -> Verdict:
    """Return the verdict on a matrix without a trace: a covariance only if its greatest number is nothing too."""
    return verdict_of(0.0 if abs(greatest) <= TRACE_MIN else -1.0)


def verdict_of(margin: float) -> Verdict:
    """Return the verdict for a least eigenvalue over trace."""
    rounded = round(margin, MARGIN_DECIMALS) + 0.0
    return Verdict(None if margin >= -PSD_TOLERANCE else "covariance_not_psd", rounded)


def pair_bounds(variances: Vector) -> tuple[list[float], float]:
    """Return `b` (n,) and a slack such that `|Σ_ij| ≤ b_i b_j + slack` for each pair of a covariance.

    The slack is the rounding of the largest entries, which a product of matrices leaves in all of them.
    """
    excess = sqrt(1 + CORRELATION_MAX_EXCESS)
    return [excess * sqrt(max(each, 0.0)) for each in variances], float_info.epsilon * fsum(variances)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a covariance says of one book.

    Attributes:
        variance: `w'Σw`.
        times: returns `Σw` (n,), which costs more than the variance in some forms.
    """

    variance: float
    times: Callable[[], list[float]]


class CovarianceForm(Protocol):
    """A symmetric matrix over n ids in a fixed order; weights and results follow that order."""

    def exposure(self, weights: Vector) -> Exposure:
        """Return what follows for a book with these weights (n,)."""

    def variances(self) -> list[float]:
        """Return the diagonal (n,)."""

    def verdict(self) -> Verdict:
        """Judge the whole matrix, whatever part of it a book uses."""
