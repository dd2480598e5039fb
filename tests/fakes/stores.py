"""In-memory stores."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import orjson

from functions.evaluation.derived_record import (
    AnyDerivedRecord,
    DerivedRecord,
    ReportKind,
    engine_order,
    parse_record,
    report_prefix,
)
from functions.evaluation.exit_state import ExitState, state_key
from functions.evaluation.forecast_key import forecast_bounds, forecast_id
from functions.evaluation.input_note import InputNote
from functions.evaluation.ports import RefusedWrite, StateWrite, StoredReport
from functions.evaluation.signal_query import SignalPage, SignalQuery, signal_order
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import BlobError, BlobHead, BlobStat, Dependency, Head, PutOutcome, WorldFullError
from risk_hub_contracts.base.limits import BLOB_FIRST_READ_BYTES
from risk_hub_contracts.base.times import parse_instant
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.policies.exit_policy import ExitPolicy
from risk_hub_contracts.reports.exit_signal import ExitSignal
from risk_hub_contracts.reports.forecast import Forecast

TRANSACTION_MAX_ITEMS = 100


class MemorySnapshots:
    """Snapshots in memory.

    Attributes:
        gigabytes: the estimated size of a world, as the table answers it after a put; none by default.
        full_worlds: worlds that accept no further snapshot.
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], SnapshotRecord] = {}
        self.gigabytes: dict[str, float] = {}
        self.full_worlds: set[str] = set()

    def put_once(self, snapshot: SnapshotRecord, retain_until: datetime) -> PutOutcome:
        assert retain_until >= snapshot.expires_at
        key = (snapshot.world_id, snapshot.version)
        if key in self.rows:
            return PutOutcome(self.rows[key], created=False)
        if snapshot.world_id in self.full_worlds:
            raise WorldFullError(Dependency.SNAPSHOT_STORE, snapshot.world_id)
        self.rows[key] = snapshot.sized(len(orjson.dumps(snapshot.document)))
        return PutOutcome(self.rows[key], created=True, world_gigabytes=self.gigabytes.get(snapshot.world_id))

    def get(self, world_id: str, version: str) -> SnapshotRecord | None:
        return self.rows.get((world_id, version))

    def content_hash(self, world_id: str, version: str) -> str | None:
        row = self.rows.get((world_id, version))
        return None if row is None else row.content_hash

    def select(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        admitted = [row for row in self.rows.values() if query.matches(row)]
        admitted.sort(key=lambda row: row.order, reverse=query.newest_first)
        return admitted[: query.limit]

    def last_expiry(self, world_id: str, known_at: datetime | None = None) -> datetime | None:
        rows = [row for row in self.rows.values() if row.world_id == world_id]
        known = [row.expires_at for row in rows if known_at is None or row.created_at <= known_at]
        return max(known, default=None)


class MemoryBlobs:
    bucket = "blobs"

    def __init__(self) -> None:
        self.objects: dict[str, tuple[BlobKind, bytes]] = {}

    def put(self, world_id: str, kind: BlobKind, sha256: str, data: bytes) -> BlobRef:
        assert hashlib.sha256(data).hexdigest() == sha256
        ref = f"s3://{self.bucket}/risk-blobs/{world_id}/{sha256}"
        self.objects.setdefault(ref, (kind, data))
        return BlobRef(ref=ref, sha256=sha256, bytes=len(data), kind=kind)

    def stat(self, ref: BlobRef) -> BlobStat | None:
        if ref.ref not in self.objects:
            return None
        kind, data = self.objects[ref.ref]
        return BlobStat(hashlib.sha256(data).hexdigest(), len(data), kind)

    def head(self, ref: BlobRef, max_bytes: int) -> BlobHead | None:
        if ref.ref not in self.objects:
            return None
        kind, data = self.objects[ref.ref]
        first = data[: min(BLOB_FIRST_READ_BYTES, max_bytes)]
        seen = first if b"\n" in first else data[:max_bytes]
        sha256 = hashlib.sha256(data).hexdigest() if len(seen) == len(data) else None
        return BlobHead(len(data), kind, sha256, seen)

    def load(self, ref: BlobRef) -> bytes:
        if ref.ref not in self.objects:
            raise BlobError(ref, "the blob is missing")
        data = self.objects[ref.ref][1]
        found = hashlib.sha256(data).hexdigest()
        if found != ref.sha256:
            raise BlobError(ref, f"the blob's sha256 is {found}, not {ref.sha256}")
        return data

    def download_url(self, ref: BlobRef) -> str:
        return f"https://blobs.invalid/{ref.sha256}?signed"


class MemoryWorlds:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Head | None] = {}
        self.policies: dict[tuple[str, str], ExitPolicy] = {}
        self.newest: dict[tuple[str, str], SnapshotRecord] = {}

    def exit_policy(self, world_id: str, stage: str) -> ExitPolicy | None:
        return self.policies.get((world_id, stage))

    def register(self, world_id: str, stage: str) -> None:
        self.rows.setdefault((world_id, stage), None)

    def advance_head(self, snapshot: SnapshotRecord) -> bool:
        key = (snapshot.world_id, snapshot.stage)
        head = self.rows.get(key)
        if head is not None and head.order > snapshot.order:
            return False
        self.rows[key] = Head(*key, snapshot.order)
        self.newest[key] = snapshot
        return True

    def heads(self, world_id: str) -> Sequence[Head | None]:
        return [head for (world, _), head in sorted(self.rows.items()) if world == world_id]


class MemoryReports:
    """The table of reports: ReportStore, StoredRecords, Reports, Signals and ExitJournal."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], AnyDerivedRecord] = {}
        self.states: dict[tuple[str, str], ExitState] = {}

    def put_once(self, record: AnyDerivedRecord, retain_until: datetime) -> bool:
        assert retain_until.tzinfo is not None
        key = (record.report.world_id, record.evaluation_id)
        if key in self.rows:
            return False
        self.rows[key] = replace(record, report=parse_record(record.evaluation_id, record.document()).report)
        return True

    def get(self, world_id: str, evaluation_id: str) -> AnyDerivedRecord | None:
        return self.rows.get((world_id, evaluation_id))

    def state(self, world_id: str, stage: str, strategy: str) -> ExitState:
        return self.states.get((world_id, state_key(stage, strategy)), ExitState())

    def commit(
        self, write: StateWrite, signals: Sequence[DerivedRecord[ExitSignal]], retain_until: datetime
    ) -> RefusedWrite | None:
        assert retain_until.tzinfo is not None
        assert len(signals) < TRANSACTION_MAX_ITEMS
        taken = [self.rows.get((write.world_id, signal.evaluation_id)) for signal in signals]
        existing = tuple(record.report for record in taken if record is not None)
        if (
            existing
            or self.state(write.world_id, write.stage, write.strategy).revision != write.state.revision
        ):
            return RefusedWrite(existing)
        written = write.state.model_copy(update={"revision": write.state.revision + 1})
        self.states[write.world_id, state_key(write.stage, write.strategy)] = written
        self.rows.update({(write.world_id, signal.evaluation_id): signal for signal in signals})
        return None

    def newest_report(
        self, kind: ReportKind, world_id: str, version: str, known_at: datetime | None = None
    ) -> StoredReport | None:
        prefix = report_prefix(kind, version)
        rows = [
            row for (world, key), row in self.rows.items() if world == world_id and key.startswith(prefix)
        ]
        known = [
            row for row in rows if known_at is None or parse_instant(row.report.evaluated_at) <= known_at
        ]
        newest = max(known, key=lambda row: engine_order(row.evaluation_id), default=None)
        return None if newest is None else StoredReport(newest.document(), history=newest.history)

    def signals(self, query: SignalQuery) -> SignalPage:
        lower, upper = query.bounds()
        found = {
            signal_order(row.report.emitted_at, row.evaluation_id): row
            for (world, _), row in self.rows.items()
            if world == query.world_id and row.kind == "exit" and query.stage in {None, row.report.stage}
        }
        orders = sorted((o for o in found if lower <= o <= upper), reverse=query.newest_first)
        shown = orders[: query.limit]
        last = shown[-1] if len(shown) < len(orders) else None
        return SignalPage([found[order].document() for order in shown], last)


class MemoryForecasts:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Forecast] = {}
        self.page_rows = 1_000

    def put_once(self, forecast: Forecast, retain_until: datetime) -> bool:
        assert retain_until.tzinfo is not None
        return self.rows.setdefault((forecast.world_id, forecast_id(forecast)), forecast) is forecast

    def newest_ids(
        self, world_id: str, stage: str, start: datetime, end: datetime, *, limit: int
    ) -> Sequence[str]:
        lower, upper = forecast_bounds(stage, start, end)
        found = [key for world, key in self.rows if world == world_id and lower <= key <= upper]
        return sorted(found, reverse=True)[:limit]

    def count(
        self, world_id: str, stage: str, start: datetime, end: datetime, *, max_pages: int
    ) -> int | None:
        found = len(self.newest_ids(world_id, stage, start, end, limit=len(self.rows)))
        return found if found <= max_pages * self.page_rows else None

    def load(self, world_id: str, ids: Sequence[str]) -> Sequence[Forecast]:
        return [self.rows[world_id, each] for each in ids if (world_id, each) in self.rows]


class MemoryInputNotes:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], InputNote] = {}

    def get(self, world_id: str, note_id: str) -> InputNote | None:
        return self.rows.get((world_id, note_id))

    def put_once(self, world_id: str, note_id: str, note: InputNote, retain_until: datetime) -> InputNote:
        assert retain_until.tzinfo is not None
        return self.rows.setdefault((world_id, note_id), note)
