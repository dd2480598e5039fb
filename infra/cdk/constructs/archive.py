"""The archive: copies of stored data that even an account administrator cannot delete early (ADR-0024)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_backup as backup
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import names
from infra.cdk.constructs.resource_policies import deny_other_accounts
from infra.cdk.nag import acknowledge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_dynamodb as dynamodb

BACKUP_HOUR_UTC: Final = "3"
COLD_STORAGE_AFTER_DAYS: Final = 30
LOCK_CHANGEABLE_DAYS: Final = 3
REPLICATION_READ_ACTIONS: Final = (
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionTagging",
)
ARCHIVED_PREFIXES: Final = (names.BODY_PREFIX, names.BLOB_PREFIX, names.HISTORY_PREFIX)


class BlobArchive(Construct):
    """A second bucket under Object Lock, into which S3 replicates blobs, bodies and history but no deletions.

    In compliance mode, no principal can delete or overwrite a copy before its retention ends.
    """

    def __init__(self, scope: Construct, construct_id: str, *, lock_days: int) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            object_lock_default_retention=s3.ObjectLockRetention.compliance(Duration.days(lock_days)),
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        self.bucket.add_to_resource_policy(
            deny_other_accounts(
                "s3:*", [self.bucket.bucket_arn, self.bucket.arn_for_objects("*")], Stack.of(self).account
            )
        )
        acknowledge(
            self.bucket,
            {
                "AwsSolutions-S1": "Only S3 replication writes to this bucket and nothing reads from it; "
                "a bucket with Object Lock cannot store access logs",
            },
        )

        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("s3.amazonaws.com"),
            description="Lets S3 copy blobs, bodies and history into the archive, but not deletions",
        )

    def allow_replication_from(self, source: s3.Bucket) -> None:
        """Let S3 read the source bucket and write the copies here."""
        prefixes = [source.arn_for_objects(f"{prefix}*") for prefix in ARCHIVED_PREFIXES]
        self._allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], [source.bucket_arn])
        self._allow(REPLICATION_READ_ACTIONS, prefixes)
        self._allow(["s3:ReplicateObject"], [self.bucket.arn_for_objects("*")])
        stack = Stack.of(self)
        for bucket, pattern in ((self.bucket, "*"), *((source, f"{each}*") for each in ARCHIVED_PREFIXES)):
            logical_id = stack.get_logical_id(cast("s3.CfnBucket", bucket.node.default_child))
            finding = f"AwsSolutions-IAM5[Resource::<{logical_id}.Arn>/{pattern}]"
            acknowledge(
                self.role,
                {finding: "S3 copies each object under its own key, so the keys cannot be listed in advance"},
            )

    def _allow(self, actions: Sequence[str], resources: Sequence[str]) -> None:
        self.role.add_to_policy(iam.PolicyStatement(actions=[*actions], resources=[*resources]))

    def rules(self) -> list[s3.ReplicationRule]:
        """Return the replication rules of an archived bucket; they do not replicate deletions."""
        return [
            s3.ReplicationRule(
                destination=self.bucket,
                id=prefix.rstrip("/"),
                filter=s3.Filter(prefix=prefix),
                priority=priority,
                delete_marker_replication=False,
                storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
            )
            for priority, prefix in enumerate(ARCHIVED_PREFIXES, start=1)
        ]


class TableArchive(Construct):
    """A weekly backup of each table, in a vault that is locked like the bucket."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage_name: str,
        tables: Sequence[dynamodb.Table],
        lock_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        kept = Duration.days(lock_days)
        vault = backup.BackupVault(
            self,
            "Vault",
            backup_vault_name=names.physical_name(stage_name, "archive"),
            lock_configuration=backup.LockConfiguration(
                min_retention=kept, changeable_for=Duration.days(LOCK_CHANGEABLE_DAYS)
            ),
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        plan = backup.BackupPlan(
            self, "Plan", backup_plan_name=names.physical_name(stage_name, "archive"), backup_vault=vault
        )
        plan.add_rule(
            backup.BackupPlanRule(
                rule_name="weekly",
                schedule_expression=events.Schedule.cron(hour=BACKUP_HOUR_UTC, minute="0", week_day="SUN"),
                delete_after=kept,
                move_to_cold_storage_after=Duration.days(COLD_STORAGE_AFTER_DAYS),
            )
        )
        plan.add_selection(
            "Tables",
            resources=[backup.BackupResource.from_dynamo_db_table(table) for table in tables],
            role=self._role(stage_name),
        )

    def _role(self, stage_name: str) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("backup.amazonaws.com"),
            description=f"Lets AWS Backup read the tables of stage {stage_name}",
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name(
                    "service-role/AWSBackupServiceRolePolicyForBackup"
                )
            ],
        )
        acknowledge(
            role,
            {
                "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
                "AWSBackupServiceRolePolicyForBackup]": "The AWS managed policy for backups; AWS updates "
                "it when the service changes, and it grants no restore",
            },
        )
        return role
