"""Returns with missing observations: the covariance under the chosen rule, and the coverage of each asset."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import isnan
from typing import cast

from functions.evaluation.risk.inputs import (
    CovarianceInput,
    PairwiseSummary,
    ReturnsInput,
    estimate_covariance,
)
from functions.measures.covariance.choose_form import choose_form
from functions.measures.covariance.sample import ESTIMATE_MIN_OBSERVATIONS
from functions.measures.exact import Vector
from functions.measures.returns_table import series_coverage
from risk_hub_contracts.base.limits import RETURN_MAX_ABS
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.types import Covariance
from risk_hub_contracts.blob.write import encode_covariance
from risk_hub_contracts.reports.missing import AssetCoverage, MissingObservations
from risk_hub_contracts.reports.risk import RiskInput
from risk_hub_contracts.snapshot.parse import Snapshot

AVAILABLE_CASE = "available_case"
PAIRWISE_MAX_ASSETS = 500
"""Greatest number of assets of an `available_case` covariance: the time of its repair grows with the cube."""
COVERAGE_MAX_ASSETS = 20
"""Greatest number of assets with gaps that a report lists."""
# Values of `ReturnsInput.reason` with which the common periods of each pair may still suffice.
TOO_FEW = frozenset({None, "too_few_observations"})


def estimate(returns: ReturnsInput, weights: Mapping[str, float], rule: str) -> CovarianceInput | None:
    """Return the covariance of the held assets' returns under the rule; None if the returns are insufficient.

    Args:
        returns: the realised returns, as for `estimate_covariance`.
        weights: weights of the held assets, by id.
        rule: the rule for missing observations.
    """
    series = _series_with_gaps(returns, weights)
    if rule != AVAILABLE_CASE or not any(any(map(isnan, row)) for row in series.values()):
        return estimate_covariance(returns, weights)
    return _pairwise(returns, series) if _is_usable(returns, weights, series) else None


def missing_observations(
    snapshot: Snapshot, returns: ReturnsInput, effective: CovarianceInput, weights: Mapping[str, float]
) -> MissingObservations | None:
    """Return the gaps of the held assets' returns; None without gaps.

    Args:
        snapshot: the book, with its rule for gaps.
        returns: all periods, and the complete ones.
        effective: the covariance that numbers are computed with.
        weights: weights of the held assets, by id.
    """
    if returns.given is None or returns.decoded is None or not returns.given.has_missing:
        return None
    used = _series_by_asset(returns, weights)
    found = [_coverage(asset, row, returns.given.dates) for asset, row in used.items()]
    incomplete = sorted((each for each in found if each.missing), key=lambda each: (-each.missing, each.id))
    if not incomplete:
        return None
    periods = max(map(len, used.values()))
    complete = min((len(row) for row in returns.decoded.of_assets(weights)), default=0)
    pairwise = effective.pairwise
    return MissingObservations(
        rule=snapshot.risk.missing,
        periods=periods,
        complete_periods=complete,
        dropped_periods=periods - complete,
        pair_observations_min=None if pairwise is None else pairwise.observations_min,
        correlation_max_change=None if pairwise is None else pairwise.correlation_max_change,
        assets_incomplete=len(incomplete),
        assets=incomplete[:COVERAGE_MAX_ASSETS],
    )


def _series_with_gaps(returns: ReturnsInput, weights: Mapping[str, float]) -> dict[str, Vector]:
    """Return the held assets' series with their gaps; empty for a bare series or without declared gaps."""
    if returns.given is None or not returns.given.has_missing or not returns.given.ids:
        return {}
    return _series_by_asset(returns, weights)


def _series_by_asset(returns: ReturnsInput, weights: Mapping[str, float]) -> dict[str, Vector]:
    """Return the series by held asset; a bare series is named `realized_returns`."""
    if returns.given is None:
        return {}
    if not returns.given.ids:
        return {"realized_returns": returns.given.rows[0]}
    known = dict(zip(returns.given.ids, returns.given.rows, strict=True))
    return {asset: known[asset] for asset in weights if asset in known}


def _is_usable(returns: ReturnsInput, weights: Mapping[str, float], series: Mapping[str, Vector]) -> bool:
    """Return whether a covariance can be estimated from the common periods of each pair."""
    in_range = all(isnan(value) or abs(value) <= RETURN_MAX_ABS for row in series.values() for value in row)
    return (
        returns.reason in TOO_FEW
        and len(series) == len(weights) <= PAIRWISE_MAX_ASSETS
        and len(set(map(len, series.values()))) == 1
        and in_range
    )


def _pairwise(returns: ReturnsInput, series: Mapping[str, Vector]) -> CovarianceInput | None:
    from functions.measures.covariance.pairwise import (  # noqa: PLC0415 - numpy, only for this rule
        pair_observations_min,
        pairwise_covariance,
    )

    rows = list(series.values())
    if pair_observations_min(rows) < ESTIMATE_MIN_OBSERVATIONS:
        return None
    found = pairwise_covariance(rows)
    matrix, change = _repaired(encode_covariance(list(series), found.upper))
    form = choose_form(matrix)
    verdict = form.verdict()
    declared = RiskInput(
        kind="covariance",
        source="absent",
        sha256=None,
        coverage=returns.declared.coverage,
        observations=found.pair_observations_min,
    )
    summary = PairwiseSummary(found.pair_observations_min, change)
    return CovarianceInput(declared, matrix.ids, form, verdict, verdict.reason, "sample", pairwise=summary)


def _repaired(data: bytes) -> tuple[Covariance, float]:
    """Return the covariance, clipped if it is not positive semi-definite, and the greatest change."""
    from functions.measures.covariance.repair import repair_covariance  # noqa: PLC0415 - numpy, as above

    matrix = cast("Covariance", decode(data))
    if choose_form(matrix).verdict().reason is None:
        return matrix, 0.0
    repaired = repair_covariance(matrix, "clip")
    return (matrix, 0.0) if repaired is None else (repaired.covariance, repaired.largest_change)


def _coverage(asset: str, row: Vector, dates: Sequence[date] | None) -> AssetCoverage:
    found = series_coverage(row, dates)
    return AssetCoverage(
        id=asset,
        observations=found.observations,
        missing=found.missing,
        first_date=None if found.first is None else found.first.isoformat(),
        last_date=None if found.last is None else found.last.isoformat(),
    )
