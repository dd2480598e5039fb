"""The covariance of realised returns, estimated but never stored as a matrix: `Σw = X'(Xw) / (T − 1)`.

X (T, n) are the returns less each series' mean. `w'Σw` is then the sample variance of the book's own returns,
unbiased at any number of observations. Attribution to positions uses shrunk correlations instead
(`correlation_shrinkage`), because the sample attributes its own noise.
"""

from math import fsum, sqrt
from typing import Protocol

from functions.measures.covariance.correlation_shrinkage import ShrunkCorrelations, exact_intensity
from functions.measures.covariance.form import CovarianceProduct, Verdict, verdict_from_margin
from functions.measures.exact import EXACT_MAX_ASSETS, Vector, dot
from functions.measures.performance import CONSTANT_MAX_RATIO

ESTIMATE_MIN_OBSERVATIONS = 20


class Deviations(Protocol):
    """Returns less their means, X (T, n)."""

    observations: int

    def book(self, weights: Vector) -> list[float]:
        """Return the book's returns less their mean, `Xw` (T,)."""

    def matrix_product(self, book: list[float]) -> list[float]:
        """Return the product of `X'` and the book's returns, `X'(Xw)` (n,)."""

    def squares(self) -> list[float]:
        """Return the diagonal of `X'X` (n,)."""

    def shrinkage(self) -> float:
        """Return the shrinkage intensity δ of the correlations, 0 to 1."""


class SampleCovariance:
    """The sample covariance S of n series, and the same with shrunk correlations."""

    def __init__(self, deviations: Deviations) -> None:
        self._deviations = deviations
        self._divisor = deviations.observations - 1
        self._variances = [square / self._divisor for square in deviations.squares()]

    def product(self, weights: Vector) -> CovarianceProduct:
        """See CovarianceForm."""
        book = self._deviations.book(weights)

        def matrix_product() -> list[float]:
            return [each / self._divisor for each in self._deviations.matrix_product(book)]

        return CovarianceProduct(dot(book, book) / self._divisor, matrix_product)

    def variances(self) -> list[float]:
        """See CovarianceForm."""
        return self._variances

    def verdict(self) -> Verdict:
        """See CovarianceForm: positive semi-definite by construction."""
        return verdict_from_margin(0.0)

    def shrunk(self) -> ShrunkCorrelations:
        """Return the covariance for attribution: the same variances, and correlations shrunk towards zero."""
        return ShrunkCorrelations(self, self._deviations.shrinkage())


class ExactDeviations:
    """Up to 200 series, by exact sums."""

    def __init__(self, series: list[Vector]) -> None:
        self.observations = len(series[0])
        self._series = [_centred(values) for values in series]

    def book(self, weights: Vector) -> list[float]:
        """See Deviations."""
        return [dot(row, weights) for row in zip(*self._series, strict=True)]

    def matrix_product(self, book: list[float]) -> list[float]:
        """See Deviations."""
        return [dot(values, book) for values in self._series]

    def squares(self) -> list[float]:
        """See Deviations."""
        return [dot(values, values) for values in self._series]

    def shrinkage(self) -> float:
        """See Deviations."""
        return exact_intensity(self._series, self.squares())


def _centred(values: Vector) -> list[float]:
    """Return the values less their mean; zeros for a constant series, whose mean may be off by one bit."""
    mean = fsum(values) / len(values)
    found = [value - mean for value in values]
    constant = max(map(abs, found)) <= CONSTANT_MAX_RATIO * max(map(abs, values))
    return [0.0] * len(values) if constant else found


def sample_covariance(series: list[Vector]) -> SampleCovariance:
    """Return the estimate over n series of T returns each, T at least 20; n decides whether numpy is used."""
    if len(series) <= EXACT_MAX_ASSETS:
        return SampleCovariance(ExactDeviations(series))
    from functions.measures.covariance.array_sample import ArrayDeviations  # noqa: PLC0415 - numpy, only when needed

    return SampleCovariance(ArrayDeviations(series))


def deviations_of(variances: Vector) -> list[float]:
    """Return `σ_i` (n,) of variances; a variance below zero by rounding counts as zero."""
    return [sqrt(max(variance, 0.0)) for variance in variances]
