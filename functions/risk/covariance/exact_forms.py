"""Covariances of up to 200 ids, by exact sums and without numpy."""

from collections.abc import Sequence
from itertools import pairwise

from functions.risk.covariance.exact_cholesky import least_margin
from functions.risk.covariance.form import (
    NOT_FINITE,
    NOT_PSD,
    TRACE_MIN,
    Exposure,
    Verdict,
    pair_bounds,
    verdict_of,
    verdict_on_nothing,
    within_bounds,
)
from functions.risk.exact import Vector, dot
from risk_hub_contracts.blob import Covariance
from risk_hub_contracts.limits import NUMBER_MAX_ABS
from risk_hub_contracts.triangle import triangle_index


class ExactPacked:
    """A packed upper triangle, row-major."""

    def __init__(self, covariance: Covariance) -> None:
        count, upper = len(covariance.ids), covariance.values
        self._upper = upper
        starts = [triangle_index(count, row, row) for row in range(count)] + [len(upper)]
        right = [list(upper[start:end]) for start, end in pairwise(starts)]
        self._rows = [
            [right[column][row - column] for column in range(row)] + right[row] for row in range(count)
        ]

    def exposure(self, weights: Vector) -> Exposure:
        """See CovarianceForm."""
        times = [dot(row, weights) for row in self._rows]
        return Exposure(dot(weights, times), lambda: times)

    def variances(self) -> list[float]:
        """See CovarianceForm."""
        return [row[index] for index, row in enumerate(self._rows)]

    def verdict(self) -> Verdict:
        """See CovarianceForm."""
        if not all(abs(value) <= NUMBER_MAX_ABS for value in self._upper):
            return NOT_FINITE
        if sum(self.variances()) <= TRACE_MIN:
            return verdict_on_nothing(max(map(abs, self._upper)))
        found = verdict_of(least_margin(self._rows))
        return NOT_PSD if found.reason is None and self._beyond_one() else found

    def _beyond_one(self) -> bool:
        """Tell whether any correlation is."""
        bounds, slack = pair_bounds(self.variances())
        return any(
            abs(entry) > bound * bounds[row] + slack
            for row, entries in enumerate(self._rows)
            for entry, bound in zip(entries[row + 1 :], bounds[row + 1 :], strict=True)
        )


class ExactFactor:
    """`FF' + diag(d)`: k factors and specific variances, multiplied as they stand."""

    def __init__(self, covariance: Covariance) -> None:
        count, width, values = len(covariance.ids), covariance.factor_count, covariance.values
        self._values = values
        self._loadings = [list(values[row * width : (row + 1) * width]) for row in range(count)]
        self._specific = list(values[count * width :])

    def exposure(self, weights: Vector) -> Exposure:
        """See CovarianceForm: with `e = F'w`, the variance is `e'e + Σ d_i w_i²` and `Σw` is `Fe + d·w`."""
        factors = [dot(column, weights) for column in zip(*self._loadings, strict=True)]
        own = [specific * weight for specific, weight in zip(self._specific, weights, strict=True)]

        def times() -> list[float]:
            pairs = zip(self._loadings, own, strict=True)
            return [dot([*row, each], [*factors, 1.0]) for row, each in pairs]

        return Exposure(dot([*factors, *own], [*factors, *weights]), times)

    def variances(self) -> list[float]:
        """See CovarianceForm."""
        return [
            dot([*row, specific], [*row, 1.0])
            for row, specific in zip(self._loadings, self._specific, strict=True)
        ]

    def verdict(self) -> Verdict:
        """See CovarianceForm."""
        if not all(abs(value) <= NUMBER_MAX_ABS for value in self._values):
            return NOT_FINITE
        return factor_verdict(min(self._specific), self.variances())


def factor_verdict(least: float, variances: Sequence[float]) -> Verdict:
    """Return the verdict on a factor form: no specific variance below zero suffices, and bounds the margin from below.

    Args:
        least: the least specific variance.
        variances: (n,) the diagonal of the whole matrix.
    """
    if not within_bounds(0.0, max(variances)):
        return NOT_FINITE
    trace = sum(variances)
    return verdict_on_nothing(least) if trace <= TRACE_MIN else verdict_of(least / trace)
