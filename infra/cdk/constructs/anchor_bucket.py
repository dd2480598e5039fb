"""The bucket of the anchors of evaluation runs, under Object Lock (ADR-0062)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.cdk.constructs.resource_policies import deny_deletion, deny_other_accounts, deny_overwriting
from infra.cdk.nag import acknowledge
from infra.names import ANCHOR_PREFIX

if TYPE_CHECKING:
    from infra.environments import EnvironmentSpec


class AnchorBucket(Construct):
    """A private, versioned bucket whose objects name their own lock: no principal can delete one before its end.

    The bucket stays when its stack is deleted, also on stages without kept data: its objects are locked.
    """

    def __init__(self, scope: Construct, construct_id: str, *, environment: EnvironmentSpec) -> None:
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
            object_lock_enabled=True,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        anchors = self.bucket.arn_for_objects(f"{ANCHOR_PREFIX}*")
        account = Stack.of(self).account
        self.bucket.add_to_resource_policy(
            deny_other_accounts("s3:*", [self.bucket.bucket_arn, self.bucket.arn_for_objects("*")], account)
        )
        self.bucket.add_to_resource_policy(deny_deletion("Anchor", anchors))
        if environment.retain_data:
            self.bucket.add_to_resource_policy(deny_overwriting("Anchor", anchors))
        acknowledge(
            self.bucket,
            {
                "AwsSolutions-S1": "Only anchor_keeper writes to this bucket, and its log names each anchor; "
                "a bucket with Object Lock cannot store access logs",
            },
        )
