"""What the hub needs for blobs that producers upload themselves, and for those that nobody needs any more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from risk_hub_contracts.refs import BlobRef
from risk_hub_contracts.uploads import PartSpan


class NoUploadError(Exception):
    """There is no such multipart upload, nor what it was completed to."""


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
        """Make the parts one blob, whose digest the store computes anew; repeating it after any failure is safe.

        Raises:
            NoUploadError: the upload is unknown.
            UploadMismatchError: a part is missing, or the whole has another size or digest.
        """

    def abort(self, ref: BlobRef, upload_id: str) -> None:
        """Forget the upload and its parts; one that is unknown is none."""
