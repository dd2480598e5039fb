"""Parametric results of a book under one covariance: deviation and contributions to VaR.

A missing result has a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum, isfinite

from functions.evaluation.risk.inputs import CovarianceInput, nonzero_weights
from functions.evaluation.risk.policy import RiskPolicy
from functions.measures import attribution, concentration, measures
from functions.measures.covariance.form import CovarianceForm, CovarianceProduct
from functions.measures.covariance.sample import deviations_of
from risk_hub_contracts.base.limits import CORRELATION_MAX_EXCESS
from risk_hub_contracts.reports.covariance import CovarianceEstimate
from risk_hub_contracts.reports.risk import Contribution, Contributions, CovarianceOrigin, Fallback
from risk_hub_contracts.reports.tail import LOSS_UNIT

ATTRIBUTION_CONFIDENCE_BPS = 9900
ATTRIBUTION_MAX_ASSETS = 50
SHRINKAGE_TARGET = "zero_correlation"
# Members of one contribution.
ROW = ("id", "weight", "marginal", "component", "incremental", "incremental_rescaled")
NOT_PSD_REASON = "covariance_not_psd"
# Reasons to reject a covariance that leave its variances usable.
REPLACEABLE_REASONS = frozenset({NOT_PSD_REASON, "specific_variance_negative"})
ZERO_VARIANCE = "portfolio_variance_is_zero"
# A variance below this share of (Σ|w_i|σ_i)² is the rounding error of a hedge, not a measurement.
RESOLVED_MIN_RATIO = 1e-12


@dataclass(frozen=True, slots=True)
class ParametricBook:
    """The book under one covariance.

    Attributes:
        sigma: `σ_p` over one period; None, with a reason, where it is unknown.
        reason: why `sigma` is None, else None.
        origin: origin of the covariance behind `sigma`; None without a `sigma`.
        fallback: the policy used in place of the covariance.
        undiversified: `Σ|w_i|σ_i`; None where the variances are not known.
        contributions: contributions to VaR; None where they are unknown.
        riskless: whether the book cannot lose, so that historical numbers are zero as well.
    """

    sigma: float | None
    reason: str | None
    origin: CovarianceOrigin | None = None
    fallback: Fallback | None = None
    undiversified: float | None = None
    contributions: Contributions | None = None
    riskless: bool = False


def riskless_book(origin: CovarianceOrigin | None) -> ParametricBook:
    """Return the results of a book that cannot lose: zero, without contributions."""
    return ParametricBook(0.0, None, origin, undiversified=0.0, riskless=True)


def parametric_book(
    covariance: CovarianceInput, weights: Mapping[str, float], policy: RiskPolicy
) -> ParametricBook:
    """Return the book under the covariance, or under the named fallback if the covariance is unusable.

    The fallback needs only the variances, so it applies only where those are known and reliable: a matrix of
    numbers that is not positive semi-definite, or a factor form with a specific variance below zero.
    """
    if covariance.reason is None and covariance.form is not None:
        return _compute_book(covariance, nonzero_weights(weights))
    replaceable = policy.fallback is not None and covariance.reason in REPLACEABLE_REASONS
    undiversified = _undiversified(covariance, nonzero_weights(weights)) if replaceable else None
    if not undiversified:
        return ParametricBook(None, covariance.reason)
    return ParametricBook(undiversified, None, "correlation_one", policy.fallback, undiversified)


def _compute_book(covariance: CovarianceInput, weights: Mapping[str, float]) -> ParametricBook:
    form, undiversified = covariance.form, _undiversified(covariance, weights)
    if form is None or undiversified is None:
        return ParametricBook(None, NOT_PSD_REASON)
    vector = [weights.get(asset, 0.0) for asset in covariance.ids]
    product = form.product(vector)
    if product.variance > (1 + CORRELATION_MAX_EXCESS) * undiversified * undiversified:
        return ParametricBook(None, NOT_PSD_REASON)
    if not product.variance > RESOLVED_MIN_RATIO * undiversified * undiversified:
        return ParametricBook(None, ZERO_VARIANCE, undiversified=undiversified)
    sigma = measures.volatility(product.variance)
    if covariance.shrunk is not None:
        form, product = covariance.shrunk, covariance.shrunk.product(vector)
    contributions = _contributions(covariance, weights, form, product)
    return ParametricBook(sigma, None, covariance.origin, None, undiversified, contributions)


def _undiversified(covariance: CovarianceInput, weights: Mapping[str, float]) -> float | None:
    """Return `Σ|w_i|σ_i`, an upper bound of `σ_p`; None where a variance is missing or impossible."""
    if covariance.form is None or set(weights) - set(covariance.ids):
        return None
    known = dict(zip(covariance.ids, covariance.form.variances(), strict=True))
    variances = [known[asset] for asset in weights]
    if not all(isfinite(variance) and variance >= 0 for variance in variances):
        return None
    return concentration.undiversified(list(weights.values()), deviations_of(variances))


def _contributions(
    covariance: CovarianceInput,
    weights: Mapping[str, float],
    form: CovarianceForm,
    product: CovarianceProduct,
) -> Contributions:
    """Return the largest contributions under a form of the covariance, and the sum of the others."""
    sigma, matrix_product, variances = (
        measures.volatility(product.variance),
        product.matrix_product(),
        form.variances(),
    )
    place = {asset: index for index, asset in enumerate(covariance.ids)}
    chosen = [place[asset] for asset in weights]
    book, of_book = list(weights.values()), [matrix_product[index] for index in chosen]
    of_variances = [variances[index] for index in chosen]
    marginal = attribution.marginal_var(of_book, sigma, ATTRIBUTION_CONFIDENCE_BPS)
    component = attribution.component_var(book, marginal)
    removed = attribution.incremental_var(book, of_book, of_variances, ATTRIBUTION_CONFIDENCE_BPS)
    rescaled = attribution.incremental_var_rescaled(book, of_book, of_variances, ATTRIBUTION_CONFIDENCE_BPS)
    rows = list(zip(weights, book, marginal, component, removed, rescaled, strict=True))
    rows.sort(key=lambda row: (-abs(row[3]), row[0]))
    shown, omitted = rows[:ATTRIBUTION_MAX_ASSETS], rows[ATTRIBUTION_MAX_ASSETS:]
    return Contributions(
        confidence_bps=ATTRIBUTION_CONFIDENCE_BPS,
        covariance="ledoit_wolf" if covariance.shrunk is not None else covariance.origin,
        largest=[Contribution(**dict(zip(ROW, row, strict=True))) for row in shown],
        omitted_count=len(omitted),
        omitted_component=fsum(row[3] for row in omitted),
        volatility=sigma,
        value_at_risk=measures.parametric_var(sigma, ATTRIBUTION_CONFIDENCE_BPS),
    )


def covariance_estimate(covariance: CovarianceInput, book: ParametricBook) -> CovarianceEstimate | None:
    """Return how an estimated covariance was estimated; None for a given or missing one."""
    observations = covariance.declared.observations
    if covariance.shrunk is None or observations is None:
        return None
    return CovarianceEstimate(
        observations=observations,
        shrinkage=covariance.shrunk.shrinkage,
        shrinkage_target=SHRINKAGE_TARGET,
        volatility=book.sigma,
        attribution_volatility=None if book.contributions is None else book.contributions.volatility,
        unit=LOSS_UNIT,
    )
