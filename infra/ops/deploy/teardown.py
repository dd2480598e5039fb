"""Delete a stage whose data is not retained: empty its bucket and destroy its stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra import names
from infra.environments import ENVIRONMENTS
from infra.errors import DeployError
from infra.ops.deploy import release
from infra.recovery.errors import error_text

if TYPE_CHECKING:
    from infra.ops.deploy.release import ReleaseRequest
    from infra.ops.deploy.toolkit import Toolkit
    from infra.ops.operate.stage_access import Clients


def destroy(request: ReleaseRequest, aws: Clients, toolkit: Toolkit) -> None:
    """Empty the stage's bucket and destroy its stacks after a person has typed its name.

    Raises:
        DeployError: the stage's data must outlive its stacks, or the operator did not confirm.
    """
    environment = ENVIRONMENTS[request.stage]
    if environment.retain_data or environment.deletion_protection:
        raise DeployError(
            f"Stage {request.stage} keeps its data when its stacks are deleted: no command destroys it."
        )
    release.check_assembly(request, aws)
    if not request.confirmed:
        release.require_confirmation(request.stage, "Destroy the stage and all data stored in it?")
    _empty_bucket(aws, request.stage)
    toolkit.run("destroy", *request.stacks, "--force")


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
        raise DeployError(f"{stack} cannot be read: {error_text(error)}") from error
    outputs = {each["OutputKey"]: str(each["OutputValue"]) for each in found["Outputs"]}
    return outputs["BucketName"]
