"""Back-test what was forecast for one world: read its forecasts in time order, judge each by the return that followed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

from functions.hub.domain.backtest_days import judge
from functions.hub.domain.backtest_report import backtest_report
from functions.hub.domain.forecast_key import forecast_id
from functions.hub.ports import Forecasts, WorldStore
from risk_hub_contracts.backtest import BacktestReport
from risk_hub_contracts.forecast import Forecast
from risk_hub_contracts.limits import BACKTEST_FORECASTS_MAX_COUNT, BACKTEST_POSITIONS_MAX_COUNT
from risk_hub_contracts.problems import INVALID_QUERY, WORLD_UNKNOWN, ProblemError, Violation
from risk_hub_contracts.queries import BacktestQuery

# Of the largest books, a page of this many still fits in the reader's memory.
PAGE_FORECASTS = 100
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class BacktestRisk:
    """Tests stored forecasts against the returns that later snapshots of the same world and stage brought."""

    forecasts: Forecasts
    worlds: WorldStore

    def __call__(self, world_id: str, asked: BacktestQuery) -> BacktestReport:
        """Return the report on the period asked for.

        Raises:
            ProblemError: `world-unknown`, or `invalid-query` where the period holds too many forecasts to read.
        """
        found = self._in_time_order(world_id, asked)
        first = next(found, None)
        if first is None and not self.worlds.heads(world_id):
            raise ProblemError(
                WORLD_UNKNOWN, f"world {world_id!r} is unknown: nobody registered it or published to it"
            )
        judged = judge(chain([first] if first else [], found), asked.method, asked.confidence_bps)
        return backtest_report(world_id, asked.stage, asked.method, asked.confidence_bps, judged)

    def _in_time_order(self, world_id: str, asked: BacktestQuery) -> Iterator[Forecast]:
        """Yield the forecasts of the period page by page, so that one page is held at a time."""
        start, end = asked.from_ or EARLIEST, asked.to or LATEST
        read, positions, after = 0, 0, None
        while True:
            page = self.forecasts.select(world_id, asked.stage, start, end, limit=PAGE_FORECASTS, after=after)
            read += len(page)
            positions += sum(len(forecast.weights) for forecast in page)
            if read > BACKTEST_FORECASTS_MAX_COUNT or positions > BACKTEST_POSITIONS_MAX_COUNT:
                raise _too_many()
            yield from page
            if len(page) < PAGE_FORECASTS:
                return
            after = forecast_id(page[-1])


def _too_many() -> ProblemError:
    limit = (
        f"the period holds more than {BACKTEST_FORECASTS_MAX_COUNT} forecasts, or {BACKTEST_POSITIONS_MAX_COUNT} "
        "positions in them; ask for a shorter one"
    )
    return ProblemError(INVALID_QUERY, f"/from: {limit}", [Violation("/from", limit)])
