"""Legal holds on the archive's copies of a world: S3 deletes no held copy, also after its lock has ended."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from infra import names
from infra.ops.operate.stage_access import Clients
from infra.recovery.errors import OperateError, error_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import ObjectLockLegalHoldStatusType

ARCHIVE_OUTPUT: Final = "ArchiveBucketName"
NO_HOLD: Final = "NoSuchObjectLockConfiguration"


@dataclass(frozen=True, slots=True)
class HoldCounts:
    """Copies of one world in the archive.

    Attributes:
        copies: number of copies; each version of an object is one.
        held: number of copies under a legal hold.
    """

    copies: int
    held: int


@dataclass(frozen=True, slots=True)
class _Copy:
    key: str
    version_id: str


@dataclass(frozen=True, slots=True)
class Archive:
    """The bucket under Object Lock that holds the copies of history, bodies and blobs."""

    s3: "S3Client"
    bucket: str

    def set_hold(self, world_id: str, *, on: bool) -> Iterator[HoldCounts]:
        """Set or remove the hold of every copy of a world; yield the counts after each.

        Running it again changes nothing, and includes the copies that were added meanwhile.
        """
        status: ObjectLockLegalHoldStatusType = "ON" if on else "OFF"
        for count, copy in enumerate(self._copies(world_id), start=1):
            self.s3.put_object_legal_hold(
                Bucket=self.bucket, Key=copy.key, VersionId=copy.version_id, LegalHold={"Status": status}
            )
            yield HoldCounts(count, count if on else 0)

    def counts(self, world_id: str) -> Iterator[HoldCounts]:
        """Count the copies of a world and those that are held; yield the counts after each."""
        held = 0
        for count, copy in enumerate(self._copies(world_id), start=1):
            held += self._is_held(copy)
            yield HoldCounts(count, held)

    def _copies(self, world_id: str) -> Iterator[_Copy]:
        pages = self.s3.get_paginator("list_object_versions")
        for prefix in world_prefixes(world_id):
            for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
                for each in page.get("Versions", []):
                    yield _Copy(each["Key"], each["VersionId"])

    def _is_held(self, copy: _Copy) -> bool:
        try:
            answer = self.s3.get_object_legal_hold(
                Bucket=self.bucket, Key=copy.key, VersionId=copy.version_id
            )
        except ClientError as error:
            if error_code(error) != NO_HOLD:
                raise
            return False
        return answer["LegalHold"].get("Status") == "ON"


def archive_of(aws: Clients, stage: str) -> Archive:
    """Return the archive of a stage.

    Raises:
        OperateError: the stage has no archive.
    """
    stack = names.stack_name(stage, "data")
    found: dict[str, Any] = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {each["OutputKey"]: str(each["OutputValue"]) for each in found.get("Outputs", [])}
    if ARCHIVE_OUTPUT not in outputs:
        raise OperateError(
            f"Stage {stage} has no archive, so its copies cannot be held: only a stage with archive_lock_days, such as "
            "prod, copies its history under Object Lock."
        )
    return Archive(aws.client("s3"), outputs[ARCHIVE_OUTPUT])


def world_prefixes(world_id: str) -> tuple[str, ...]:
    """Return the prefixes of everything that the archive holds of one world."""
    history = f"{names.HISTORY_PREFIX}snapshots/world_id={world_id}/"
    return (history, f"{names.BODY_PREFIX}{world_id}/", f"{names.BLOB_PREFIX}{world_id}/")
