"""Rows of `RiskReport.tails`: value at risk and expected shortfall, by method and confidence."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from functions.evaluation.risk.inputs import CovarianceInput, ReturnsInput
from functions.evaluation.risk.parametric import ZERO_VARIANCE, ParametricBook
from functions.evaluation.risk.windows import TOO_FEW_OBSERVATIONS
from functions.measures import historical, measures
from risk_hub_contracts.base.confidence import (
    TAIL_MIN_OBSERVATIONS,
    interpolated_tail_observations,
    required_observations,
)
from risk_hub_contracts.reports.tail import HEADLINE_METHOD, LOSS_UNIT, TailMeasure

TOO_FEW_TAIL_OBSERVATIONS = "too_few_tail_observations"
# Members of a row that are zero for a book that cannot lose.
ZERO_WITHOUT_RISK = (
    "value_at_risk",
    "expected_shortfall",
    "value_at_risk_standard_error",
    "expected_shortfall_standard_error",
)


@dataclass(frozen=True, slots=True)
class HistoricalMethod:
    """One definition of the historical value at risk; each function takes returns and a confidence."""

    name: str
    value_at_risk: Callable[[Sequence[float], int], float]
    standard_error: Callable[[Sequence[float], int], float | None]
    tail_observations: Callable[[int, int], int]


HISTORICAL_METHODS = (
    HistoricalMethod(
        HEADLINE_METHOD,
        historical.historical_upper,
        historical.historical_upper_standard_error,
        historical.upper_tail_observations,
    ),
    HistoricalMethod(
        "historical",
        historical.historical_var,
        historical.historical_var_standard_error,
        interpolated_tail_observations,
    ),
)


def tail_measures(
    returns: ReturnsInput,
    covariance: CovarianceInput,
    book: ParametricBook,
    confidences_bps: Sequence[int],
) -> list[TailMeasure]:
    """Return one row per method and confidence: the headline method first, the highest confidence first.

    Args:
        returns: the realised returns, and the book's own series.
        covariance: the covariance that numbers are computed with.
        book: the parametric results under it.
        confidences_bps: distinct confidences in basis points, in any order.
    """
    falling = sorted(confidences_bps, reverse=True)
    historical_row = _historical_zero if book.riskless else _historical
    rows = [historical_row(method, returns, bps) for method in HISTORICAL_METHODS for bps in falling]
    return [*rows, *_parametric(covariance, book, falling)]


def tail_sample(returns: ReturnsInput, confidence_bps: int) -> tuple[list[float] | None, str | None]:
    """Return the returns that suffice for an empirical tail, or the reason why they do not."""
    book = returns.book
    if book is None:
        return None, returns.reason
    if len(book.values) < required_observations(confidence_bps):
        return None, TOO_FEW_OBSERVATIONS
    return (None, ZERO_VARIANCE) if book.is_constant else (book.values, None)


def _described(method: HistoricalMethod, returns: ReturnsInput, confidence_bps: int) -> dict[str, Any]:
    own_series = returns.decoded is not None and not returns.decoded.ids
    return {
        "method": method.name,
        "confidence_bps": confidence_bps,
        "basis": "track_record" if own_series else "pro_forma",
        "observations": returns.declared.observations if returns.book is None else len(returns.book.values),
    }


def _historical_zero(method: HistoricalMethod, returns: ReturnsInput, confidence_bps: int) -> TailMeasure:
    """Return the row of a book that cannot lose: every history of it has the same tail."""
    zero = dict.fromkeys(ZERO_WITHOUT_RISK, 0.0)
    return _row(**_described(method, returns, confidence_bps), **zero, sufficient=True, reason=None)


def _historical(method: HistoricalMethod, returns: ReturnsInput, confidence_bps: int) -> TailMeasure:
    values, reason = tail_sample(returns, confidence_bps)
    described = _described(method, returns, confidence_bps)
    if values is None:
        return _row(**described, reason=reason)
    in_tail = method.tail_observations(len(values), confidence_bps)
    enough = in_tail >= TAIL_MIN_OBSERVATIONS
    return _row(
        **described,
        value_at_risk=method.value_at_risk(values, confidence_bps),
        expected_shortfall=historical.historical_es(values, confidence_bps),
        value_at_risk_standard_error=method.standard_error(values, confidence_bps),
        expected_shortfall_standard_error=historical.historical_es_standard_error(values, confidence_bps),
        tail_observations=in_tail,
        sufficient=enough,
        reason=None if enough else TOO_FEW_TAIL_OBSERVATIONS,
    )


def _parametric(
    covariance: CovarianceInput, book: ParametricBook, confidences_bps: Sequence[int]
) -> Iterator[TailMeasure]:
    """Yield the parametric rows; a number of a fallback is not sufficient, for the covariance's own reason."""
    sigma, fell_back = book.sigma, book.fallback is not None
    for bps in confidences_bps:
        yield _row(
            method="parametric_normal",
            confidence_bps=bps,
            basis="covariance",
            observations=covariance.declared.observations,
            value_at_risk=None if sigma is None else measures.parametric_var(sigma, bps),
            expected_shortfall=None if sigma is None else measures.parametric_es(sigma, bps),
            sufficient=sigma is not None and not fell_back,
            reason=covariance.reason if fell_back else book.reason,
        )


def _row(**members: Any) -> TailMeasure:  # noqa: ANN401 - the model checks them
    """Return a row; numbers that are not given are null, and not sufficient."""
    numbers = (*ZERO_WITHOUT_RISK, "tail_observations")
    return TailMeasure(**{**dict.fromkeys(numbers), "sufficient": False, "unit": LOSS_UNIT, **members})
