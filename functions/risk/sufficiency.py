"""On what the numbers stand: coverage, observations, age and margin of the inputs, and any policy that stood in."""

from datetime import UTC, datetime, time, timedelta

from functions.risk.inputs import CovarianceInput, ReturnsInput
from functions.risk.parametric import ParametricBook
from risk_hub_contracts.risk import InputSufficiency, Sufficiency
from risk_hub_contracts.times import parse_instant


def sufficiency(  # noqa: PLR0913  (the verdict is on everything that went in)
    as_of: datetime,
    covariance: CovarianceInput,
    returns: ReturnsInput,
    effective: CovarianceInput,
    book: ParametricBook,
    *,
    complete: bool,
) -> Sufficiency:
    """Return the verdict.

    Args:
        as_of: the snapshot's instant, against which age is measured.
        covariance: as the producer gave it.
        returns: as the producer gave them.
        effective: the covariance that numbers were computed with.
        book: what came of it.
        complete: whether every measure has a value.
    """
    return Sufficiency(
        sufficient=complete,
        covariance=book.origin,
        fallback=book.fallback,
        psd_margin=None if effective.verdict is None else effective.verdict.margin,
        inputs=[_of_covariance(as_of, covariance), _of_returns(as_of, returns)],
    )


def _of_covariance(as_of: datetime, given: CovarianceInput) -> InputSufficiency:
    return InputSufficiency(
        kind="covariance",
        coverage=given.declared.coverage,
        observations=None,
        last_date=None,
        known_since=given.known_since,
        staleness_seconds=_age(
            as_of, None if given.known_since is None else parse_instant(given.known_since)
        ),
        reason=given.reason,
    )


def _of_returns(as_of: datetime, given: ReturnsInput) -> InputSufficiency:
    dates = None if given.book is None else given.book.dates
    since = None if given.known_since is None else parse_instant(given.known_since)
    if dates is not None:
        since = datetime.combine(dates[-1], time(), UTC) + timedelta(days=1)
    return InputSufficiency(
        kind="realized_returns",
        coverage=given.declared.coverage,
        observations=given.declared.observations,
        last_date=None if dates is None else dates[-1].isoformat(),
        known_since=given.known_since,
        staleness_seconds=_age(as_of, since),
        reason=given.reason,
    )


def _age(as_of: datetime, since: datetime | None) -> float | None:
    return None if since is None else max((as_of - since).total_seconds(), 0.0)
