"""Remove a stage that keeps no data: empty its bucket and destroy its stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra import names
from infra.ops.deploy import release
from infra.ops.deploy.errors import DeployError
from infra.recovery.errors import sentence
from infra.environments import STAGES

if TYPE_CHECKING:
    from infra.ops.deploy.release import Order
    from infra.ops.deploy.toolkit import Toolkit
    from infra.ops.operate.stage_access import Clients


def destroy(order: Order, aws: Clients, toolkit: Toolkit) -> None:
    """Empty the stage's bucket and destroy its stacks after a person has typed its name.

    Raises:
        DeployError: the stage's data must outlive its stacks, or the operator did not confirm.
    """
    stage = STAGES[order.stage]
    if stage.retain_data or stage.deletion_protection:
        raise DeployError(
            f"Stage {order.stage} keeps its data whatever happens to its stacks: no command destroys it."
        )
    release.checked(order, aws)
    if not order.confirmed:
        release.ask(order.stage, "Destroy the stage, with all that it stores?")
    _empty_bucket(aws, order.stage)
    toolkit.run("destroy", *order.stacks, "--force")


def _empty_bucket(aws: Clients, stage: str) -> None:
    bucket, s3 = _bucket(aws, stage), aws.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
        if keys:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})


def _bucket(aws: Clients, stage: str) -> str:
    stack = names.stack_name(stage, "data")
    try:
        found: dict[str, Any] = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        raise DeployError(f"{stack} cannot be seen: {sentence(error)}") from error
    outputs = {each["OutputKey"]: str(each["OutputValue"]) for each in found["Outputs"]}
    return outputs["BucketName"]
