"""Risk report on one snapshot: every measure with method, sample and coverage, or null with the reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.evaluation.risk.inputs import CovarianceInput, ReturnsInput, nonzero_weights
from functions.evaluation.risk.missing import missing_observations
from functions.evaluation.risk.parameters import CONFIDENCES_BPS, HORIZON_PERIODS
from functions.evaluation.risk.parametric import (
    ParametricBook,
    covariance_estimate,
    parametric_book,
    riskless_book,
)
from functions.evaluation.risk.plausibility.warn import with_warnings
from functions.evaluation.risk.policy import RiskPolicy
from functions.evaluation.risk.receipt import ENGINE_VERSION, with_receipt
from functions.evaluation.risk.riskless import is_riskless
from functions.evaluation.risk.sufficiency import sufficiency
from functions.evaluation.risk.tails import tail_measures, tail_sample
from functions.evaluation.risk.track_record import returns_windows, track_record
from functions.measures import concentration, measures
from functions.measures.historical import historical_es, historical_var
from risk_hub_contracts.base.confidence import TAIL_MIN_OBSERVATIONS, interpolated_tail_observations
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.reports.risk import Concentration, RiskInput, RiskMeasure, RiskReport, RiskStatus
from risk_hub_contracts.reports.units import units_of
from risk_hub_contracts.snapshot.parse import Snapshot

LEGACY_CONFIDENCE_BPS = 9900
# Invalid inputs, as opposed to missing or insufficient ones.
INVALID_REASONS = frozenset(
    {
        "covariance_not_psd",
        "covariance_not_finite",
        "covariance_out_of_range",
        "specific_variance_negative",
        "returns_not_finite",
        "returns_out_of_range",
        "returns_after_as_of",
        "dates_malformed",
        "dates_repeated",
        "blob_malformed",
        "blob_unavailable",
    }
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """All inputs of a snapshot; `estimate` replaces an absent covariance if the returns suffice for one."""

    covariance: CovarianceInput
    returns: ReturnsInput
    estimate: CovarianceInput | None = None

    @property
    def effective(self) -> CovarianceInput:
        """Return the covariance that numbers are computed with."""
        return self.estimate or self.covariance


def risk_report(snapshot: Snapshot, inputs: Inputs, policy: RiskPolicy, evaluated_at: datetime) -> RiskReport:
    """Return the report for a snapshot; the same arguments give the same `result_hash`.

    Args:
        snapshot: the book.
        inputs: its covariance and its returns, or the reasons for their absence.
        policy: the deployment's choices.
        evaluated_at: the hub's clock.
    """
    book = _book(snapshot, inputs, policy)
    computed = [
        *_parametric(inputs.effective.declared, book, policy),
        *_historical(inputs.returns, riskless=book.riskless),
    ]
    tails = tail_measures(inputs.returns, inputs.effective, book, snapshot.risk.confidences_bps)
    values = [*(each.value for each in computed), *(each.value_at_risk for each in tails)]
    status = _status([inputs.covariance.reason, inputs.returns.reason, book.reason], values)
    report = RiskReport(
        world_id=snapshot.world_id,
        version=snapshot.version,
        content_hash=snapshot.content_hash,
        as_of=format_instant(snapshot.as_of),
        stage=snapshot.stage,
        actor=snapshot.actor,
        engine_version=ENGINE_VERSION,
        evaluated_at=format_instant(evaluated_at),
        status=status,
        inputs=[inputs.covariance.declared, inputs.returns.declared],
        measures=computed,
        sufficiency=sufficiency(
            snapshot.as_of,
            inputs.covariance,
            inputs.returns,
            inputs.effective,
            book,
            complete=status == "complete"
            and all(each.sufficient for each in tails)
            and (book.riskless or _tails_are_observed(inputs.returns)),
            missing=missing_observations(
                snapshot, inputs.returns, inputs.effective, nonzero_weights(snapshot.weights)
            ),
        ),
        concentration=_concentration(snapshot, book),
        windows=returns_windows(snapshot, inputs.returns),
        contributions=book.contributions,
        tails=tails,
        covariance_estimate=covariance_estimate(inputs.effective, book),
        track_record=track_record(snapshot),
        repair=inputs.covariance.repair,
        units=units_of(RiskReport),
        riskless=book.riskless,
        weights_basis=snapshot.portfolio.weights_basis,
    )
    return with_receipt(with_warnings(report, snapshot, inputs.covariance, inputs.returns), policy)


def _book(snapshot: Snapshot, inputs: Inputs, policy: RiskPolicy) -> ParametricBook:
    """Return the parametric results; zero for a book that cannot lose."""
    covariance = inputs.effective
    if is_riskless(covariance, inputs.returns, snapshot.weights):
        return riskless_book(None if covariance.form is None else covariance.origin)
    return parametric_book(covariance, snapshot.weights, policy)


def _parametric(declared: RiskInput, book: ParametricBook, policy: RiskPolicy) -> Iterator[RiskMeasure]:
    sigma = book.sigma

    def row(measure: str, method: str, bps: int | None, value: float | None) -> RiskMeasure:
        return _measure(
            declared,
            measure=measure,
            method=method,
            confidence_bps=bps,
            value=value,
            reason=book.reason,
            covariance=book.origin,
        )

    yield row("volatility", "parametric_normal", None, sigma)
    for bps in CONFIDENCES_BPS:
        var = None if sigma is None else measures.parametric_var(sigma, bps)
        es = None if sigma is None else measures.parametric_es(sigma, bps)
        yield row("value_at_risk", "parametric_normal", bps, var)
        yield row("expected_shortfall", "parametric_normal", bps, es)
    if policy.legacy_method:
        var = None if sigma is None else measures.legacy_var(sigma)
        es = None if sigma is None else measures.legacy_es(sigma)
        yield row("value_at_risk", "legacy_v1", LEGACY_CONFIDENCE_BPS, var)
        yield row("expected_shortfall", "legacy_v1", LEGACY_CONFIDENCE_BPS, es)


def _historical(returns: ReturnsInput, *, riskless: bool) -> Iterator[RiskMeasure]:
    for bps in CONFIDENCES_BPS:
        values, reason = (None, None) if riskless else tail_sample(returns, bps)
        for measure, compute in (("value_at_risk", historical_var), ("expected_shortfall", historical_es)):
            value = (0.0 if riskless else None) if values is None else compute(values, bps)
            yield _measure(
                returns.declared,
                measure=measure,
                method="historical",
                confidence_bps=bps,
                value=value,
                reason=reason,
            )


def _tails_are_observed(returns: ReturnsInput) -> bool:
    """Return whether the historical numbers of `measures` come from enough losses, as those of `tails` must."""
    observations = 0 if returns.book is None else len(returns.book.values)
    return all(
        interpolated_tail_observations(observations, bps) >= TAIL_MIN_OBSERVATIONS for bps in CONFIDENCES_BPS
    )


def _measure(source: RiskInput, **fields: Any) -> RiskMeasure:  # noqa: ANN401 - the model checks them
    return RiskMeasure(
        horizon_periods=HORIZON_PERIODS,
        observations=source.observations,
        coverage=source.coverage,
        **fields,
    )


def _concentration(snapshot: Snapshot, book: ParametricBook) -> Concentration | None:
    """Return the concentration of the book; None for a book without positions."""
    weights = list(nonzero_weights(snapshot.weights).values())
    if not weights:
        return None
    ratio = None
    if book.sigma and book.undiversified is not None and book.fallback is None:
        ratio = concentration.diversification_ratio(book.undiversified, book.sigma)
    return Concentration(
        herfindahl=concentration.herfindahl(weights),
        effective_number=concentration.effective_number(weights),
        gross_exposure=concentration.gross_exposure(weights),
        net_exposure=concentration.net_exposure(weights),
        diversification_ratio=ratio,
    )


def _status(reasons: Sequence[str | None], values: Sequence[float | None]) -> RiskStatus:
    if INVALID_REASONS.intersection(filter(None, reasons)):
        return "invalid_input"
    if None not in values:
        return "complete"
    return "partial" if any(value is not None for value in values) else "insufficient"
