"""Joint returns of a snapshot: the book's series and the series of each strategy, or the reason of their absence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date
from types import MappingProxyType
from typing import Final

from functions.hub.ports import BlobError, BlobStore
from functions.measures.exact import Vector, fast_dot
from functions.measures.frequency import stated_periods_per_year
from functions.measures.returns_table import ReturnsTable, complete_cases, returns_table, unusable_reason
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.types import BlobFormatError, RealizedReturns
from risk_hub_contracts.snapshot.parse import Component, Snapshot

NO_SERIES: Final[Mapping[str, Vector]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PortfolioReturns:
    """The returns of a snapshot; a strategy is the asset of the same id.

    Attributes:
        weights: weights other than zero, by id.
        given: (T,) each, all periods, by id; NaN is a missing observation.
        complete: as `given`, the periods without a missing observation of a held asset.
        book: (T,) the book's returns over the complete periods; None if they cannot be computed.
        reason: why `book` is None.
        periods_per_year: number of returns per year; None if unknown.
    """

    weights: Mapping[str, float]
    given: Mapping[str, Vector] = NO_SERIES
    complete: Mapping[str, Vector] = NO_SERIES
    book: Vector | None = None
    reason: str | None = None
    periods_per_year: float | None = None


def portfolio_returns(snapshot: Snapshot, blobs: BlobStore) -> PortfolioReturns:
    """Return the returns of a snapshot, verified against its digest (INV-06).

    Raises:
        DependencyUnavailableError: the blob store did not answer.
    """
    weights = {asset: weight for asset, weight in sorted(snapshot.weights.items()) if weight}
    decoded, reason = _decoded(snapshot.component("realized_returns"), blobs)
    if decoded is None:
        return PortfolioReturns(weights, reason=reason)
    given, unusable = returns_table(decoded)
    if not given.ids:
        return PortfolioReturns(weights, reason="returns_of_portfolio_only")
    if unusable is None and _ends_after(given, snapshot.as_of.astimezone(UTC).date()):
        unusable = "returns_after_as_of"
    complete = complete_cases(given, weights)
    book, reason = (None, unusable) if unusable else _book(complete, weights)
    return PortfolioReturns(
        weights,
        NO_SERIES if unusable else _by_id(given),
        _by_id(complete),
        book,
        reason,
        stated_periods_per_year(snapshot.returns_meta, given.dates),
    )


def _decoded(component: Component | None, blobs: BlobStore) -> tuple[RealizedReturns | None, str | None]:
    """Return the content of the component, or the reason why it cannot be read."""
    if component is None:
        return None, "realized_returns_absent"
    try:
        data = component.inline_blob() if component.ref is None else blobs.load(component.ref)
        decoded = decode(data)
    except BlobError:
        return None, "blob_unavailable"
    except BlobFormatError:
        return None, "blob_malformed"
    return (decoded, None) if isinstance(decoded, RealizedReturns) else (None, "blob_malformed")


def _ends_after(table: ReturnsTable, day: date) -> bool:
    return bool(table.dates) and table.dates is not None and table.dates[-1] > day


def _book(table: ReturnsTable, weights: Mapping[str, float]) -> tuple[list[float] | None, str | None]:
    """Return `Σ w_i r_i,t` (T,) of the held assets, or the reason why there is no such series."""
    series = _by_id(table)
    if not weights:
        return None, "portfolio_without_positions"
    if set(weights) - set(series):
        return None, "returns_do_not_cover_weights"
    used = [series[asset] for asset in weights]
    reason = unusable_reason(used)
    if reason is not None:
        return None, reason
    held = list(weights.values())
    return [fast_dot(held, period) for period in zip(*used, strict=True)], None


def _by_id(table: ReturnsTable) -> dict[str, Vector]:
    return dict(zip(table.ids, table.rows, strict=True))
