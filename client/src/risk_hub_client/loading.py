"""Existing blobs from bytes or files, validated before they are sent; an error names the file."""

from collections.abc import Collection
from pathlib import Path

from risk_hub_client.blobs import Blob
from risk_hub_client.checks import blob_violations
from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_client.labels import violation_error
from risk_hub_contracts.base.problems import Violation, summary
from risk_hub_contracts.blob.types import BlobFormatError, BlobKind

__all__ = ["blob_or_raise", "load_blob", "validate_blob"]


def load_blob(value: bytes | Path, kind: BlobKind, weight_ids: Collection[str] = ()) -> Blob:
    """Return an existing blob after checking its kind and content.

    A payload with -0.0 is sent with 0.0 instead, so that its digest is that of the same numbers inline.

    Raises:
        InvalidSnapshotError: it is not a blob of this kind, or its content violates the contract.
    """
    try:
        return _load(value, kind, weight_ids)
    except InvalidSnapshotError as error:
        raise (error.in_file(value) if isinstance(value, Path) else error) from None


def _load(value: bytes | Path, kind: BlobKind, weight_ids: Collection[str]) -> Blob:
    try:
        blob = Blob.of_bytes(value) if isinstance(value, bytes) else Blob.of_file(value)
    except BlobFormatError as error:
        raise violation_error(f"/{kind}", str(error)) from None
    if blob.kind != kind:
        raise violation_error(f"/{kind}", f"this blob is of kind {blob.kind}: give one of kind {kind}")
    return validate_blob(blob, weight_ids).without_negative_zeros()


def validate_blob(blob: Blob, weight_ids: Collection[str]) -> Blob:
    """Return a blob unchanged after validating its content.

    Raises:
        InvalidSnapshotError: the content violates the contract.
    """
    try:
        violations = list(blob_violations(blob, weight_ids))
    except BlobFormatError as error:
        raise violation_error(f"/{blob.kind}", str(error)) from None
    return blob_or_raise(violations or blob)


def blob_or_raise(blob: Blob | list[Violation]) -> Blob:
    """Return a blob, or raise its violations."""
    if isinstance(blob, Blob):
        return blob
    raise InvalidSnapshotError(summary(blob, "The snapshot"), blob)
