"""Preparation of a snapshot for sending: validate it by the contract and hash it, without network access."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from risk_hub_client.blobs import Blob, MemoryPayload
from risk_hub_client.covariances import convert_covariance
from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_client.instants import convert_instant
from risk_hub_client.json_values import non_finite_violations, to_json_value
from risk_hub_client.labels import require_text
from risk_hub_client.loading import load_blob
from risk_hub_client.returns import convert_returns
from risk_hub_client.weights import convert_weights
from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.ids import actor_violation, stage_violation
from risk_hub_contracts.base.limits import BODY_MAX_BYTES
from risk_hub_contracts.base.problems import NON_FINITE_NUMBER, ProblemError, Violation, summary
from risk_hub_contracts.blob.refs import BLOB_PREFIX, BlobRef
from risk_hub_contracts.blob.types import BlobKind, Stress
from risk_hub_contracts.snapshot.fact_rules import shock_violations
from risk_hub_contracts.snapshot.parse import Snapshot, parse_snapshot_document
from risk_hub_contracts.snapshot.request import KINDS, REF_FIELDS

__all__ = ["Prepared", "Producer", "prepare"]

# A reference needs the hub's bucket, which only the hub knows: this placeholder is used until it answers.
PLACEHOLDER_BUCKET: Final = "not-uploaded-yet"
# Bodies are validated before their large components are moved into blobs.
UNSENT_MAX_BYTES: Final = 2**31


@dataclass(frozen=True, slots=True)
class Producer:
    """The publishing actor and its stage."""

    actor: str
    stage: str

    @classmethod
    def of(cls, actor: str | None, stage: str | None) -> Self:
        """Return the producer from a call's or its client's arguments.

        Raises:
            InvalidSnapshotError: one of them is missing or malformed.
        """
        for name, value in (("actor", actor), ("stage", stage)):
            require_text(value or "", f"provenance/{name}")
        violations = [
            Violation(f"/provenance/{name}", violation)
            for name, violation in (
                (
                    "actor",
                    actor_violation(actor)
                    if actor
                    else "is missing: pass actor= here or to the client, or --actor to the command",
                ),
                (
                    "stage",
                    stage_violation(stage)
                    if stage
                    else "is missing: pass stage= here or to the client, or --stage to the command",
                ),
            )
            if violation
        ]
        if violations or actor is None or stage is None:
            raise InvalidSnapshotError(summary(violations, "The producer"), violations)
        return cls(actor, stage.lower())


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid snapshot and the blobs that must be uploaded before it.

    Attributes:
        snapshot: valid and hashed; components in `blobs` are references without a bucket.
        blobs: the blobs to upload, by kind.
    """

    snapshot: Snapshot
    blobs: Mapping[BlobKind, Blob]

    def body(self, refs: Mapping[BlobKind, BlobRef]) -> bytes:
        """Return the body to post, with the references that the hub issued for the blobs."""
        snapshot = self.snapshot.with_refs(refs) if refs else self.snapshot
        document = snapshot.to_document() | {"hash": snapshot.content_hash}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()

    def with_blobs_above(self, more_than_entries: float) -> Self:
        """Return a copy in which every inline component with more entries is a blob."""
        blobs = {
            component.kind: Blob(component.kind, b"", MemoryPayload(component.blob), component.sha256)
            for component in self.snapshot.components
            if component.blob is not None and component.entries > more_than_entries
        }
        if not blobs:
            return self
        refs = {kind: pending_ref(self.snapshot.world_id, blob) for kind, blob in blobs.items()}
        return replace(self, snapshot=self.snapshot.with_refs(refs), blobs={**self.blobs, **blobs})

    def fitting(self, inline_max_entries: float) -> Self:
        """Return a copy with large components as blobs, or with all of them if the body is still too large.

        Raises:
            InvalidSnapshotError: the body is still too large.
        """
        fitting = self.with_blobs_above(inline_max_entries)
        if len(fitting.body({})) > BODY_MAX_BYTES:
            fitting = self.with_blobs_above(0)
        size_bytes = len(fitting.body({}))
        if size_bytes > BODY_MAX_BYTES:
            violation = Violation(
                "",
                f"has {size_bytes} bytes without its large components; at most {BODY_MAX_BYTES} are allowed",
            )
            raise InvalidSnapshotError(summary([violation], "The body"), [violation])
        return fitting


def pending_ref(world_id: str, blob: Blob) -> BlobRef:
    """Return the reference of a blob before its upload."""
    uri = f"s3://{PLACEHOLDER_BUCKET}/{BLOB_PREFIX}/{world_id}/{blob.sha256}"
    return BlobRef(ref=uri, sha256=blob.sha256, bytes=blob.size_bytes, kind=blob.kind)


def prepare(
    world_id: str,
    document: Mapping[str, Any],
    producer: Producer,
    *,
    now: datetime,
    inline_max_entries: float,
) -> Prepared:
    """Validate a snapshot by the contract, as the hub does, and hash it.

    Args:
        world_id: the world.
        document: the fields of the contract; components may also be arrays, DataFrames, factor models, blobs
            (bytes or a file) or references.
        producer: the publishing actor and stage.
        now: the client's estimate of the hub's clock.
        inline_max_entries: larger components are uploaded as blobs.

    Raises:
        InvalidSnapshotError: the snapshot violates the contract; every violation found is listed.
    """
    require_text(world_id, "world_id")
    body = {
        field: value.document() if isinstance(value, BlobRef) else value
        for field, value in document.items()
        if value is not None
    }
    if "as_of" in body:
        body["as_of"] = convert_instant(body["as_of"], "/as_of")
    if "weights" in body:
        body["weights"] = convert_weights(body["weights"])
    blobs = dict(_component_blobs(body, inline_max_entries))
    for kind, blob in blobs.items():
        del body[kind]
        body[REF_FIELDS[kind]] = pending_ref(world_id, blob).document()
    snapshot = _validated(
        world_id, {name: to_json_value(value, f"/{name}") for name, value in body.items()}, producer, now
    )
    if "stress" in blobs:
        _require_possible_shocks(snapshot, blobs["stress"])
    return Prepared(snapshot, blobs).fitting(inline_max_entries)


def _require_possible_shocks(snapshot: Snapshot, blob: Blob) -> None:
    """Refuse a stress blob with a shock that takes more than an asset's whole value, as the hub does."""
    found = blob.decode_header()
    if not isinstance(found, Stress):
        return
    unlimited = snapshot.portfolio.unlimited_loss
    violations = list(shock_violations(found.scenarios, snapshot.weights, unlimited, "/stress"))
    if violations:
        raise InvalidSnapshotError(summary(violations, "The snapshot"), violations)


def _component_blobs(body: dict[str, Any], inline_max_entries: float) -> Iterator[tuple[BlobKind, Blob]]:
    """Convert every component to a form of the contract; yield those that become blobs."""
    weight_ids = list(body["weights"]) if isinstance(body.get("weights"), dict) else []
    for kind in KINDS:
        value = body.get(kind)
        if value is None:
            continue
        if _is_ref(value):
            body[REF_FIELDS[kind]] = body.pop(kind)
            continue
        if kind == "covariance":
            value = convert_covariance(value, weight_ids, inline_max_entries)
        elif kind == "realized_returns":
            value = convert_returns(value, weight_ids)
        elif isinstance(value, bytes | Path):
            value = load_blob(value, kind)
        body[kind] = value
        if isinstance(value, Blob):
            yield kind, value


def _is_ref(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, Mapping) and {"ref", "sha256"} <= set(value))


def _validated(world_id: str, body: dict[str, Any], producer: Producer, now: datetime) -> Snapshot:
    try:
        raw = json.dumps(body).encode()
        parsed: Any = strict_json.loads(raw, max_bytes=UNSENT_MAX_BYTES)
        return parse_snapshot_document(
            parsed, world_id=world_id, actor=producer.actor, stage=producer.stage, now=now
        )
    except ProblemError as problem:
        violations = list(non_finite_violations(body)) if problem.type == NON_FINITE_NUMBER else []
        if violations:
            raise InvalidSnapshotError(summary(violations, "The snapshot"), violations) from None
        raise InvalidSnapshotError.of(problem) from None
    except (TypeError, ValueError) as error:
        raise InvalidSnapshotError(f"this snapshot cannot be written as JSON: {error}") from None
