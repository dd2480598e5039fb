"""Announce commits: advance the head, then send the event (INV-04). Called with stream records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from events.envelope import CloudEvent
from events.evaluated import evaluated
from events.exit_signal_emitted import exit_signal_emitted
from events.risk_snapshot_updated import risk_snapshot_updated
from functions.announcing.ports import EventBus
from functions.evaluation.derived_record import AnyDerivedRecord, DerivedRecord, Kind
from functions.hub.domain.past_snapshots import is_backfilled
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import Dependency, DependencyUnavailableError, WorldStore

Commit = SnapshotRecord | AnyDerivedRecord
EVENT_BUILDERS: dict[Kind, Callable[..., CloudEvent]] = {
    "risk": evaluated,
    "stress": evaluated,
    "exit": exit_signal_emitted,
}
PUBLISH_MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class AnnounceCommits:
    """Derive heads and events from committed items.

    A repeated call announces again, which consumers must tolerate (INV-05).
    """

    worlds: WorldStore
    bus: EventBus

    def __call__(self, commits: Sequence[Commit], *, replay: bool = False, history: bool = False) -> None:
        """Announce the commits in the order given.

        Args:
            commits: committed items of the tables.
            replay: whether an operator repeats the announcement; the events are flagged and otherwise the
                same.
            history: whether engines evaluate the snapshots as past ones, expired or not.

        Raises:
            DependencyUnavailableError: at least one event was not sent; the whole batch must be delivered again.
        """
        pending: Sequence[CloudEvent] = [self._event(commit, history=history) for commit in commits]
        if replay:
            pending = [event.model_copy(update={"replay": True}) for event in pending]
        for _ in range(PUBLISH_MAX_ATTEMPTS):
            if not pending:
                return
            pending = self.bus.publish(pending)
        if pending:
            raise DependencyUnavailableError(
                Dependency.EVENT_BUS, f"it refused {len(pending)} of {len(commits)} events"
            )

    def _event(self, commit: Commit, *, history: bool = False) -> CloudEvent:
        if isinstance(commit, DerivedRecord):
            return _derived_event(commit)
        return risk_snapshot_updated(
            commit.to_announcement(),
            time=commit.created_at,
            is_latest=self.worlds.advance_head(commit),
            correlation_id=commit.correlation_id,
            trace_header=commit.trace_header,
            history=history or is_backfilled(commit.document),
        )


def _derived_event(record: AnyDerivedRecord) -> CloudEvent:
    flagged = {name: True for name in ("history", "replay") if getattr(record, name)}
    return EVENT_BUILDERS[record.kind](
        record.report,
        correlation_id=record.correlation_id,
        causation_id=record.causation_id,
        trace_header=record.trace_header,
        is_latest=record.is_latest,
        **flagged,
    )
