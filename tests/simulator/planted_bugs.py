"""Hubs with one bug each, for the test that the simulator finds it. The product's code is not changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from events.envelope import CloudEvent
from events.risk_snapshot_updated import risk_snapshot_updated
from functions.announcing.announce_commits import AnnounceCommits, Commit
from functions.announcing.relay_records import Record, Relayed, RelayRecords
from functions.evaluation.exits.emit_exit_signals import EmitExitSignals
from functions.evaluation.worker_steps import Outcome
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.domain.snapshot_record import StoredSnapshot
from functions.hub.ports import UnavailableError
from functions.hub.use_cases.publish_snapshot import Publication, Published, PublishSnapshot
from functions.hub.use_cases.read_snapshots import Moment, ReadSnapshots
from tests.fakes.marks import MemoryMarks
from tests.fakes.stores import MemoryBlobs, MemorySnapshots
from tests.simulator.hub import RETENTION, Hub, Parts
from tests.simulator.planted_stores import (
    DigestNotVerified,
    EffectEveryTime,
    EffectReplacedInSilence,
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
from tests.simulator.streams import Stream

NO_OFFLOAD = OffloadPolicy(enabled=False, inline_threshold_entries=100)


class EventWithoutHead(AnnounceCommits):
    def __call__(self, commits: Sequence[Commit], *, replay: bool = False, history: bool = False) -> None:
        rows = [commit for commit in commits if isinstance(commit, StoredSnapshot)]
        self.bus.publish([_event_of(row) for row in rows])
        AnnounceCommits.__call__(self, commits, replay=replay, history=history)


class RefusalsForgotten(AnnounceCommits):
    def __call__(self, commits: Sequence[Commit], *, replay: bool = False, history: bool = False) -> None:
        if replay:
            AnnounceCommits.__call__(self, commits, replay=True, history=history)
        self.bus.publish([self._event(commit) for commit in commits])


class FailuresSwallowed(RelayRecords):
    def __call__(self, records: Sequence[Record]) -> Relayed:
        try:
            return RelayRecords.__call__(self, records)
        except UnavailableError:
            return Relayed(0, 0)


class PoisonDropped(RelayRecords):
    def __call__(self, records: Sequence[Record]) -> Relayed:
        sound = [record for record in records if _is_sound(record)]
        return RelayRecords.__call__(self, sound)


def _is_sound(record: Record) -> bool:
    return "content_hash" in record["dynamodb"]["NewImage"]


class StoredBeforeChecked(PublishSnapshot):
    """Store under the bare version first and validate afterwards."""

    def __call__(self, publication: Publication) -> Published:
        published = PublishSnapshot.__call__(self, publication)
        if published.stored.ttl_sec in {61, 62}:
            rest = self.snapshots.get(publication.world_id, published.stored.version)
            assert rest is not None
            half = replace(rest, version=f"{rest.version}-draft")
            self.snapshots.store.rows[half.world_id, half.version] = half  # type: ignore[attr-defined]
        return published


class AnsweredBeforeStored(PublishSnapshot):
    """Answer 201 although the store was down."""

    def __call__(self, publication: Publication) -> Published:
        try:
            return PublishSnapshot.__call__(self, publication)
        except UnavailableError:
            return self._promised(publication)

    def _promised(self, publication: Publication) -> Published:
        held = replace(self, snapshots=MemorySnapshots())
        return PublishSnapshot.__call__(held, publication)


class JudgedByTheLatest(ReadSnapshots):
    """Determine what was current at known_at by today's clock."""

    def _moment(self, known_at: datetime | None) -> Moment:
        moment = ReadSnapshots._moment(self, known_at)  # noqa: SLF001
        return replace(moment, at=self.clock())


class SignalMissedInTrouble(EmitExitSignals):
    def __call__(self, event: CloudEvent) -> Outcome:
        try:
            return EmitExitSignals.__call__(self, event)
        except UnavailableError:
            return "no_signal"


def announced_before_commit(hub: Hub) -> None:
    """Let the writer publish the event first and store afterwards."""
    store_it = hub.publish

    def publish(publication: Publication) -> Published:
        promised = PublishSnapshot(
            MemorySnapshots(), MemoryBlobs(), MemoryMarks(), hub.clock, NO_OFFLOAD, RETENTION
        )(publication)
        hub.bus.publish([_event_of(promised.stored)])
        return store_it(publication)

    hub.publish = publish


def stored_then_published(hub: Hub) -> None:
    """Let the writer store first and publish afterwards, without a stream, as in the replaced system."""
    store_it = hub.publish
    hub.snapshots.stream = Stream(hub.faults)

    def publish(publication: Publication) -> Published:
        published = store_it(publication)
        if published.created:
            hub.worlds.advance_head(published.stored)
            hub.bus.publish([_event_of(published.stored)])
        return published

    hub.publish = publish


def _event_of(stored: StoredSnapshot) -> CloudEvent:
    return risk_snapshot_updated(stored.to_announcement(), time=stored.created_at, is_latest=True)


@dataclass(frozen=True)
class Plant:
    """A bug, and the invariants of which one must be named when it is found."""

    parts: Parts
    breaks: frozenset[str]


def _plant(parts: Parts, *breaks: str) -> Plant:
    return Plant(parts, frozenset(breaks))


PLANTS: Mapping[str, Plant] = {
    "head without condition": _plant(Parts(worlds=HeadWithoutCondition), "INV-03"),
    "head by arrival": _plant(Parts(worlds=HeadByArrival), "INV-03"),
    "announced before commit": _plant(Parts(rewire=announced_before_commit), "INV-04"),
    "stored, then published": _plant(Parts(rewire=stored_then_published), "INV-04"),
    "event without head": _plant(Parts(announce=EventWithoutHead), "INV-04"),
    "refused entries forgotten": _plant(Parts(announce=RefusalsForgotten), "INV-04"),
    "relay swallows failures": _plant(Parts(relay=FailuresSwallowed), "INV-04"),
    "poison dropped": _plant(Parts(relay=PoisonDropped), "INV-04"),
    "effect every time": _plant(Parts(evaluations=EffectEveryTime), "INV-05"),
    "effect replaced in silence": _plant(Parts(evaluations=EffectReplacedInSilence), "INV-05"),
    "second worker forgets put-once": _plant(Parts(notes_once=False), "INV-05"),
    "exit signal missed in trouble": _plant(Parts(exits=SignalMissedInTrouble), "INV-04", "INV-07"),
    "digest not verified": _plant(Parts(blobs=DigestNotVerified), "INV-06"),
    "expiry ignored": _plant(Parts(snapshots=ExpiryIgnored), "INV-07"),
    "expiry one tick late": _plant(Parts(snapshots=ExpiryOneTickLate), "INV-07"),
    "knowledge time ignored": _plant(Parts(snapshots=KnowledgeTimeIgnored), "INV-08"),
    "past judged by today's clock": _plant(Parts(read=JudgedByTheLatest), "INV-07"),
    "writer outlives the settling time": _plant(Parts(writer_timeout_seconds=60), "INV-08"),
    "newest arrival first": _plant(Parts(snapshots=NewestArrivalFirst), "INV-03"),
    "ties broken by version": _plant(Parts(snapshots=TiesByVersion), "INV-03"),
    "last write wins": _plant(Parts(snapshots=LastWriteWins), "INV-01"),
    "replay refreshes": _plant(Parts(snapshots=ReplayRefreshes), "INV-01", "INV-02"),
    "answered before stored": _plant(Parts(publish=AnsweredBeforeStored), "INV-01", "INV-02"),
    "drafts are visible": _plant(Parts(publish=StoredBeforeChecked), "INV-09", "INV-03"),
}
