"""Hubs with one bug each, for the test that the simulator finds it. The product's code is not changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from events.envelope import CloudEvent
from events.risk_snapshot_updated import risk_snapshot_updated
from functions.announcing.announce_commits import AnnounceCommits, Commit
from functions.announcing.relay_records import RelayRecords, RelayResult, StreamRecord
from functions.evaluation.exits.emit_exit_signals import EmitExitSignals
from functions.evaluation.worker_steps import Outcome
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import DependencyUnavailableError
from functions.hub.use_cases.publish_snapshot import PublishRequest, PublishResult, PublishSnapshot
from functions.hub.use_cases.read_snapshots import Moment, ReadSnapshots
from tests.fakes.marks import MemoryMarks
from tests.fakes.stores import MemoryBlobs, MemorySnapshots
from tools.simulator.hub import RETENTION, Hub, HubDependencies
from tools.simulator.planted_seams import (
    TOO_SHORT_WINDOW,
    BothCopiesReturned,
    ForgottenBeforeCommit,
    HistoryBeforeHot,
    LateSnapshotsOverlooked,
    PageEndsAtTheSeam,
    PlanEndedAfterCommit,
    TombstoneLost,
    TombstoneOfAnotherSegment,
    WindowShorterThanReadersAssume,
)
from tools.simulator.planted_stores import (
    DigestNotVerified,
    EffectEveryTime,
    EffectReplacedSilently,
    ExpiryIgnored,
    ExpiryOneTickLate,
    HeadByArrival,
    HeadWithoutCondition,
    KnowledgeTimeIgnored,
    LastWriteWins,
    NewestArrivalFirst,
    ReplayRefreshes,
    TiesByVersion,
)
from tools.simulator.streams import Stream

# One of these is reported for an answer with a missing or doubled snapshot; see `Readers._violated_invariant`.
WRONG_ANSWER = ("INV-03", "INV-07", "INV-08")
NO_OFFLOAD = OffloadPolicy(enabled=False, inline_threshold_entries=100)


class EventWithoutHead(AnnounceCommits):
    def __call__(self, commits: Sequence[Commit], *, replay: bool = False, history: bool = False) -> None:
        rows = [commit for commit in commits if isinstance(commit, SnapshotRecord)]
        self.bus.publish([_event_of(row) for row in rows])
        AnnounceCommits.__call__(self, commits, replay=replay, history=history)


class RefusedEntriesForgotten(AnnounceCommits):
    def __call__(self, commits: Sequence[Commit], *, replay: bool = False, history: bool = False) -> None:
        if replay:
            AnnounceCommits.__call__(self, commits, replay=True, history=history)
        self.bus.publish([self._event(commit) for commit in commits])


class FailuresSwallowed(RelayRecords):
    def __call__(self, records: Sequence[StreamRecord]) -> RelayResult:
        try:
            return RelayRecords.__call__(self, records)
        except DependencyUnavailableError:
            return RelayResult(0, 0)


class PoisonDropped(RelayRecords):
    def __call__(self, records: Sequence[StreamRecord]) -> RelayResult:
        sound = [record for record in records if _is_sound(record)]
        return RelayRecords.__call__(self, sound)


def _is_sound(record: StreamRecord) -> bool:
    return "content_hash" in record["dynamodb"]["NewImage"]


class StoredBeforeChecked(PublishSnapshot):
    """Store under the bare version first and validate afterwards."""

    def __call__(self, publication: PublishRequest) -> PublishResult:
        published = PublishSnapshot.__call__(self, publication)
        if published.stored.ttl_sec in {61, 62}:
            rest = self.snapshots.get(publication.world_id, published.stored.version)
            assert rest is not None
            half = replace(rest, version=f"{rest.version}-draft")
            self.snapshots.hot.store.rows[half.world_id, half.version] = half  # type: ignore[attr-defined]
        return published


class AnsweredBeforeStored(PublishSnapshot):
    """Answer 201 although the store was down."""

    def __call__(self, publication: PublishRequest) -> PublishResult:
        try:
            return PublishSnapshot.__call__(self, publication)
        except DependencyUnavailableError:
            return self._promised(publication)

    def _promised(self, publication: PublishRequest) -> PublishResult:
        held = replace(self, snapshots=MemorySnapshots())
        return PublishSnapshot.__call__(held, publication)


class KnownAtByCurrentClock(ReadSnapshots):
    """Determine what was current at known_at by today's clock."""

    def _moment(self, known_at: datetime | None) -> Moment:
        moment = ReadSnapshots._moment(self, known_at)  # noqa: SLF001
        return replace(moment, at=self.clock())


class SignalLostOnOutage(EmitExitSignals):
    def __call__(self, event: CloudEvent) -> Outcome:
        try:
            return EmitExitSignals.__call__(self, event)
        except DependencyUnavailableError:
            return Outcome.NO_SIGNAL


def announced_before_commit(hub: Hub) -> None:
    """Let the writer publish the event first and store afterwards."""
    publish_to_store = hub.publish

    def publish(publication: PublishRequest) -> PublishResult:
        promised = PublishSnapshot(
            MemorySnapshots(), MemoryBlobs(), MemoryMarks(), hub.clock, NO_OFFLOAD, RETENTION
        )(publication)
        hub.bus.publish([_event_of(promised.stored)])
        return publish_to_store(publication)

    hub.publish = publish


def stored_then_published(hub: Hub) -> None:
    """Let the writer store first and publish afterwards, without a stream, as in the replaced system."""
    publish_to_store = hub.publish
    hub.snapshots.stream = Stream(hub.faults)

    def publish(publication: PublishRequest) -> PublishResult:
        published = publish_to_store(publication)
        if published.created:
            hub.worlds.advance_head(published.stored)
            hub.bus.publish([_event_of(published.stored)])
        return published

    hub.publish = publish


def _event_of(stored: SnapshotRecord) -> CloudEvent:
    return risk_snapshot_updated(stored.to_announcement(), time=stored.created_at, is_latest=True)


@dataclass(frozen=True)
class PlantedBug:
    """A bug, and the invariants; the simulator must report one of them."""

    dependencies: HubDependencies
    breaks: frozenset[str]


def _planted(dependencies: HubDependencies, *breaks: str) -> PlantedBug:
    return PlantedBug(dependencies, frozenset(breaks))


PLANTED_BUGS: Mapping[str, PlantedBug] = {
    "head without condition": _planted(HubDependencies(worlds=HeadWithoutCondition), "INV-03"),
    "head by arrival": _planted(HubDependencies(worlds=HeadByArrival), "INV-03"),
    "announced before commit": _planted(HubDependencies(rewire=announced_before_commit), "INV-04"),
    "stored, then published without a stream": _planted(
        HubDependencies(rewire=stored_then_published), "INV-04"
    ),
    "event without head": _planted(HubDependencies(announce=EventWithoutHead), "INV-04"),
    "rejected bus entries not retried": _planted(HubDependencies(announce=RefusedEntriesForgotten), "INV-04"),
    "relay swallows failures": _planted(HubDependencies(relay=FailuresSwallowed), "INV-04"),
    "poison record dropped": _planted(HubDependencies(relay=PoisonDropped), "INV-04"),
    "effect repeated on every delivery": _planted(HubDependencies(reports=EffectEveryTime), "INV-05"),
    "effect silently replaced": _planted(HubDependencies(reports=EffectReplacedSilently), "INV-05"),
    "second worker does not use put-once": _planted(HubDependencies(notes_once=False), "INV-05"),
    "exit signal missed when a port is unavailable": _planted(
        HubDependencies(exits=SignalLostOnOutage), "INV-04", "INV-07"
    ),
    "digest not verified": _planted(HubDependencies(blobs=DigestNotVerified), "INV-06"),
    "expiry ignored": _planted(HubDependencies(snapshots=ExpiryIgnored), "INV-07"),
    "expiry one tick late": _planted(HubDependencies(snapshots=ExpiryOneTickLate), "INV-07"),
    "knowledge time ignored": _planted(HubDependencies(snapshots=KnowledgeTimeIgnored), "INV-08"),
    "past reads judged by today's clock": _planted(HubDependencies(read=KnownAtByCurrentClock), "INV-07"),
    "writer outlives the settling time": _planted(HubDependencies(writer_timeout_seconds=60), "INV-08"),
    "newest arrival first": _planted(HubDependencies(snapshots=NewestArrivalFirst), "INV-03"),
    "ties broken by version": _planted(HubDependencies(snapshots=TiesByVersion), "INV-03"),
    "last write wins": _planted(HubDependencies(snapshots=LastWriteWins), "INV-01"),
    "replay refreshes": _planted(HubDependencies(snapshots=ReplayRefreshes), "INV-01", "INV-02"),
    "answered before stored": _planted(HubDependencies(publish=AnsweredBeforeStored), "INV-01", "INV-02"),
    "forgotten before the segment row": _planted(HubDependencies(move=ForgottenBeforeCommit), "INV-01"),
    "plan ended before the table forgets": _planted(HubDependencies(move=PlanEndedAfterCommit), "INV-01"),
    "window shorter than readers assume": _planted(
        HubDependencies(move=WindowShorterThanReadersAssume, longest_windows=(TOO_SHORT_WINDOW,)),
        *WRONG_ANSWER,
    ),
    "tombstone lost": _planted(
        HubDependencies(snapshots=TombstoneLost), "INV-01", "INV-02", "INV-11", *WRONG_ANSWER
    ),
    "tombstone of another segment": _planted(
        HubDependencies(snapshots=TombstoneOfAnotherSegment), "INV-01", "INV-11"
    ),
    "history read before the hot table": _planted(HubDependencies(whole=HistoryBeforeHot), *WRONG_ANSWER),
    "both copies returned": _planted(HubDependencies(whole=BothCopiesReturned), *WRONG_ANSWER),
    "page ends at the seam": _planted(HubDependencies(whole=PageEndsAtTheSeam), *WRONG_ANSWER),
    "late snapshots overlooked": _planted(HubDependencies(history=LateSnapshotsOverlooked), *WRONG_ANSWER),
    "drafts are visible": _planted(HubDependencies(publish=StoredBeforeChecked), "INV-09", "INV-03"),
}
