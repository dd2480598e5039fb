"""The report on one snapshot: every measure with its method, its sample and its coverage, or null with the reason."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

import numpy as np

from functions.risk import measures
from functions.risk.inputs import Input
from functions.risk.measures import Array
from risk_hub_contracts.risk import RiskMeasure, RiskReport
from risk_hub_contracts.snapshot import Snapshot
from risk_hub_contracts.times import format_instant

ENGINE_VERSION = "1.0.0"
CONFIDENCES_BPS = (9500, 9900)
HORIZON_PERIODS = 1
# Inputs that are there but wrong, as opposed to inputs that are missing or too few.
INVALID_REASONS = frozenset(
    {
        "covariance_not_psd",
        "covariance_not_finite",
        "returns_not_finite",
        "blob_malformed",
        "blob_unavailable",
    }
)
Measure = Literal["value_at_risk", "expected_shortfall", "volatility"]
Method = Literal["parametric_normal", "historical"]


def risk_report(snapshot: Snapshot, inputs: tuple[Input, Input], evaluated_at: datetime) -> RiskReport:
    """Return the report for a snapshot.

    Args:
        snapshot: the book.
        inputs: its covariance (n, n) and its portfolio returns (T,), or why they are not there.
        evaluated_at: the hub's clock.
    """
    covariance, returns = inputs
    computed = [*_parametric(snapshot, covariance), *_historical(returns)]
    return RiskReport(
        world_id=snapshot.world_id,
        version=snapshot.version,
        content_hash=snapshot.content_hash,
        as_of=format_instant(snapshot.as_of),
        stage=snapshot.stage,
        actor=snapshot.actor,
        engine_version=ENGINE_VERSION,
        evaluated_at=format_instant(evaluated_at),
        status=_status(inputs, computed),
        inputs=[covariance.declared, returns.declared],
        measures=computed,
    )


def _parametric(snapshot: Snapshot, covariance: Input) -> Iterator[RiskMeasure]:
    sigma = None if covariance.values is None else measures.volatility(_weights(snapshot), covariance.values)
    yield _measure("volatility", "parametric_normal", None, sigma, covariance)
    for bps in CONFIDENCES_BPS:
        var = None if sigma is None else measures.parametric_var(sigma, bps)
        es = None if sigma is None else measures.parametric_es(sigma, bps)
        yield _measure("value_at_risk", "parametric_normal", bps, var, covariance)
        yield _measure("expected_shortfall", "parametric_normal", bps, es, covariance)


def _historical(returns: Input) -> Iterator[RiskMeasure]:
    for bps in CONFIDENCES_BPS:
        book, reason = returns.values, returns.reason
        if book is not None and len(book) < measures.required_observations(bps):
            book, reason = None, "too_few_observations"
        var = None if book is None else measures.historical_var(book, bps)
        es = None if book is None else measures.historical_es(book, bps)
        yield _measure("value_at_risk", "historical", bps, var, returns, reason)
        yield _measure("expected_shortfall", "historical", bps, es, returns, reason)


def _measure(  # noqa: PLR0913, PLR0917  (a measure is named by what it is, how it was made, and from what)
    measure: Measure,
    method: Method,
    confidence_bps: int | None,
    value: float | None,
    source: Input,
    reason: str | None = None,
) -> RiskMeasure:
    return RiskMeasure(
        measure=measure,
        method=method,
        confidence_bps=confidence_bps,
        horizon_periods=HORIZON_PERIODS,
        value=value,
        observations=source.declared.observations,
        coverage=source.declared.coverage,
        reason=reason or source.reason,
    )


def _status(
    inputs: Sequence[Input], computed: Sequence[RiskMeasure]
) -> Literal["complete", "partial", "insufficient", "invalid_input"]:
    if any(given.reason in INVALID_REASONS for given in inputs):
        return "invalid_input"
    values = [measure.value for measure in computed]
    if None not in values:
        return "complete"
    return "partial" if any(value is not None for value in values) else "insufficient"


def _weights(snapshot: Snapshot) -> Array:
    return np.fromiter(snapshot.weights.values(), dtype=np.float64)
