"""Resources that must outlive every deployment of code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Stack

from infra import names
from infra.cdk.constructs.anchor_bucket import AnchorBucket
from infra.cdk.constructs.api_domain import ApiDomain
from infra.cdk.constructs.archive import TableArchive
from infra.cdk.constructs.blob_bucket import BlobBucket
from infra.cdk.constructs.boundary import set_boundary
from infra.cdk.constructs.history_catalog import HistoryCatalog
from infra.cdk.constructs.tables import HubTables
from infra.cdk.constructs.token_secret import TokenSecret

if TYPE_CHECKING:
    from aws_cdk import aws_dynamodb as dynamodb
    from constructs import Construct

    from infra.environments import EnvironmentSpec


class DataStack(Stack):
    """Tables, bucket, secret, catalog of the history: no code, and no resource that a code change can replace."""

    def __init__(self, scope: Construct, *, environment: EnvironmentSpec) -> None:
        name = names.stack_name(environment.name, "data")
        super().__init__(
            scope,
            name,
            description=f"Risk hub, stage {environment.name}: tables, bucket and token secret",
            termination_protection=environment.deletion_protection,
            tags=names.cost_tags(environment.name),
        )
        set_boundary(self, environment.permissions_boundary)
        tables = HubTables(self, "Tables", environment=environment)
        self.snapshots, self.worlds, self.evaluations = tables.snapshots, tables.worlds, tables.evaluations
        self.marks, self.segments, self.policies = tables.marks, tables.segments, tables.policies
        self.evaluation_runs = tables.evaluation_runs
        if tables.old_snapshots is not None:
            self._export_for_release_1(tables.old_snapshots)
        blobs = BlobBucket(self, "Blobs", environment=environment)
        self.bucket = blobs.bucket
        self.anchors = AnchorBucket(self, "Anchors", environment=environment).bucket
        HistoryCatalog(self, "History", environment=environment, bucket=self.bucket)
        if environment.archive_lock_days is not None:
            TableArchive(
                self,
                "Archive",
                stage_name=environment.name,
                tables=[
                    *(self.snapshots, self.worlds, self.evaluations),
                    *(self.marks, self.segments, self.policies, self.evaluation_runs),
                ],
                lock_days=environment.archive_lock_days,
            )
        if environment.custom_domain is not None:
            ApiDomain(self, "ApiDomain", environment=environment, domain=environment.custom_domain)
        self.tokens = TokenSecret(self, "Access", environment=environment).secret
        CfnOutput(self, "SnapshotsTableName", value=self.snapshots.table_name)
        CfnOutput(self, "WorldsTableName", value=self.worlds.table_name)
        CfnOutput(self, "EvaluationsTableName", value=self.evaluations.table_name)
        CfnOutput(self, "MarksTableName", value=self.marks.table_name)
        CfnOutput(self, "SegmentsTableName", value=self.segments.table_name)
        CfnOutput(self, "PoliciesTableName", value=self.policies.table_name)
        CfnOutput(self, "EvaluationRunsTableName", value=self.evaluation_runs.table_name)
        CfnOutput(self, "AnchorBucketName", value=self.anchors.bucket_name)
        CfnOutput(self, "BucketName", value=self.bucket.bucket_name)
        if blobs.archive is not None:
            CfnOutput(self, "ArchiveBucketName", value=blobs.archive.bucket_name)
        CfnOutput(self, "TokensSecretArn", value=self.tokens.secret_arn)

    def _export_for_release_1(self, table: dynamodb.Table) -> None:
        """Export what the service stack of release 1.0 imports: CloudFormation removes no export that is imported."""
        for value in (table.table_name, table.table_arn, table.table_stream_arn):
            self.export_value(value)
