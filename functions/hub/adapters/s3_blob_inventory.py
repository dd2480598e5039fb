"""BlobInventory on S3."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.hub.adapters.aws import dependency
from functions.hub.blob_ports import ListedBlob
from functions.hub.ports import Dependency
from risk_hub_contracts.base.ids import sha256_violation
from risk_hub_contracts.blob.refs import BLOB_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

STORE = Dependency.BLOB_STORE
PAGE_MAX_KEYS = 1_000


@dataclass(frozen=True, slots=True)
class S3BlobInventory:
    """The objects under `risk-blobs/`, in the order of their keys."""

    s3: "S3Client"
    bucket: str

    def after(self, position: str | None) -> Sequence[ListedBlob]:
        """See BlobInventory; objects whose key is not a blob's name are skipped."""
        request: dict[str, Any] = {
            "Bucket": self.bucket,
            "Prefix": f"{BLOB_PREFIX}/",
            "MaxKeys": PAGE_MAX_KEYS,
            **({} if position is None else {"StartAfter": position}),
        }
        while True:
            with dependency(STORE):
                page = self.s3.list_objects_v2(**request)
            listed = page.get("Contents", [])
            blobs = [blob for item in listed if (blob := _blob(item)) is not None]
            if blobs or not listed or not page.get("IsTruncated"):
                return blobs
            request["StartAfter"] = listed[-1]["Key"]

    def position_of(self, blob: ListedBlob) -> str:
        """See BlobInventory."""
        return f"{BLOB_PREFIX}/{blob.world_id}/{blob.sha256}"

    def remove(self, blob: ListedBlob) -> None:
        """See BlobInventory."""
        with dependency(STORE):
            self.s3.delete_object(Bucket=self.bucket, Key=self.position_of(blob))


def _blob(item: "ObjectTypeDef") -> ListedBlob | None:
    _, world_id, sha256 = f"{item['Key']}//".split("/")[:3]
    named = item["Key"] == f"{BLOB_PREFIX}/{world_id}/{sha256}" and sha256_violation(sha256) is None
    return ListedBlob(world_id, sha256, item["LastModified"]) if named else None
