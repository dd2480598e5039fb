"""The covariance of realised returns, estimated but never stored as a matrix: `Σw = X'(Xw) / (T − 1)`.

X (T, n) are the returns less each series' mean. With fewer than ten observations per asset the estimate is
shrunk towards a scaled identity. Source: Ledoit, Wolf, A well-conditioned estimator for large-dimensional
covariance matrices, 2004, in the definition of scikit-learn (`ledoit_wolf`, covariances divided by T).
"""

from math import fsum, sqrt
from typing import Literal, Protocol

from functions.measures.covariance.form import CovarianceProduct, Verdict, verdict_from_margin
from functions.measures.exact import EXACT_MAX_ASSETS, Vector, dot
from functions.measures.performance import CONSTANT_MAX_RATIO

Estimator = Literal["sample", "ledoit_wolf"]

SHRINK_BELOW_OBSERVATIONS_PER_ASSET = 10
ESTIMATE_MIN_OBSERVATIONS = 20


class Deviations(Protocol):
    """Returns less their means, X (T, n)."""

    observations: int

    def book(self, weights: Vector) -> list[float]:
        """Return `Xw` (T,)."""

    def matrix_product(self, book: list[float]) -> list[float]:
        """Return `X'(Xw)` (n,)."""

    def squares(self) -> list[float]:
        """Return the diagonal of `X'X` (n,)."""

    def gram_square(self) -> float:
        """Return the sum of the squared entries of `X'X`, which are those of `XX'`."""

    def fourth_moments(self) -> float:
        """Return `Σ_t (Σ_i x_ti²)²`."""


class SampleCovariance:
    """An estimate over n series: the sample covariance, or its Ledoit-Wolf shrinkage `(1 − δ) S + δ μ I`."""

    def __init__(self, deviations: Deviations) -> None:
        self._deviations = deviations
        self._squares = deviations.squares()
        count, observations = len(self._squares), deviations.observations
        shrinks = observations < SHRINK_BELOW_OBSERVATIONS_PER_ASSET * count
        self.estimator: Estimator = "ledoit_wolf" if shrinks else "sample"
        self._divisor = observations if shrinks else observations - 1
        self._mean_variance = fsum(self._squares) / self._divisor / count
        self.shrinkage = self._intensity() if shrinks else 0.0

    def product(self, weights: Vector) -> CovarianceProduct:
        """See CovarianceForm."""
        kept, added = (1 - self.shrinkage) / self._divisor, self.shrinkage * self._mean_variance
        book = self._deviations.book(weights)

        def matrix_product() -> list[float]:
            products = self._deviations.matrix_product(book)
            return [kept * each + added * weight for each, weight in zip(products, weights, strict=True)]

        return CovarianceProduct(kept * dot(book, book) + added * dot(weights, weights), matrix_product)

    def variances(self) -> list[float]:
        """See CovarianceForm."""
        kept, added = (1 - self.shrinkage) / self._divisor, self.shrinkage * self._mean_variance
        return [kept * square + added for square in self._squares]

    def verdict(self) -> Verdict:
        """See CovarianceForm: positive semi-definite by construction; the shrinkage gives the margin."""
        return verdict_from_margin(self.shrinkage / len(self._squares))

    def _intensity(self) -> float:
        """Return δ, 0 to 1: the estimation error of S over its distance from `μI`."""
        count, observations = len(self._squares), self._deviations.observations
        gram = self._deviations.gram_square() / observations**2
        error = (self._deviations.fourth_moments() / observations - gram) / (count * observations)
        distance = (gram - count * self._mean_variance**2) / count
        error = min(error, distance)
        return error / distance if error > 0 else 0.0


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

    def gram_square(self) -> float:
        """See Deviations."""
        short = self._series
        if self.observations < len(short):
            short = [list(row) for row in zip(*self._series, strict=True)]
        products = [[dot(row, other) for other in short[: index + 1]] for index, row in enumerate(short)]
        return fsum(2 * dot(row[:-1], row[:-1]) + row[-1] ** 2 for row in products)

    def fourth_moments(self) -> float:
        """See Deviations."""
        return fsum(dot(row, row) ** 2 for row in zip(*self._series, strict=True))


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
