"""The bucket of content-addressed components and bodies, and of history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.cdk.constructs.archive import BlobArchive
from infra.cdk.constructs.removal_policy import removal_policy_for
from infra.cdk.constructs.resource_policies import (
    deny_deletion,
    deny_other_accounts,
    deny_overwriting,
)
from infra.cdk.nag import acknowledge
from infra.names import HISTORY_PREFIX, UPLOAD_PREFIX

if TYPE_CHECKING:
    from infra.environments import EnvironmentSpec

ABANDONED_UPLOAD_DAYS: Final = 1
TIERING_AFTER_DAYS: Final = 30
OLD_VERSION_DAYS: Final = 90
# TTL removes the row of a segment within days after its retention ends; until then its object must exist.
HISTORY_EXPIRY_MARGIN_DAYS: Final = 30


class BlobBucket(Construct):
    """A private, encrypted bucket, TLS only, versioned if the stage keeps backups.

    No rule expires a blob by its age: it may be older than the newest snapshot that refers to it. Unfinished
    uploads are not blobs and do expire. Segments of history expire after the retention of the stage.
    """

    def __init__(self, scope: Construct, construct_id: str, *, environment: EnvironmentSpec) -> None:
        super().__init__(scope, construct_id)
        archive = self._archive(environment)
        self.archive = archive.bucket if archive else None
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=environment.point_in_time_recovery,
            removal_policy=removal_policy_for(environment),
            lifecycle_rules=[
                _cleanup_rule(),
                _upload_expiry_rule(),
                _history_expiry_rule(environment.history_retention_days),
            ],
            replication_role=archive.role if archive else None,
            replication_rules=archive.rules() if archive else None,
        )
        if archive is not None:
            archive.allow_replication_from(self.bucket)
        self.bucket.add_to_resource_policy(
            deny_other_accounts(
                "s3:*", [self.bucket.bucket_arn, self.bucket.arn_for_objects("*")], Stack.of(self).account
            )
        )
        if environment.retain_data:
            history = self.bucket.arn_for_objects(f"{HISTORY_PREFIX}*")
            self.bucket.add_to_resource_policy(deny_deletion("History", history))
            self.bucket.add_to_resource_policy(deny_overwriting("History", history))
        acknowledge(
            self.bucket,
            {
                "AwsSolutions-S1": "Only the functions' roles and their presigned URLs reach an object, and each "
                "request is in the function's log; server access logs would repeat it without the world",
            },
        )

    def _archive(self, environment: EnvironmentSpec) -> BlobArchive | None:
        if environment.archive_lock_days is None:
            return None
        return BlobArchive(self, "Archive", lock_days=environment.archive_lock_days)


def _cleanup_rule() -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id="upkeep",
        abort_incomplete_multipart_upload_after=Duration.days(ABANDONED_UPLOAD_DAYS),
        noncurrent_version_expiration=Duration.days(OLD_VERSION_DAYS),
        transitions=[
            s3.Transition(
                storage_class=s3.StorageClass.INTELLIGENT_TIERING,
                transition_after=Duration.days(TIERING_AFTER_DAYS),
            ),
        ],
    )


def _upload_expiry_rule() -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id="uploads",
        prefix=UPLOAD_PREFIX,
        expiration=Duration.days(ABANDONED_UPLOAD_DAYS),
        noncurrent_version_expiration=Duration.days(ABANDONED_UPLOAD_DAYS),
    )


def _history_expiry_rule(retention_days: int) -> s3.LifecycleRule:
    """Expire a segment after its row: S3 counts from the upload, which follows the commits of its snapshots."""
    return s3.LifecycleRule(
        id="history",
        prefix=HISTORY_PREFIX,
        expiration=Duration.days(retention_days + HISTORY_EXPIRY_MARGIN_DAYS),
    )
