from typing import Any

import pytest

from infra.names import FUNCTION_FOLDERS, WORKER_EVENTS, FunctionFolder
from tests.infra.assembly import Assembly, listed, referent

OWN_LOG = {("logs:CreateLogStream", "log"), ("logs:PutLogEvents", "log")}
TRACING = {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}
PARTS_AND_BODIES = ("bucket/risk-blobs/*", "bucket/risk-bodies/*")
UPLOADS = "bucket/risk-uploads/*"
INDEXES = ("by_as_of", "by_stage", "by_expiry")


def consuming(queue: str) -> set[tuple[str, str]]:
    actions = (
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ReceiveMessage",
    )
    return {(f"sqs:{action}", queue) for action in actions}


ALLOWED: dict[FunctionFolder, set[tuple[str, str]]] = {
    "snapshot_writer": {
        ("dynamodb:PutItem", "snapshots"),
        ("dynamodb:GetItem", "marks"),
        ("dynamodb:PutItem", "marks"),
        ("secretsmanager:GetSecretValue", "tokens"),
        ("s3:ListBucket", "bucket"),
        *(
            (action, objects)
            for action in ("s3:GetObject", "s3:PutObject")
            for objects in (*PARTS_AND_BODIES, UPLOADS)
        ),
        ("s3:AbortMultipartUpload", UPLOADS),
        ("s3:ListMultipartUploadParts", UPLOADS),
    },
    "snapshot_reader": {
        *(
            (f"dynamodb:{action}", where)
            for action in ("BatchGetItem", "GetItem", "Query")
            for where in ("snapshots", *(f"snapshots/index/{index}" for index in INDEXES))
        ),
        ("dynamodb:GetItem", "worlds"),
        ("dynamodb:Query", "worlds"),
        ("dynamodb:BatchGetItem", "evaluations"),
        ("dynamodb:Query", "evaluations"),
        ("secretsmanager:GetSecretValue", "tokens"),
        ("s3:ListBucket", "bucket"),
        *(("s3:GetObject", objects) for objects in PARTS_AND_BODIES),
    },
    "world_registry": {
        ("dynamodb:GetItem", "worlds"),
        ("dynamodb:Scan", "worlds"),
        ("dynamodb:UpdateItem", "worlds"),
        ("secretsmanager:GetSecretValue", "tokens"),
    },
    "freshness_monitor": {
        ("dynamodb:Scan", "worlds"),
        ("sqs:GetQueueAttributes", "relay-failures"),
        *(
            ("sqs:GetQueueAttributes", queue)
            for worker in ("risk-engine", "stress-engine", "exit-engine")
            for queue in (worker, f"{worker}-dead-letters")
        ),
    },
    "event_relay": {
        *(
            (f"dynamodb:{action}", stream)
            for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
            for stream in ("snapshots/stream", "evaluations/stream")
        ),
        ("dynamodb:UpdateItem", "worlds"),
        ("dynamodb:GetItem", "snapshots"),
        ("dynamodb:GetItem", "evaluations"),
        ("dynamodb:Query", "snapshots/index/by_as_of"),
        ("events:PutEvents", "bus"),
        ("sqs:SendMessage", "relay-failures"),
        ("sqs:GetQueueAttributes", "relay-failures"),
        ("sqs:GetQueueUrl", "relay-failures"),
        ("s3:ListBucket", "bucket"),
        ("s3:GetObject", "bucket/risk-bodies/*"),
    },
    "risk_engine": {
        ("dynamodb:GetItem", "snapshots"),
        ("dynamodb:PutItem", "evaluations"),
        ("dynamodb:GetItem", "evaluations"),
        ("s3:PutObject", "bucket/risk-bodies/*"),
        *consuming("risk-engine"),
        ("s3:ListBucket", "bucket"),
        *(("s3:GetObject", objects) for objects in PARTS_AND_BODIES),
    },
    "stress_engine": {
        ("dynamodb:GetItem", "snapshots"),
        ("dynamodb:PutItem", "evaluations"),
        *consuming("stress-engine"),
        ("s3:ListBucket", "bucket"),
        *(("s3:GetObject", objects) for objects in PARTS_AND_BODIES),
    },
    "exit_engine": {
        ("dynamodb:GetItem", "snapshots"),
        ("dynamodb:GetItem", "worlds"),
        ("dynamodb:PutItem", "evaluations"),
        *consuming("exit-engine"),
        ("s3:ListBucket", "bucket"),
        ("s3:GetObject", "bucket/risk-bodies/*"),
    },
    "blob_reaper": {
        *((f"dynamodb:{action}", "marks") for action in ("DeleteItem", "GetItem", "PutItem", "Query")),
        ("dynamodb:GetItem", "snapshots"),
        ("s3:ListBucket", "bucket"),
        ("s3:DeleteObject", "bucket/risk-blobs/*"),
    },
}
# The one role that may delete: blobs that no snapshot refers to, and the marks by which it knows (ADR-0018).
REAPING = {("s3:DeleteObject", "bucket/risk-blobs/*"), ("dynamodb:DeleteItem", "marks")}
HISTORY_ENDS_BY = ("Delete", "Remove", "BatchWriteItem", "TransactWriteItems", "PartiQL")


def role_of(assembly: Assembly, folder: str) -> str:
    role: str = assembly.function(folder)["Role"]["Fn::GetAtt"][0]
    return role


def statements(assembly: Assembly, folder: str) -> list[dict[str, Any]]:
    role = role_of(assembly, folder)
    return [
        statement
        for policy in assembly.properties("service", "AWS::IAM::Policy")
        if {"Ref": role} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def permissions(assembly: Assembly, folder: str) -> set[tuple[str, str]]:
    return {
        (action, referent(resource))
        for statement in statements(assembly, folder)
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_a_role_may_do_exactly_this(any_stage: Assembly, folder: FunctionFolder) -> None:
    assert permissions(any_stage, folder) == ALLOWED[folder] | OWN_LOG | TRACING


def test_every_function_has_a_role_of_its_own(any_stage: Assembly) -> None:
    assert len({role_of(any_stage, folder) for folder in FUNCTION_FOLDERS}) == len(FUNCTION_FOLDERS)


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_a_role_is_for_lambda_alone_and_borrows_no_policy(
    any_stage: Assembly, folder: FunctionFolder
) -> None:
    role = any_stage.resources("service", "AWS::IAM::Role")[role_of(any_stage, folder)]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert "ManagedPolicyArns" not in role
    assert "Policies" not in role


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_no_role_is_granted_a_family_of_actions(any_stage: Assembly, folder: FunctionFolder) -> None:
    assert not [action for action, _ in permissions(any_stage, folder) if "*" in action]


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_no_role_can_end_history(any_stage: Assembly, folder: FunctionFolder) -> None:
    """INV-10. A message of a queue is no history, nor is a blob that no snapshot refers to."""
    may = permissions(any_stage, folder) - (REAPING if folder == "blob_reaper" else set())
    stored = [action for action, _ in may if not action.startswith("sqs:")]
    assert not [action for action in stored if any(word in action for word in HISTORY_ENDS_BY)]


@pytest.mark.parametrize("worker", WORKER_EVENTS)
def test_a_worker_can_announce_nothing_by_itself(any_stage: Assembly, worker: FunctionFolder) -> None:
    """ADR-0002: what a worker stores is announced by its stream record."""
    actions = {action for action, _ in permissions(any_stage, worker)}
    assert not actions & {"events:PutEvents", "sqs:SendMessage", "sns:Publish"}


def test_only_the_api_calls_functions_by_a_permission_of_theirs(any_stage: Assembly) -> None:
    granted = any_stage.properties("service", "AWS::Lambda::Permission")
    assert {each["Principal"] for each in granted} == {"apigateway.amazonaws.com"}
    assert all("SourceArn" in each for each in granted)
