"""Publish a snapshot: validate, offload, one conditional put. That put is the event (INV-04)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.hub.blob_ports import BlobClaims
from functions.hub.domain.blob_marks import Claim
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.domain.stored_snapshot import StoredSnapshot, accept
from functions.hub.ports import BlobStat, BlobStore, Clock, PutOutcome, SnapshotStore
from functions.hub.use_cases.claim_blobs import ClaimBlobs
from risk_hub_contracts.problems import REF_INVALID, VERSION_CONFLICT, ProblemError, Violation
from risk_hub_contracts.refs import BlobRef
from risk_hub_contracts.snapshot import Part, Snapshot, parse_snapshot


@dataclass(frozen=True, slots=True)
class Publication:
    """One POST as the door understood it."""

    world_id: str
    actor: str
    stage: str
    body: bytes
    correlation_id: str | None = None
    trace_header: str | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """What is stored under the publication's (world, version).

    Attributes:
        stored: the snapshot that stands there, as first accepted.
        created: whether this publication put it there; False for a replay.
        at: the hub's clock when it answered.
    """

    stored: StoredSnapshot
    created: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class PublishSnapshot:
    """Store a producer's snapshot once; a replay of the same content changes nothing (INV-02)."""

    snapshots: SnapshotStore
    blobs: BlobStore
    marks: BlobClaims
    clock: Clock
    offload: OffloadPolicy
    retention: timedelta

    def __call__(self, publication: Publication) -> Published:
        """Store the publication's snapshot, or return the equal one that stands there already.

        Raises:
            ProblemError: the body violates the contract, names a blob that is not there or is being removed, or
                other content stands under this version (`version-conflict`). Nothing is visible then (INV-09).
            UnavailableError: a store did not answer; the same publication may be sent again.
        """
        now = self.clock()
        snapshot = parse_snapshot(
            publication.body,
            world_id=publication.world_id,
            actor=publication.actor,
            stage=publication.stage,
            now=now,
            bucket=self.blobs.bucket,
        )
        self._claim(snapshot, now)
        snapshot = self._offload(self._with_verified_refs(snapshot))
        accepted = accept(snapshot, now, publication.correlation_id, publication.trace_header)
        outcome = self.snapshots.put_once(accepted, accepted.retain_until(self.retention))
        _require_same_content(outcome, snapshot.content_hash)
        return Published(outcome.stored, outcome.created, now)

    def _claim(self, snapshot: Snapshot, now: datetime) -> None:
        """Claim every blob that the snapshot will refer to, before any of them is looked at (ADR-0018)."""
        referred = [part for part in snapshot.parts if part.ref is not None]
        parts = {True: referred, False: self.offload.parts_to_offload(snapshot)}
        for found, claimed in parts.items():
            claim = Claim(snapshot.version, snapshot.content_hash, now, found)
            digests = [part.sha256 for part in claimed]
            ClaimBlobs(self.marks)(snapshot.world_id, digests, claim, now + self.retention)

    def _with_verified_refs(self, snapshot: Snapshot) -> Snapshot:
        refs = {
            part.kind: _verified(part, part.ref, self.blobs.stat(part.ref))
            for part in snapshot.parts
            if part.ref is not None
        }
        return snapshot.with_refs(refs) if refs else snapshot

    def _offload(self, snapshot: Snapshot) -> Snapshot:
        refs = {
            part.kind: self.blobs.put(snapshot.world_id, part.kind, part.sha256, part.blob or b"")
            for part in self.offload.parts_to_offload(snapshot)
        }
        return snapshot.with_refs(refs) if refs else snapshot


def _verified(part: Part, ref: BlobRef, stat: BlobStat | None) -> BlobRef:
    """Return the reference completed by what the store knows, or refuse one that the store contradicts."""
    reason = _contradiction(part, ref, stat)
    if reason is not None or stat is None:
        pointer = f"/{part.kind}_ref"
        raise ProblemError(REF_INVALID, f"{ref.ref}: {reason}", (Violation(pointer, reason or ""),))
    return ref.model_copy(update={"bytes": stat.size_bytes})


def _contradiction(part: Part, ref: BlobRef, stat: BlobStat | None) -> str | None:
    if stat is None:
        return "no such blob in this hub; upload it first"
    if stat.sha256 != part.sha256:
        return f"the stored blob has the sha256 {stat.sha256}"
    if ref.bytes is not None and ref.bytes != stat.size_bytes:
        return f"the stored blob has {stat.size_bytes} bytes, not {ref.bytes}"
    if stat.kind != part.kind:
        return f"the stored blob is of kind {stat.kind}, not {part.kind}"
    return None


def _require_same_content(outcome: PutOutcome, offered_hash: str) -> None:
    stored: StoredSnapshot = outcome.stored
    if stored.content_hash == offered_hash:
        return
    raise ProblemError(
        VERSION_CONFLICT,
        f"version {stored.version!r} of world {stored.world_id!r} already holds other content",
        extra={"stored_hash": stored.content_hash, "offered_hash": offered_hash},
    )
