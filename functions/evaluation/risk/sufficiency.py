"""Sufficiency of the inputs: coverage, observations, age and margin, and any fallback that was used."""

from datetime import UTC, date, datetime, time, timedelta

from functions.evaluation.risk.inputs import CovarianceInput, ReturnsInput
from functions.evaluation.risk.parametric import ParametricBook
from risk_hub_contracts.base.times import parse_instant
from risk_hub_contracts.reports.missing import MissingObservations
from risk_hub_contracts.reports.risk import InputSufficiency, Sufficiency


def sufficiency(  # noqa: PLR0913  (the verdict is on everything that went in)
    as_of: datetime,
    covariance: CovarianceInput,
    returns: ReturnsInput,
    effective: CovarianceInput,
    book: ParametricBook,
    *,
    complete: bool,
    missing: MissingObservations | None = None,
) -> Sufficiency:
    """Return whether the inputs suffice for the numbers, and what each input lacks.

    Args:
        as_of: the snapshot's instant, against which age is measured.
        covariance: the covariance as the producer gave it.
        returns: the returns as the producer gave them.
        effective: the covariance that numbers were computed with.
        book: the parametric results of `effective`.
        complete: whether every measure has a value, from enough observations.
        missing: gaps of the returns; None without.
    """
    return Sufficiency(
        sufficient=complete,
        covariance=book.origin,
        fallback=book.fallback,
        psd_margin=None if effective.verdict is None else effective.verdict.margin,
        inputs=[_covariance_sufficiency(as_of, covariance), _returns_sufficiency(as_of, returns)],
        missing=missing,
    )


def _covariance_sufficiency(as_of: datetime, given: CovarianceInput) -> InputSufficiency:
    return InputSufficiency(
        kind="covariance",
        coverage=given.declared.coverage,
        observations=None,
        last_date=None,
        known_since=given.known_since,
        staleness_seconds=_age_in_use(as_of, given.known_since),
        reason=given.reason,
    )


def _returns_sufficiency(as_of: datetime, given: ReturnsInput) -> InputSufficiency:
    last = given.dates[-1] if given.dates else None
    age = _age_in_use(as_of, given.known_since) if last is None else _age_of_day(as_of, last)
    return InputSufficiency(
        kind="realized_returns",
        coverage=given.declared.coverage,
        observations=given.declared.observations,
        last_date=None if last is None else last.isoformat(),
        known_since=given.known_since,
        staleness_seconds=age,
        reason=given.reason,
    )


def _age_in_use(as_of: datetime, known_since: str | None) -> float | None:
    """Return the age since first use; None (unknown) if the first use came after `as_of`."""
    age = None if known_since is None else (as_of - parse_instant(known_since)).total_seconds()
    return None if age is None or age < 0 else age


def _age_of_day(as_of: datetime, last: date) -> float | None:
    """Return the age since the end of a UTC day, 0 during that day; None before it begins."""
    if last > as_of.astimezone(UTC).date():
        return None
    return max((as_of - datetime.combine(last, time(), UTC) - timedelta(days=1)).total_seconds(), 0.0)
