"""Ports for blobs that producers upload themselves, and for the removal of unreferenced blobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from functions.hub.domain.blob_marks import Claim
    from risk_hub_contracts.blob.refs import BlobRef
    from risk_hub_contracts.blob.uploads import PartSpan


class UploadNotFoundError(Exception):
    """The multipart upload does not exist, nor does the object it would have been completed to."""


class UploadInProgressError(Exception):
    """The store needs more time to complete the upload than one request has; the next request continues."""


class UploadMismatchError(Exception):
    """The uploaded bytes have another size or digest than announced; no blob was stored under that name."""


@dataclass(frozen=True, slots=True)
class SignedPut:
    """A presigned PUT. Any holder may send it; the store accepts only the bytes that it was signed for."""

    url: str
    headers: Mapping[str, str]


class BlobUploads(Protocol):
    """Uploads of large blobs directly to the store, without passing through the hub.

    Every reference given here has its size. Every method may raise DependencyUnavailableError.
    """

    def ref(self, world_id: str, sha256: str) -> str:
        """Return the address of a world's blob."""

    def sign_put(self, ref: BlobRef) -> SignedPut:
        """Return the PUT that stores the blob; it signs kind, size and digest and overwrites no blob."""

    def begin(self, ref: BlobRef) -> str:
        """Begin a multipart upload and return its id."""

    def sign_part(self, ref: BlobRef, upload_id: str, part: PartSpan, sha256: str) -> SignedPut:
        """Return the PUT of one part: its size and digest are signed."""

    def complete(self, ref: BlobRef, upload_id: str) -> None:
        """Join the parts into one blob whose digest the store itself has computed.

        Each call continues from the progress of earlier calls, so repeated calls finish; concurrent calls are
        safe.

        Raises:
            UploadNotFoundError: the upload is unknown, or the blob is so small that it has no parts.
            UploadInProgressError: this call ended before the blob was complete; another call continues.
            UploadMismatchError: a part is missing, or the whole differs in size or digest.
        """

    def abort(self, ref: BlobRef, upload_id: str) -> None:
        """Remove the upload and its parts; an unknown upload is ignored."""


class BlobClaims(Protocol):
    """The marks as writers use them; reads are strongly consistent. May raise DependencyUnavailableError."""

    def claim(self, world_id: str, sha256: str, claim: Claim, retain_until: datetime) -> None:
        """Store the claim, or renew it."""

    def is_leased(self, world_id: str, sha256: str, now: datetime) -> bool:
        """Return whether a deletion lease is held on the blob."""


class BlobMarks(Protocol):
    """The marks as the reaper uses them; reads are strongly consistent. May raise DependencyUnavailableError."""

    def claims(self, world_id: str, sha256: str) -> Sequence[Claim]:
        """Return every claim on the blob."""

    def lease(self, world_id: str, sha256: str, owner: str, now: datetime, until: datetime) -> bool:
        """Take the blob's deletion lease if it is free or has ended; return whether `owner` holds it now."""

    def release(self, world_id: str, sha256: str, owner: str) -> None:
        """Release the deletion lease if `owner` holds it."""

    def remove_claim(self, world_id: str, sha256: str, claim: Claim) -> None:
        """Remove the claim unless it has been renewed since it was read."""

    def position(self) -> str | None:
        """Return where the reaper's last run stopped; None when it reached the end."""

    def save_position(self, position: str | None) -> None:
        """Store where this run stopped."""


@dataclass(frozen=True, slots=True)
class ListedBlob:
    """A blob as the store lists it."""

    world_id: str
    sha256: str
    stored_at: datetime


class BlobInventory(Protocol):
    """All blobs of all worlds in the store's order. Every method may raise DependencyUnavailableError."""

    def after(self, position: str | None) -> Sequence[ListedBlob]:
        """Return the next blobs after a place in the store's order; an empty result means the end."""

    def position_of(self, blob: ListedBlob) -> str:
        """Return the blob's own place."""

    def remove(self, blob: ListedBlob) -> None:
        """Remove the blob; succeed if it does not exist."""


class StoredHashes(Protocol):
    """Content hashes of stored snapshots. May raise DependencyUnavailableError."""

    def content_hash(self, world_id: str, version: str) -> str | None:
        """Return the content hash of a stored snapshot, or None; strongly consistent."""
