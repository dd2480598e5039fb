"""In-memory ports: each call passes through the wire, which injects faults; the ledger records its effects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events.envelope import CloudEvent
from functions.evaluation.derived_record import AnyDerivedRecord as EvaluationRecord
from functions.evaluation.derived_record import DerivedRecord, ReportKind
from functions.evaluation.exit_state import ExitState
from functions.evaluation.ports import RefusedWrite, StateWrite, StoredReport
from functions.hub.domain.blob_marks import Claim
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import BlobHead, BlobStat, Head, PutOutcome
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.policies.exit_policy import ExitPolicy, MeasureLimit, StressLimit
from risk_hub_contracts.reports.exit_signal import ExitSignal
from tests.fakes.history import MemoryHotTable
from tests.fakes.marks import MemoryMarks
from tests.fakes.stores import MemoryBlobs, MemoryReports, MemoryWorlds
from tools.simulator.ledger import Ledger
from tools.simulator.model import COOL_DOWN_SECONDS, STRESS_LOSS_LIMIT, VALUE_AT_RISK_99_LIMIT
from tools.simulator.queues import Queue
from tools.simulator.streams import Stream, report_record, snapshot_record
from tools.simulator.wire import Wire

POLICY = ExitPolicy(
    version="simulated",
    cool_down_seconds=COOL_DOWN_SECONDS,
    measures=(
        MeasureLimit(
            measure="value_at_risk",
            method="parametric_normal",
            confidence_bps=9_900,
            max_loss=VALUE_AT_RISK_99_LIMIT,
        ),
    ),
    stress=(StressLimit(max_loss=STRESS_LOSS_LIMIT),),
)


@dataclass
class WiredSnapshots:
    wire: Wire
    store: MemoryHotTable
    ledger: Ledger
    stream: Stream

    def put_once(self, snapshot: SnapshotRecord, retain_until: datetime) -> PutOutcome:
        return self.wire.call("snapshots.put_once", lambda: self._put(snapshot, retain_until))

    def get(self, world_id: str, version: str) -> SnapshotRecord | None:
        return self.wire.call("snapshots.get", lambda: self.store.get(world_id, version))

    def select(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        return self.wire.call("snapshots.select", lambda: self.store.select(query))

    def last_expiry(self, world_id: str, known_at: datetime | None = None) -> datetime | None:
        return self.wire.call("snapshots.last_expiry", lambda: self.store.last_expiry(world_id, known_at))

    def _put(self, snapshot: SnapshotRecord, retain_until: datetime) -> PutOutcome:
        outcome = self.store.put_once(snapshot, retain_until)
        if outcome.created:
            self.ledger.record_commit(self.wire.tasks.current, outcome.stored)
            self.stream.append(snapshot.world_id, snapshot_record(outcome.stored))
            self.wire.note(f"COMMIT {snapshot.version} as_of {snapshot.as_of:%H:%M:%S.%f}")
        return outcome


@dataclass
class WiredBlobs:
    wire: Wire
    store: MemoryBlobs

    @property
    def bucket(self) -> str:
        return self.store.bucket

    def put(self, world_id: str, kind: BlobKind, sha256: str, data: bytes) -> BlobRef:
        return self.wire.call("blobs.put", lambda: self.store.put(world_id, kind, sha256, data))

    def stat(self, ref: BlobRef) -> BlobStat | None:
        return self.wire.call("blobs.stat", lambda: self.store.stat(ref))

    def head(self, ref: BlobRef, max_bytes: int) -> BlobHead | None:
        return self.wire.call("blobs.head", lambda: self.store.head(ref, max_bytes))

    def load(self, ref: BlobRef) -> bytes:
        return self.wire.call("blobs.load", lambda: self.store.load(ref))

    def download_url(self, ref: BlobRef) -> str:
        return self.store.download_url(ref)


@dataclass
class WiredMarks:
    """The marks as a writer sees them: blobs are never removed here."""

    wire: Wire
    store: MemoryMarks

    def claim(self, world_id: str, sha256: str, claim: Claim, retain_until: datetime) -> None:
        self.wire.call("marks.claim", lambda: self.store.claim(world_id, sha256, claim, retain_until))

    def is_leased(self, world_id: str, sha256: str, now: datetime) -> bool:
        return self.wire.call("marks.is_leased", lambda: self.store.is_leased(world_id, sha256, now))


@dataclass
class WiredWorlds:
    wire: Wire
    store: MemoryWorlds
    ledger: Ledger

    def advance_head(self, snapshot: SnapshotRecord) -> bool:
        return self.wire.call("worlds.advance_head", lambda: self._advance(snapshot))

    def exit_policy(self, _world_id: str, _stage: str) -> ExitPolicy | None:
        return self.wire.call("worlds.exit_policy", lambda: POLICY)

    def heads(self, world_id: str) -> Sequence[Head | None]:
        return self.wire.call("worlds.heads", lambda: self.store.heads(world_id), list)

    def _advance(self, snapshot: SnapshotRecord) -> bool:
        slot = (snapshot.world_id, snapshot.stage)
        before = self.store.rows.get(slot)
        is_head = self.store.advance_head(snapshot)
        self.ledger.record_head(snapshot, is_head=is_head, before=before, after=self.store.rows.get(slot))
        self.wire.note(f"HEAD {snapshot.version} {'is' if is_head else 'is not'} the latest")
        return is_head


@dataclass
class WiredReports:
    wire: Wire
    store: MemoryReports
    ledger: Ledger
    stream: Stream

    def put_once(self, evaluation: EvaluationRecord, retain_until: datetime) -> bool:
        return self.wire.call("evaluations.put_once", lambda: self._put(evaluation, retain_until))

    def get(self, world_id: str, evaluation_id: str) -> EvaluationRecord | None:
        return self.wire.call("evaluations.get", lambda: self.store.get(world_id, evaluation_id))

    def newest_report(
        self, kind: ReportKind, world_id: str, version: str, known_at: datetime | None = None
    ) -> StoredReport | None:
        return self.wire.call(
            "evaluations.newest_report",
            lambda: self.store.newest_report(kind, world_id, version, known_at),
            lambda: None,
        )

    def state(self, world_id: str, stage: str, strategy: str) -> ExitState:
        return self.wire.call("evaluations.state", lambda: self.store.state(world_id, stage, strategy))

    def commit(
        self, write: StateWrite, signals: Sequence[DerivedRecord[ExitSignal]], retain_until: datetime
    ) -> RefusedWrite | None:
        return self.wire.call("evaluations.commit", lambda: self._commit(write, signals, retain_until))

    def _commit(
        self, write: StateWrite, signals: Sequence[DerivedRecord[ExitSignal]], retain_until: datetime
    ) -> RefusedWrite | None:
        refused = self.store.commit(write, signals, retain_until)
        if refused is None:
            for signal in signals:
                self._record(signal)
        return refused

    def _put(self, evaluation: EvaluationRecord, retain_until: datetime) -> bool:
        stored = self.store.put_once(evaluation, retain_until)
        if stored:
            self._record(evaluation)
        return stored

    def _record(self, evaluation: EvaluationRecord) -> None:
        self.ledger.record_report(evaluation)
        self.stream.append(evaluation.report.world_id, report_record(evaluation))
        self.wire.note(f"EFFECT {evaluation.evaluation_id}")


@dataclass
class WiredBus:
    """Send each event to the queues of its rules; faults: it is refused, not sent, or sent without an answer."""

    wire: Wire
    ledger: Ledger
    rules: dict[str, list[Queue]]

    def publish(self, events: Sequence[CloudEvent]) -> Sequence[CloudEvent]:
        return [event for event in events if not self._offer(event)]

    def _offer(self, event: CloudEvent) -> bool:
        if self.wire.faults.occurs("refusal"):
            self.wire.note(f"bus refuses {event.type} {event.data['version']}")
            return False
        self.wire.call(f"bus.put {event.data['version']}", lambda: self._take(event))
        return True

    def _take(self, event: CloudEvent) -> None:
        self.ledger.record_event(event)
        for queue in self.rules[event.type]:
            queue.send(event.to_detail())


@dataclass
class WiredFailures:
    """The relay's failure queue: like the real one it stores a record's keys, not the record."""

    wire: Wire
    kept: list[dict[str, Any] | None]

    def isolate(self, record: dict[str, Any], reason: str) -> None:
        keys = record.get("dynamodb", {}).get("Keys")
        self.wire.call(f"failures.isolate ({reason[:40]})", lambda: self.kept.append(keys))
