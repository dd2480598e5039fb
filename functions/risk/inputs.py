"""What the risk numbers are computed from: arrays in the order of the book's ids, with a verdict on whether they suffice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal

import numpy as np

from functions.risk.measures import Array, psd_margin
from risk_hub_contracts.blob import Covariance, RealizedReturns
from risk_hub_contracts.risk import RiskInput

PSD_TOLERANCE = 1e-10
InputKind = Literal["covariance", "realized_returns"]


@dataclass(frozen=True, slots=True)
class Input:
    """One input of the evaluation.

    Attributes:
        declared: where it came from and how much of the book it covers, for the report.
        values: covariance (n, n) over the book's ids, or portfolio returns (T,); None when it does not suffice.
        reason: why it does not suffice; None when it does.
    """

    declared: RiskInput
    values: Array | None
    reason: str | None


def covered_share(weights: Mapping[str, float], ids: Sequence[str]) -> float:
    """Return the share of the book's gross weight whose ids are among `ids`, 0 to 1."""
    gross = fsum(map(abs, weights.values()))
    known = set(ids)
    return fsum(abs(weight) for asset, weight in weights.items() if asset in known) / gross


def covariance_over_book(
    covariance: Covariance, weights: Mapping[str, float]
) -> tuple[Array | None, str | None]:
    """Return the covariance (n, n) in the order of the book's ids, or None and the reason.

    A matrix that is not positive semi-definite within `1e-10 · trace` is refused.
    """
    if set(weights) - set(covariance.ids):
        return None, "covariance_does_not_cover_weights"
    full = _full_matrix(covariance)
    position = {asset: index for index, asset in enumerate(covariance.ids)}
    order = [position[asset] for asset in weights]
    matrix = full[np.ix_(order, order)]
    if not np.isfinite(matrix).all():
        return None, "covariance_not_finite"
    if psd_margin(matrix) < -PSD_TOLERANCE:
        return None, "covariance_not_psd"
    return matrix, None


def portfolio_returns(
    returns: RealizedReturns, weights: Mapping[str, float]
) -> tuple[Array | None, str | None]:
    """Return the book's returns `Σ w_i r_i,t` (T,), oldest first, or None and the reason.

    One bare series is the portfolio's own. Series of unequal length have no common dates, so they are refused.
    """
    series = returns.series()
    if not returns.ids:
        book = np.array(series[0], dtype=np.float64)
    else:
        by_id = dict(zip(returns.ids, series, strict=True))
        if set(weights) - set(by_id):
            return None, "returns_do_not_cover_weights"
        if len({len(by_id[asset]) for asset in weights}) != 1:
            return None, "returns_of_unequal_length"
        held = np.array([by_id[asset] for asset in weights], dtype=np.float64)
        book = np.fromiter(weights.values(), dtype=np.float64) @ held
    return (book, None) if np.isfinite(book).all() else (None, "returns_not_finite")


def _full_matrix(covariance: Covariance) -> Array:
    count = len(covariance.ids)
    values = np.frombuffer(covariance.payload, dtype="<f8")
    if covariance.layout == "factor":
        split = count * covariance.factor_count
        factors = values[:split].reshape(count, covariance.factor_count)
        return np.asarray(factors @ factors.T + np.diag(values[split:]), dtype=np.float64)
    full = np.zeros((count, count))
    upper = np.triu_indices(count)
    full[upper] = values
    full.T[upper] = values
    return full
