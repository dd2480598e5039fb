"""Steps that all workers share: fetch the snapshot, load verified components, record the event as cause."""

from datetime import datetime
from enum import StrEnum

from events.envelope import CloudEvent
from functions.evaluation.derived_record import DerivedRecord, ReportT
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import BlobStore, SnapshotStore
from risk_hub_contracts.base.times import parse_instant
from risk_hub_contracts.snapshot.parse import Component, Snapshot


class Outcome(StrEnum):
    """Result of a worker's handling of an event.

    `evaluated`: a new record was stored. `repeated`: the record was stored before. `expired`: the snapshot had
    expired and was refused. `no_signal`: nothing was due and no rule fires. `history`, `replay`: the report is on
    a past snapshot or was requested by an operator, which never causes a signal (INV-15). `superseded`: the
    snapshot was not the latest of its stage when it was announced, or a newer one was judged before. `no_run`: no
    evaluation run was computed from the snapshot. `skipped`: the runs of the snapshot accept no further item.
    """

    EVALUATED = "evaluated"
    REPEATED = "repeated"
    EXPIRED = "expired"
    NO_SIGNAL = "no_signal"
    HISTORY = "history"
    REPLAY = "replay"
    SUPERSEDED = "superseded"
    NO_RUN = "no_run"
    SKIPPED = "skipped"


def announced_snapshot(event: CloudEvent, snapshots: SnapshotStore, now: datetime) -> Snapshot | None:
    """Return the snapshot that `risk_snapshot_updated` announces; None if it has expired and is not history.

    Raises:
        LookupError: the event's claim check names a snapshot that the store does not hold.
        DependencyUnavailableError: the store did not answer.
    """
    if not event.history and parse_instant(event.data["expires_at"]) <= now:
        return None
    document = event.data
    if "claim_check" in document:
        document = stored_snapshot(snapshots, document["world_id"], document["version"]).document
    return Snapshot.from_document(document, event.data["content_hash"])


def stored_snapshot(snapshots: SnapshotStore, world_id: str, version: str) -> SnapshotRecord:
    """Return one version from the store.

    Raises:
        LookupError: the store does not hold it.
        DependencyUnavailableError: the store did not answer.
    """
    stored = snapshots.get(world_id, version)
    if stored is None:
        raise LookupError(f"world {world_id!r} has no version {version!r}")
    return stored


def verified_bytes(component: Component, blobs: BlobStore) -> bytes:
    """Return a component's canonical bytes, inline or fetched and verified (INV-06).

    Raises:
        BlobError: the blob is missing or not the one that the snapshot names.
        DependencyUnavailableError: the blob store did not answer.
    """
    return blobs.load(component.ref) if component.ref is not None else component.inline_blob()


def derived_record(event: CloudEvent, report: ReportT) -> DerivedRecord[ReportT]:
    """Return the record of a report or signal derived on an event, with the event as its cause."""
    return DerivedRecord(
        report,
        correlation_id=event.correlationid,
        causation_id=event.id,
        trace_header=event.tracecontext,
        is_latest=event.islatest,
        history=bool(event.history),
        replay=bool(event.replay),
    )
