"""In-memory uploads into MemoryBlobs: a store that verifies signed values, as S3 does."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from functions.hub.blob_ports import (
    SignedPut,
    UploadInProgressError,
    UploadMismatchError,
    UploadNotFoundError,
)
from risk_hub_contracts.blob.refs import BlobRef
from risk_hub_contracts.blob.uploads import PartSpan, part_spans
from tests.fakes.stores import MemoryBlobs


def checksum(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()


@dataclass
class MemoryUploads:
    blobs: MemoryBlobs
    begun: dict[str, dict[int, bytes]] = field(default_factory=dict)
    refs: dict[str, BlobRef] = field(default_factory=dict)
    completions_in_progress: int = 0

    def ref(self, world_id: str, sha256: str) -> str:
        return f"s3://{self.blobs.bucket}/risk-blobs/{world_id}/{sha256}"

    def sign_put(self, ref: BlobRef) -> SignedPut:
        self.refs[ref.ref] = ref
        headers = {
            **signed_headers(ref.bytes or 0, ref.sha256),
            "If-None-Match": "*",
            "x-amz-meta-kind": ref.kind,
        }
        return SignedPut(f"https://blobs.invalid/?ref={ref.ref}", headers)

    def begin(self, ref: BlobRef) -> str:  # noqa: ARG002
        upload_id = secrets.token_hex(8)
        self.begun[upload_id] = {}
        return upload_id

    def sign_part(self, ref: BlobRef, upload_id: str, part: PartSpan, sha256: str) -> SignedPut:  # noqa: ARG002
        url = f"https://blobs.invalid/?upload={upload_id}&part={part.number}"
        return SignedPut(url, signed_headers(part.size_bytes, sha256))

    def complete(self, ref: BlobRef, upload_id: str) -> None:
        if upload_id not in self.begun or not list(part_spans(ref.bytes or 0)):
            raise UploadNotFoundError("this upload is unknown")
        parts = self.begun[upload_id]
        if sorted(parts) != [span.number for span in part_spans(ref.bytes or 0)]:
            raise UploadMismatchError("parts are missing")
        data = b"".join(parts[number] for number in sorted(parts))
        if (len(data), hashlib.sha256(data).hexdigest()) != (ref.bytes, ref.sha256):
            raise UploadMismatchError("the whole has another digest")
        if self.completions_in_progress:
            self.completions_in_progress -= 1
            raise UploadInProgressError("the blob store is still assembling the blob")
        self.blobs.objects.setdefault(ref.ref, (ref.kind, data))
        del self.begun[upload_id]

    def abort(self, ref: BlobRef, upload_id: str) -> None:  # noqa: ARG002
        self.begun.pop(upload_id, None)

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Answer a signed PUT with S3's status."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        if headers["x-amz-checksum-sha256"] != checksum(hashlib.sha256(body).hexdigest()):
            return 400
        if "upload" in query:
            if query["upload"] not in self.begun:
                return 404
            self.begun[query["upload"]][int(query["part"])] = body
            return 200
        if query["ref"] in self.blobs.objects:
            return 412
        self.blobs.objects[query["ref"]] = (self.refs[query["ref"]].kind, body)
        return 200


def signed_headers(size_bytes: int, sha256: str) -> dict[str, str]:
    return {"Content-Length": str(size_bytes), "x-amz-checksum-sha256": checksum(sha256)}
