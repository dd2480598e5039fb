"""Warnings of one evaluation, and the verdict that follows from them."""

from collections.abc import Iterator

from functions.evaluation.risk.inputs import CovarianceInput, ReturnsInput
from functions.evaluation.risk.plausibility import (
    age,
    calendar,
    estimate,
    gaps,
    levels,
    losses,
    outliers,
    repeats,
    returns,
    scale,
    volatility,
)
from functions.evaluation.risk.plausibility.facts import Facts, facts_of
from functions.measures.frequency import stated_periods_per_year
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.warning import RiskWarning
from risk_hub_contracts.snapshot.parse import Snapshot

RULES = (
    scale.scale_mismatch,
    scale.track_record_scale,
    estimate.covariance_near_zero,
    estimate.variance_zero,
    estimate.correlations_differ,
    estimate.assets_may_be_swapped,
    returns.returns_look_like_prices,
    returns.returns_look_like_percent,
    returns.returns_below_minus_one,
    levels.returns_look_like_levels,
    outliers.returns_have_outliers,
    losses.value_at_risk_exceeds_exposure,
    losses.value_at_risk_is_negative,
    returns.constant_prices,
    gaps.few_complete_cases,
    gaps.correlations_repaired,
)


def with_warnings(
    report: RiskReport, snapshot: Snapshot, covariance: CovarianceInput, given_returns: ReturnsInput
) -> RiskReport:
    """Return the report with its warnings; it is not sufficient if one of them makes its numbers meaningless.

    Args:
        report: the numbers, unsigned.
        snapshot: the book.
        covariance: the covariance as the producer gave it.
        given_returns: the returns as the producer gave them.
    """
    facts = facts_of(snapshot, covariance, given_returns, report)
    found = list(_warnings(facts, snapshot, given_returns))
    verdict = report.sufficiency
    if verdict is not None and any(each.makes_insufficient for each in found):
        verdict = verdict.model_copy(update={"sufficient": False})
    return report.model_copy(update={"warnings": found, "sufficiency": verdict})


def _warnings(facts: Facts, snapshot: Snapshot, given: ReturnsInput) -> Iterator[RiskWarning]:
    for rule in RULES:
        yield from rule(facts)
    yield from volatility.volatility_implausible(facts, snapshot.covariance_meta.periods_per_year)
    yield from repeats.returns_repeated(given, facts.weights)
    yield from gaps.losses_left_out(facts, given)
    per_year = stated_periods_per_year(snapshot.returns_meta, given.dates)
    yield from age.returns_stale(facts, facts.periods_per_year, snapshot.returns_meta.max_input_age_seconds)
    yield from age.age_unknown(facts)
    yield from age.track_record_unknown(facts)
    yield from age.track_record_stale(facts, snapshot.as_of)
    yield from age.covariance_age(facts, snapshot.as_of, snapshot.covariance_meta)
    yield from scale.periods_differ(snapshot.covariance_meta.periods_per_year, per_year)
    yield from calendar.frequency_contradicted(snapshot.returns_meta, given.dates)
    yield from calendar.gap_in_dates(None if given.given is None else given.given.dates)
    if facts.given:
        yield from estimate.few_observations(snapshot.covariance_meta)
        yield from estimate.estimated_after_as_of(snapshot.as_of, snapshot.covariance_meta)
