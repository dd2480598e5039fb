"""Back-test one world's forecasts: compare each date's last forecast with the return that followed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice

from functions.evaluation.backtest.days import headline_method, pair_with_returns
from functions.evaluation.backtest.last_forecasts import last_forecast_of_each_date
from functions.evaluation.backtest.report import backtest_report
from functions.evaluation.ports import Forecasts
from functions.hub.ports import SnapshotStore, WorldStore
from risk_hub_contracts.api.queries import BacktestQuery
from risk_hub_contracts.base.limits import (
    BACKTEST_COUNT_PAGES_MAX_COUNT,
    BACKTEST_FORECASTS_MAX_COUNT,
    BACKTEST_KEY_READS_MAX_COUNT,
    BACKTEST_POSITIONS_MAX_COUNT,
)
from risk_hub_contracts.base.problems import (
    FORECAST_NOT_STORED,
    INVALID_QUERY,
    WORLD_UNKNOWN,
    ProblemError,
    Violation,
)
from risk_hub_contracts.reports.backtest import BacktestReport
from risk_hub_contracts.reports.forecast import Forecast

# A page of this many forecasts of the largest books fits in the reader's memory.
PAGE_FORECASTS = 100
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class StoredWeights:
    """The weights of forecasts: their own, or those of the snapshots that they refer to.

    A snapshot is read only where a world changes from returns of the portfolio to returns by asset.
    """

    snapshots: SnapshotStore
    reads: int = 0

    def __call__(self, forecast: Forecast) -> Mapping[str, float] | None:
        """Return the weights; None if the snapshot is no longer stored.

        Raises:
            ProblemError: `invalid-query` after too many reads.
        """
        if forecast.weights is not None:
            return forecast.weights
        self.reads += 1
        if self.reads > BACKTEST_KEY_READS_MAX_COUNT:
            raise _too_many()
        stored = self.snapshots.get(forecast.world_id, forecast.version)
        return None if stored is None else stored.document["weights"]


@dataclass(frozen=True, slots=True)
class BacktestRisk:
    """Test stored forecasts against the returns in later snapshots of the same world and stage."""

    forecasts: Forecasts
    worlds: WorldStore
    snapshots: SnapshotStore

    def __call__(self, world_id: str, query_parameters: BacktestQuery) -> BacktestReport:
        """Return the report on the requested period.

        Raises:
            ProblemError: `world-unknown`; `invalid-query` if the period holds too many forecasts to read;
                `forecast-not-stored` if it holds forecasts, but no last forecast of a date has this method
                and confidence.
        """
        found = self._newest_first(world_id, query_parameters)
        last = next(found, None)
        if last is None and not self.worlds.heads(world_id):
            raise ProblemError(
                WORLD_UNKNOWN, f"world {world_id!r} is unknown: it has no registration and no snapshot"
            )
        method, bps = query_parameters.method or headline_method(last), query_parameters.confidence_bps
        weights_of = StoredWeights(self.snapshots)
        sample = pair_with_returns(chain([last] if last else [], found), method, bps, weights_of)
        if sample.stored and (method, bps) not in sample.stored:
            raise _not_stored(method, bps, sample.stored)
        superseded = self._superseded(world_id, query_parameters, len(sample.hits))
        return backtest_report(world_id, query_parameters.stage, sample, superseded)

    def _superseded(self, world_id: str, query_parameters: BacktestQuery, tested_dates: int) -> int | None:
        """Return the number of forecasts that are not the last of their date; None if there are too many."""
        start, end = query_parameters.from_ or EARLIEST, query_parameters.to or LATEST
        count = self.forecasts.count(
            world_id, query_parameters.stage, start, end, max_pages=BACKTEST_COUNT_PAGES_MAX_COUNT
        )
        return None if count is None else max(count - tested_dates, 0)

    def _newest_first(self, world_id: str, query_parameters: BacktestQuery) -> Iterator[Forecast]:
        """Yield the last forecast of each UTC date of the period; hold one page of them at a time."""
        ids = self._last_ids(world_id, query_parameters)
        read, positions = 0, 0
        while page := list(islice(ids, PAGE_FORECASTS)):
            forecasts = self.forecasts.load(world_id, page)
            read += len(page)
            positions += sum(len(forecast.weights or {}) for forecast in forecasts)
            if read > BACKTEST_FORECASTS_MAX_COUNT or positions > BACKTEST_POSITIONS_MAX_COUNT:
                raise _too_many()
            yield from forecasts

    def _last_ids(self, world_id: str, query_parameters: BacktestQuery) -> Iterator[str]:
        start, end = query_parameters.from_ or EARLIEST, query_parameters.to or LATEST

        def newest_ids(until: datetime, limit: int) -> Sequence[str]:
            return self.forecasts.newest_ids(world_id, query_parameters.stage, start, until, limit=limit)

        for reads, ids in enumerate(last_forecast_of_each_date(newest_ids, end), start=1):
            if reads > BACKTEST_KEY_READS_MAX_COUNT:
                raise _too_many()
            yield from ids


def _not_stored(method: str, confidence_bps: int, stored: Iterable[tuple[str, int]]) -> ProblemError:
    """Return the problem that lists the stored methods and confidences.

    It points to `confidence_bps` if forecasts by the method are stored, else to `method`.
    """
    by_method: dict[str, list[str]] = {}
    for name, bps in sorted(stored):
        by_method.setdefault(name, []).append(str(bps))
    known = "; ".join(f"{name} at {', '.join(confidences)}" for name, confidences in by_method.items())
    pointer = "/confidence_bps" if method in by_method else "/method"
    message = (
        f"only the last forecast of each UTC date is tested, and none of the period has {method} at "
        f"{confidence_bps} basis points; stored in these forecasts: {known}"
    )
    return ProblemError(FORECAST_NOT_STORED, f"{pointer}: {message}", [Violation(pointer, message)])


def _too_many() -> ProblemError:
    limit = (
        f"the period has more than {BACKTEST_FORECASTS_MAX_COUNT} dates with forecasts, or more than "
        f"{BACKTEST_POSITIONS_MAX_COUNT} positions in the last forecasts of these dates, or needs more than "
        f"{BACKTEST_KEY_READS_MAX_COUNT} reads (one for each date with several forecasts, or with "
        "a book that is read from its snapshot); send a shorter period"
    )
    return ProblemError(INVALID_QUERY, f"/from: {limit}", [Violation("/from", limit)])
