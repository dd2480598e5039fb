"""What the hub needs for blobs that producers upload themselves, and for those that nobody needs any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from functions.hub.domain.blob_marks import Claim
    from risk_hub_contracts.refs import BlobRef
    from risk_hub_contracts.uploads import PartSpan


class NoUploadError(Exception):
    """There is no such multipart upload, nor what it was completed to."""


class UploadInProgressError(Exception):
    """The store needs more time to complete the upload than one request has; the next request continues."""


class UploadMismatchError(Exception):
    """What was uploaded has another size or digest than was announced; nothing was stored under the blob's name."""


@dataclass(frozen=True, slots=True)
class SignedPut:
    """A PUT that whoever holds it may send: the store refuses any other bytes than those it was signed for."""

    url: str
    headers: Mapping[str, str]


class BlobUploads(Protocol):
    """The way of a large blob past the hub into its store. Every method may raise UnavailableError.

    Every reference given here has its size.
    """

    def ref(self, world_id: str, sha256: str) -> str:
        """Return the address of a world's blob."""

    def sign_put(self, ref: BlobRef) -> SignedPut:
        """Return the PUT that stores the blob: kind, size and digest are signed, and a blob that is there stays."""

    def begin(self, ref: BlobRef) -> str:
        """Begin a multipart upload and return its id."""

    def sign_part(self, ref: BlobRef, upload_id: str, part: PartSpan, sha256: str) -> SignedPut:
        """Return the PUT of one part: its size and digest are signed."""

    def complete(self, ref: BlobRef, upload_id: str) -> None:
        """Make the parts one blob whose digest the store has computed itself.

        Each call continues from what earlier calls reached, so repeated calls end; concurrent ones do no harm.

        Raises:
            NoUploadError: the upload is unknown, or the blob is so small that it has no parts.
            UploadInProgressError: this call ended before the blob was complete; another call continues.
            UploadMismatchError: a part is missing, or the whole has another size or digest.
        """

    def abort(self, ref: BlobRef, upload_id: str) -> None:
        """Forget the upload and its parts; one that is unknown is none."""


class BlobClaims(Protocol):
    """The marks as whoever wants a blob meets them; reads are strongly consistent. May raise UnavailableError."""

    def claim(self, world_id: str, sha256: str, claim: Claim, retain_until: datetime) -> None:
        """Put the claim, or renew it."""

    def is_doomed(self, world_id: str, sha256: str, now: datetime) -> bool:
        """Tell whether the reaper is about to remove the blob."""


class BlobMarks(Protocol):
    """The marks as the reaper meets them; reads are strongly consistent. May raise UnavailableError."""

    def claims(self, world_id: str, sha256: str) -> Sequence[Claim]:
        """Return every claim on the blob."""

    def doom(self, world_id: str, sha256: str, owner: str, now: datetime, until: datetime) -> bool:
        """Put the one doom of the blob, or take over one that has ended; tell whether it is `owner`'s now."""

    def spare(self, world_id: str, sha256: str, owner: str) -> None:
        """Remove the doom if it is `owner`'s."""

    def withdraw(self, world_id: str, sha256: str, claim: Claim) -> None:
        """Remove the claim unless it was renewed since."""

    def place(self) -> str | None:
        """Return where the reaper's last run stopped; None when it came to the end."""

    def keep_place(self, place: str | None) -> None:
        """Keep where this run stopped."""


@dataclass(frozen=True, slots=True)
class ShelvedBlob:
    """A blob as the store lists it."""

    world_id: str
    sha256: str
    stored_at: datetime


class BlobShelf(Protocol):
    """All blobs of all worlds, one after the other. Every method may raise UnavailableError."""

    def after(self, place: str | None) -> Sequence[ShelvedBlob]:
        """Return the next blobs after a place in the store's order; none: there are no more."""

    def place_of(self, blob: ShelvedBlob) -> str:
        """Return the blob's own place."""

    def remove(self, blob: ShelvedBlob) -> None:
        """Remove the blob; one that is gone is removed."""


class StoredHashes(Protocol):
    """What stands under a version. May raise UnavailableError."""

    def content_hash(self, world_id: str, version: str) -> str | None:
        """Return the content hash of a stored snapshot, or None; strongly consistent."""
