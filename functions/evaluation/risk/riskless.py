"""Books that cannot lose: only cash, or only assets whose variance is zero."""

from collections.abc import Mapping

from functions.evaluation.risk.inputs import CovarianceInput, ReturnsInput, nonzero_weights
from functions.evaluation.risk.windows import DEVIATION_MIN_OBSERVATIONS
from functions.measures.performance import CONSTANT_MAX_RATIO, is_constant
from functions.measures.returns import series_by_id


def is_riskless(covariance: CovarianceInput, returns: ReturnsInput, weights: Mapping[str, float]) -> bool:
    """Return whether the book's risk is zero by its inputs, not by the cancellation of a hedge.

    A book without positions is riskless. Otherwise every held asset must have variance zero under the covariance,
    and the realised returns of the book, if there are any, must be constant and not negative.

    Args:
        covariance: the covariance that numbers are computed with.
        returns: the realised returns.
        weights: the book.
    """
    held = nonzero_weights(weights)
    return not held or (_has_no_variance(covariance, held) and _never_loses(returns, held))


def _has_no_variance(covariance: CovarianceInput, held: Mapping[str, float]) -> bool:
    if covariance.reason is not None or covariance.form is None:
        return False
    known = dict(zip(covariance.ids, covariance.form.variances(), strict=True))
    return not any(known[asset] for asset in held)


def _never_loses(returns: ReturnsInput, held: Mapping[str, float]) -> bool:
    book = returns.book
    if book is None or returns.decoded is None:
        return True
    if len(book.values) < DEVIATION_MIN_OBSERVATIONS:
        return False
    series = series_by_id(returns.decoded)
    constant = all(is_constant(series[asset]) for asset in held) if series else book.is_constant
    return constant and min(book.values) >= -CONSTANT_MAX_RATIO * book.scale
