"""Give a reader a download URL for a world's blob."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from functions.hub.ports import BlobError, BlobStore, Clock
from risk_hub_contracts.base.limits import DOWNLOAD_URL_TTL_SECONDS
from risk_hub_contracts.base.problems import BLOB_NOT_FOUND, ProblemError
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.blob.read import KIND_READ_BYTES, says_kind
from risk_hub_contracts.blob.refs import BLOB_PREFIX, BlobRef
from risk_hub_contracts.snapshot.request import KINDS


@dataclass(frozen=True, slots=True)
class ReadBlob:
    """Sign a short-lived URL for a blob that exists and matches its digest."""

    blobs: BlobStore
    clock: Clock

    def __call__(self, world_id: str, sha256: str) -> dict[str, Any]:
        """Return the blob's reference, and a URL with the end of its validity.

        Raises:
            ProblemError: `blob-not-found`.
            DependencyUnavailableError: the store did not answer.
        """
        uri = f"s3://{self.blobs.bucket}/{BLOB_PREFIX}/{world_id}/{sha256}"
        ref = BlobRef(ref=uri, sha256=sha256, bytes=None, kind="covariance")
        expires_at = self.clock() + timedelta(seconds=DOWNLOAD_URL_TTL_SECONDS)
        stat = self.blobs.stat(ref)
        if stat is None or stat.sha256 != sha256 or stat.kind not in KINDS:
            raise ProblemError(BLOB_NOT_FOUND, f"no blob {sha256} in world {world_id!r}")
        return {
            "ref": {
                "ref": uri,
                "sha256": sha256,
                "bytes": stat.size_bytes,
                "kind": self._kind(ref, stat.kind),
            },
            "download_url": self.blobs.download_url(ref),
            "expires_at": format_instant(expires_at),
        }

    def _kind(self, ref: BlobRef, stated: str) -> str:
        """Return the kind that the first line of the file names: the producer may have stated another one.

        A file whose first line cannot be read, or names no kind, has the stated kind.
        """
        try:
            head = self.blobs.head(ref, KIND_READ_BYTES)
        except BlobError:
            return stated
        data = b"" if head is None else head.data
        return next((kind for kind in KINDS if says_kind(data, kind)), stated)
