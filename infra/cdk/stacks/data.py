"""Resources that must outlive every deployment of code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Stack

from infra import names
from infra.cdk.constructs.api_domain import ApiDomain
from infra.cdk.constructs.archive import TableArchive
from infra.cdk.constructs.blob_bucket import BlobBucket
from infra.cdk.constructs.boundary import set_boundary
from infra.cdk.constructs.tables import HubTables
from infra.cdk.constructs.token_secret import TokenSecret

if TYPE_CHECKING:
    from constructs import Construct

    from infra.environments import Stage


class DataStack(Stack):
    """Tables, bucket, secret: no code, and no resource that a code change can replace."""

    def __init__(self, scope: Construct, *, stage: Stage) -> None:
        name = names.stack_name(stage.name, "data")
        super().__init__(
            scope,
            name,
            description=f"Risk hub, stage {stage.name}: what is stored",
            termination_protection=stage.deletion_protection,
            tags=names.cost_tags(stage.name),
        )
        set_boundary(self, stage.permissions_boundary)
        tables = HubTables(self, "Tables", stage=stage)
        self.snapshots, self.worlds, self.evaluations = tables.snapshots, tables.worlds, tables.evaluations
        self.marks = tables.marks
        self.bucket = BlobBucket(self, "Blobs", stage=stage).bucket
        if stage.archive_lock_days is not None:
            TableArchive(
                self,
                "Archive",
                stage_name=stage.name,
                tables=[self.snapshots, self.worlds, self.evaluations, self.marks],
                lock_days=stage.archive_lock_days,
            )
        if stage.custom_domain is not None:
            ApiDomain(self, "ApiDomain", stage=stage, domain=stage.custom_domain)
        self.tokens = TokenSecret(self, "Access", stage=stage).secret
        CfnOutput(self, "SnapshotsTableName", value=self.snapshots.table_name)
        CfnOutput(self, "WorldsTableName", value=self.worlds.table_name)
        CfnOutput(self, "EvaluationsTableName", value=self.evaluations.table_name)
        CfnOutput(self, "MarksTableName", value=self.marks.table_name)
        CfnOutput(self, "BucketName", value=self.bucket.bucket_name)
        CfnOutput(self, "TokensSecretArn", value=self.tokens.secret_arn)
