"""A query for runs: its bounds in the order of creation, and one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.evaluation.runs.run_head import RunHead
from functions.hub.domain.ordering import AFTER_ALL, BEFORE_ALL, just_after, just_before
from risk_hub_contracts.base.times import format_instant


@dataclass(frozen=True, slots=True)
class RunQuery:
    """A query for the runs of one world.

    Attributes:
        strategy_id: only runs of this strategy.
        stage: only runs of this stage.
        status: only runs with this summary status.
        since: only runs created at or after this instant.
        after: the order key of the last run already seen, exclusive.
        limit: the largest number of runs to return.
    """

    world_id: str
    strategy_id: str | None = None
    stage: str | None = None
    status: str | None = None
    since: datetime | None = None
    newest_first: bool = True
    after: str | None = None
    limit: int = 1

    def bounds(self) -> tuple[str, str]:
        """Return the least and the greatest order key that can match, both inclusive."""
        lower = BEFORE_ALL if self.since is None else format_instant(self.since)
        if self.after is None:
            return lower, AFTER_ALL
        if self.newest_first:
            return lower, just_before(self.after)
        return max(lower, just_after(self.after)), AFTER_ALL

    def matches(self, head: RunHead) -> bool:
        """Return whether a run has the wanted world, strategy, stage and status, at any position."""
        return head.key.world_id == self.world_id and all(
            wanted in {None, value}
            for wanted, value in (
                (self.strategy_id, head.key.strategy_id),
                (self.stage, head.stage),
                (self.status, head.status),
            )
        )


@dataclass(frozen=True, slots=True)
class RunPage:
    """One page of list entries; `last` is the order key to continue after, if there may be more."""

    heads: Sequence[RunHead]
    last: str | None
