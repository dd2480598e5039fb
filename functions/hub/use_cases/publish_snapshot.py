"""Publish a snapshot: validate, offload, one conditional put. That put is the event (INV-04)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from functions.hub.blob_ports import BlobClaims
from functions.hub.domain.blob_marks import Claim
from functions.hub.domain.exposure import ExposureLimits
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.domain.snapshot_record import SnapshotRecord, accept
from functions.hub.ports import BlobStore, Clock, PutOutcome, SnapshotStore
from functions.hub.use_cases.claim_blobs import ClaimBlobs
from functions.hub.use_cases.verify_refs import VerifyRefs
from risk_hub_contracts.base.problems import CONTRACT_VIOLATION, VERSION_CONFLICT, ProblemError, summary
from risk_hub_contracts.snapshot.parse import Component, Snapshot, parse_snapshot


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """One parsed POST."""

    world_id: str
    actor: str
    stage: str
    body: bytes
    correlation_id: str | None = None
    trace_header: str | None = None


@dataclass(frozen=True, slots=True)
class PublishResult:
    """The snapshot stored under the publication's (world, version).

    Attributes:
        stored: the snapshot as first accepted.
        created: whether this publication stored it; False for a replay.
        at: the hub's clock when it answered.
        world_gigabytes: see PutOutcome.
    """

    stored: SnapshotRecord
    created: bool
    at: datetime
    world_gigabytes: float | None = None


@dataclass(frozen=True, slots=True)
class PublishSnapshot:
    """Store a producer's snapshot once; publishing the same content again changes nothing (INV-02)."""

    snapshots: SnapshotStore
    blobs: BlobStore
    marks: BlobClaims
    clock: Clock
    offload: OffloadPolicy
    retention: timedelta
    exposure: ExposureLimits = field(default_factory=ExposureLimits)

    def __call__(self, request: PublishRequest) -> PublishResult:
        """Store the publication's snapshot, or return the equal one that is already stored.

        Raises:
            ProblemError: the body violates the contract, names a blob that is missing or being removed, or
                the version holds other content (`version-conflict`). Nothing becomes visible then (INV-09).
            DependencyUnavailableError: a store did not answer; the same publication may be sent again.
            WorldFullError: the world has no space for a further snapshot.
        """
        now = self.clock()
        snapshot = parse_snapshot(
            request.body,
            world_id=request.world_id,
            actor=request.actor,
            stage=request.stage,
            now=now,
            bucket=self.blobs.bucket,
        )
        self._require_exposure(snapshot)
        self._claim(snapshot, now)
        snapshot = self._offload(self._with_verified_refs(snapshot))
        accepted = accept(snapshot, now, request.correlation_id, request.trace_header)
        outcome = self.snapshots.put_once(accepted, accepted.retain_until(self.retention))
        _require_same_content(outcome, snapshot.content_hash)
        return PublishResult(outcome.stored, outcome.created, now, outcome.world_gigabytes)

    def _require_exposure(self, snapshot: Snapshot) -> None:
        violations = list(self.exposure.violations(snapshot.weights, snapshot.stage))
        if violations:
            raise ProblemError(CONTRACT_VIOLATION, summary(violations, "The body"), violations)

    def _claim(self, snapshot: Snapshot, now: datetime) -> None:
        """Claim every blob that the snapshot will refer to, before reading any of them (ADR-0018)."""
        referred = [component for component in snapshot.components if component.ref is not None]
        self._claim_components(snapshot, referred, now, found=True)
        self._claim_components(snapshot, self.offload.components_to_offload(snapshot), now, found=False)

    def _claim_components(
        self, snapshot: Snapshot, components: Iterable[Component], now: datetime, *, found: bool
    ) -> None:
        """Claim the blobs of components; `found` ones are expected to be stored already."""
        digests = [component.sha256 for component in components]
        if digests:
            claim = Claim(snapshot.version, snapshot.content_hash, now, found)
            ClaimBlobs(self.marks)(snapshot.world_id, digests, claim, now + self.retention)

    def _with_verified_refs(self, snapshot: Snapshot) -> Snapshot:
        return VerifyRefs(self.blobs)(snapshot)

    def _offload(self, snapshot: Snapshot) -> Snapshot:
        refs = {
            component.kind: self.blobs.put(
                snapshot.world_id, component.kind, component.sha256, component.inline_blob()
            )
            for component in self.offload.components_to_offload(snapshot)
        }
        return snapshot.with_refs(refs) if refs else snapshot


def _require_same_content(outcome: PutOutcome, offered_hash: str) -> None:
    stored: SnapshotRecord = outcome.stored
    if stored.content_hash == offered_hash:
        return
    raise ProblemError(
        VERSION_CONFLICT,
        f"version {stored.version!r} of world {stored.world_id!r} already has different content",
        extra={"stored_hash": stored.content_hash, "offered_hash": offered_hash},
    )
