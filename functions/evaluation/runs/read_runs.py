"""Read runs: the current record of one, its history, and lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.evaluation.runs.ports import RunStore
from functions.evaluation.runs.read_chain import load_run
from functions.evaluation.runs.run_head import RUN_ORDER, RunHead
from functions.evaluation.runs.run_query import RunQuery
from functions.hub.domain.cursor import decode_cursor, encode_cursor
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.runs.chain import StoredItem
from risk_hub_contracts.runs.evaluation_run import EvaluationRun
from risk_hub_contracts.runs.run_key import RunKey


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Filter of a list of runs, as a caller sends it; the cursor of a page is bound to it."""

    world_id: str
    strategy_id: str | None = None
    stage: str | None = None
    status: str | None = None
    since: datetime | None = None
    newest_first: bool = True

    def bound(self) -> dict[str, str | None]:
        """Return the query that a cursor is bound to."""
        return {
            "runs": self.world_id,
            "strategy_id": self.strategy_id,
            "stage": self.stage,
            "status": self.status,
            "since": None if self.since is None else format_instant(self.since),
            "order": "desc" if self.newest_first else "asc",
        }


@dataclass(frozen=True, slots=True)
class FoundRuns:
    """A page of list entries, and the cursor of the next one if there may be one."""

    heads: Sequence[RunHead]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class FoundItems:
    """A page of a run's history, and the sequence to continue after if there are more items."""

    items: Sequence[StoredItem]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class ReadRuns:
    """Read runs, each page with one query."""

    store: RunStore

    def run(self, key: RunKey) -> EvaluationRun:
        """Return the current record of a run, folded from its verified chain.

        Raises:
            RunNotFoundError: the run does not exist.
            BrokenChainError: the stored chain is broken.
        """
        return load_run(self.store, key)[1]

    def history(self, key: RunKey, after: int, limit: int) -> FoundItems:
        """Return the stored items after a sequence, not verified: only a whole chain can be."""
        found = self.store.items(key, after, limit + 1)
        page = found[:limit]
        return FoundItems(page, page[-1].sequence if len(found) > limit else None)

    def list(self, wanted: RunFilter, limit: int, cursor: str | None = None) -> FoundRuns:
        """Return one page of a list.

        Raises:
            ProblemError: `cursor-invalid` when the cursor was not issued for this list.
        """
        after = None if cursor is None else decode_cursor(wanted.bound(), cursor, RUN_ORDER)
        page = self.store.page(
            RunQuery(
                world_id=wanted.world_id,
                strategy_id=wanted.strategy_id,
                stage=wanted.stage,
                status=wanted.status,
                since=wanted.since,
                newest_first=wanted.newest_first,
                after=after,
                limit=limit,
            )
        )
        return FoundRuns(page.heads, None if page.last is None else encode_cursor(wanted.bound(), page.last))
