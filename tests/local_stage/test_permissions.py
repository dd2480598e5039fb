"""With policies enforced, as on AWS: each role suffices for its function, and permits nothing else."""

from typing import Any

import pytest

from infra.functions import FUNCTION_FOLDERS
from infra.local.bring_up import RunningStage
from infra.local.secret_grants import with_secret_arn
from infra.names import FunctionFolder, physical_name
from tests.local_stage.probe import Probe, create_probe

KEY = {"world_id": {"S": "any"}, "version": {"S": "any"}}


@pytest.fixture(scope="module")
def probes(stage: RunningStage) -> dict[FunctionFolder, Probe]:
    """One probe per hub function, running with that function's role."""
    configuration = stage.aws.client("lambda").get_function_configuration
    return {
        folder: create_probe(stage.aws, configuration(FunctionName=physical_name("local", folder))["Role"])
        for folder in FUNCTION_FOLDERS
    }


def call_code(probe: Probe, service: str, operation: str, **arguments: object) -> str:
    """Return the result of one call: "allowed", or the code of the error."""
    seen: dict[str, Any] = probe(calls=[{"service": service, "operation": operation, "arguments": arguments}])
    return str(seen["called"][0])


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_no_role_can_delete_a_snapshot_and_only_the_mover_can_change_one(
    stage: RunningStage, probes: dict[FunctionFolder, Probe], folder: FunctionFolder
) -> None:
    table = stage.deployment.outputs["SnapshotsTableName"]
    for operation in ("delete_item", "update_item"):
        moving = folder == "snapshot_mover" and operation == "update_item"
        answer = call_code(probes[folder], "dynamodb", operation, TableName=table, Key=KEY)
        assert answer == ("allowed" if moving else "AccessDeniedException")


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_only_the_reaper_can_delete_blobs_and_no_role_other_objects(
    stage: RunningStage, probes: dict[FunctionFolder, Probe], folder: FunctionFolder
) -> None:
    bucket = stage.deployment.outputs["BucketName"]
    for prefix in ("risk-blobs", "risk-bodies", "risk-uploads", "risk-history"):
        reaping = folder == "blob_reaper" and prefix == "risk-blobs"
        answer = call_code(probes[folder], "s3", "delete_object", Bucket=bucket, Key=f"{prefix}/any/any")
        assert answer == ("allowed" if reaping else "AccessDenied")


def test_reader_role_can_read_but_not_write(stage: RunningStage, probes: dict[FunctionFolder, Probe]) -> None:
    table = stage.deployment.outputs["SnapshotsTableName"]
    reader = probes["snapshot_reader"]
    assert call_code(reader, "dynamodb", "get_item", TableName=table, Key=KEY) == "allowed"
    assert call_code(reader, "dynamodb", "put_item", TableName=table, Item=KEY) == "AccessDeniedException"


@pytest.mark.parametrize("operation", ["get_object", "head_object"])
def test_missing_object_is_access_denied_without_list_permission(
    stage: RunningStage, probes: dict[FunctionFolder, Probe], operation: str
) -> None:
    missing = {"Bucket": stage.deployment.outputs["BucketName"], "Key": "risk-bodies/any/missing"}
    assert call_code(probes["snapshot_reader"], "s3", operation, **missing) in {"NoSuchKey", "404"}
    assert call_code(probes["event_relay"], "s3", operation, **missing) in {"AccessDenied", "403"}


def test_only_the_api_functions_and_the_monitor_can_read_the_tokens(
    stage: RunningStage, probes: dict[FunctionFolder, Probe]
) -> None:
    secret = {"SecretId": stage.deployment.outputs["TokensSecretArn"]}
    answers = {
        name: call_code(probe, "secretsmanager", "get_secret_value", **secret)
        for name, probe in probes.items()
    }
    readers = {name for name, answer in answers.items() if answer == "allowed"}
    assert readers == {
        *("snapshot_writer", "snapshot_reader", "world_registry"),
        *("evaluation_registry", "evaluator", "freshness_monitor"),
    }
    assert {answers[name] for name in set(answers) - readers} == {"AccessDeniedException"}


def test_secret_name_is_replaced_by_its_arn_only_on_an_exact_match() -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "a", "Resource": "tokens"},
            {"Effect": "Allow", "Action": "b", "Resource": ["tokens", "tokens-of-others"]},
        ],
    }
    statements = with_secret_arn(policy, "tokens", "arn:tokens-AbCdEf")["Statement"]
    assert [each["Resource"] for each in statements] == [
        "arn:tokens-AbCdEf",
        ["arn:tokens-AbCdEf", "tokens-of-others"],
    ]
