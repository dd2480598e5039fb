"""Stores with one bug each: heads, effects, blobs, and every way to answer a read wrongly."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from functions.evaluation.derived_record import AnyDerivedRecord as EvaluationRecord
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import Head, PutOutcome
from risk_hub_contracts.blob.refs import BlobRef
from tests.fakes.history import MemoryHotTable
from tests.fakes.stores import MemoryBlobs, MemoryReports, MemoryWorlds


class HeadWithoutCondition(MemoryWorlds):
    def advance_head(self, snapshot: SnapshotRecord) -> bool:
        slot = (snapshot.world_id, snapshot.stage)
        self.rows[slot] = Head(*slot, snapshot.order)
        return True


class HeadByArrival(MemoryWorlds):
    """Compare arrival times instead of as_of."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: dict[tuple[str, str], datetime] = {}

    def advance_head(self, snapshot: SnapshotRecord) -> bool:
        slot = (snapshot.world_id, snapshot.stage)
        if self.arrived.get(slot, snapshot.created_at) > snapshot.created_at:
            return False
        self.arrived[slot] = snapshot.created_at
        self.rows[slot] = Head(*slot, snapshot.order)
        return True


class EffectEveryTime(MemoryReports):
    def put_once(self, evaluation: EvaluationRecord, retain_until: datetime) -> bool:
        assert retain_until.tzinfo is not None
        self.rows[evaluation.report.world_id, evaluation.evaluation_id] = evaluation
        return True


class EffectReplacedSilently(MemoryReports):
    def put_once(self, evaluation: EvaluationRecord, retain_until: datetime) -> bool:
        assert retain_until.tzinfo is not None
        key = (evaluation.report.world_id, evaluation.evaluation_id)
        is_new = key not in self.rows
        self.rows[key] = evaluation
        return is_new


class DigestNotVerified(MemoryBlobs):
    def load(self, ref: BlobRef) -> bytes:
        return self.objects[ref.ref][1] if ref.ref in self.objects else super().load(ref)


class ExpiryIgnored(MemoryHotTable):
    def select(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        return super().select(replace(query, include_expired=True))


class ExpiryOneTickLate(MemoryHotTable):
    """Show a snapshot at the very instant at which it expires."""

    def select(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        return super().select(replace(query, at=query.at - timedelta(microseconds=1)))


class KnowledgeTimeIgnored(MemoryHotTable):
    def select(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        return super().select(replace(query, known_at=None))


class NewestArrivalFirst(MemoryHotTable):
    """Return the last put as the latest."""

    def select(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        admitted = [row for row in self.rows.values() if query.matches(row)]
        return (admitted[::-1] if query.newest_first else admitted)[: query.limit]


class TiesByVersion(MemoryHotTable):
    """Break a tie in as_of by the version's name, not by the time at which the snapshot became known."""

    def select(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        admitted = [row for row in self.rows.values() if query.matches(row)]
        admitted.sort(key=lambda row: (row.as_of, row.version), reverse=query.newest_first)
        return admitted[: query.limit]


class LastWriteWins(MemoryHotTable):
    def put_once(self, snapshot: SnapshotRecord, retain_until: datetime) -> PutOutcome:
        self.rows.pop((snapshot.world_id, snapshot.version), None)
        return super().put_once(snapshot, retain_until)


class ReplayRefreshes(MemoryHotTable):
    """Renew created_at, and with it the time to live, when equal content is replayed."""

    def put_once(self, snapshot: SnapshotRecord, retain_until: datetime) -> PutOutcome:
        outcome = super().put_once(snapshot, retain_until)
        if outcome.stored.content_hash != snapshot.content_hash:
            return outcome
        self.rows[snapshot.world_id, snapshot.version] = snapshot
        return PutOutcome(snapshot, outcome.created)
