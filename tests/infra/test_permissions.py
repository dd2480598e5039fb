from typing import Any

import pytest

from infra.functions import FUNCTION_FOLDERS, WORKER_EVENTS
from infra.names import FunctionFolder
from tests.infra.assembly import Assembly, listed, referent
from tools.grants.table import SCENARIOS

OWN_LOG = {("logs:CreateLogStream", "log"), ("logs:PutLogEvents", "log")}
TRACING = {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}


def consuming(queue: str) -> set[tuple[str, str]]:
    return {(f"sqs:{action}", queue) for action in ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage")}


# Actions of Lambda itself under a function's role, in addition to writing its log and traces.
SOURCES: dict[FunctionFolder, set[tuple[str, str]]] = {
    **{worker: consuming(worker.replace("_", "-")) for worker in WORKER_EVENTS},
    "event_relay": {
        (f"dynamodb:{action}", stream)
        for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
        for stream in ("snapshots/stream", "evaluations/stream")
    },
}
# The one role that may delete: unreferenced blobs, and the marks that identify them (ADR-0018).
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
def test_function_role_has_exactly_the_listed_permissions(
    any_stage: Assembly, folder: FunctionFolder
) -> None:
    """`tools.grants` removes the functions' own grants one by one; each of them has a scenario that needs it."""
    own = set(SCENARIOS.get(folder, {}))
    assert permissions(any_stage, folder) == own | SOURCES.get(folder, set()) | OWN_LOG | TRACING


def test_every_function_has_its_own_role(any_stage: Assembly) -> None:
    assert len({role_of(any_stage, folder) for folder in FUNCTION_FOLDERS}) == len(FUNCTION_FOLDERS)


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_function_role_trusts_only_lambda_and_has_no_managed_or_inline_policies(
    any_stage: Assembly, folder: FunctionFolder
) -> None:
    role = any_stage.resources("service", "AWS::IAM::Role")[role_of(any_stage, folder)]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert "ManagedPolicyArns" not in role
    assert "Policies" not in role


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_no_function_role_has_wildcard_actions(any_stage: Assembly, folder: FunctionFolder) -> None:
    assert not [action for action, _ in permissions(any_stage, folder) if "*" in action]


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_no_function_role_can_delete_stored_history(any_stage: Assembly, folder: FunctionFolder) -> None:
    """INV-10. A queue message is not history, nor is an unreferenced blob."""
    may = permissions(any_stage, folder) - (REAPING if folder == "blob_reaper" else set())
    stored = [action for action, _ in may if not action.startswith("sqs:")]
    assert not [action for action in stored if any(word in action for word in HISTORY_ENDS_BY)]


def test_only_the_mover_can_change_a_stored_snapshot_and_it_cannot_delete_one(any_stage: Assembly) -> None:
    """INV-10: it leaves the tombstone of a snapshot that it has read back from history."""
    changing = {
        folder
        for folder in FUNCTION_FOLDERS
        if ("dynamodb:UpdateItem", "snapshots") in permissions(any_stage, folder)
    }
    assert changing == {"snapshot_mover"}
    on_snapshots = {
        action for action, where in permissions(any_stage, "snapshot_mover") if where == "snapshots"
    }
    assert on_snapshots == {"dynamodb:Query", "dynamodb:UpdateItem"}


def test_only_the_mover_writes_history(any_stage: Assembly) -> None:
    writing = {
        folder
        for folder in FUNCTION_FOLDERS
        for action, where in permissions(any_stage, folder)
        if (where == "segments" or "risk-history" in where)
        and action not in {"dynamodb:GetItem", "dynamodb:Query", "s3:GetObject"}
    }
    assert writing == {"snapshot_mover"}


@pytest.mark.parametrize("worker", WORKER_EVENTS)
def test_workers_cannot_publish_events_or_messages(any_stage: Assembly, worker: FunctionFolder) -> None:
    """ADR-0002: a worker's stored result is announced by its stream record."""
    actions = {action for action, _ in permissions(any_stage, worker)}
    assert not actions & {"events:PutEvents", "sqs:SendMessage", "sns:Publish"}


def test_only_api_gateway_may_invoke_functions_by_resource_policy(any_stage: Assembly) -> None:
    granted = any_stage.properties("service", "AWS::Lambda::Permission")
    assert {each["Principal"] for each in granted} == {"apigateway.amazonaws.com"}
    assert all("SourceArn" in each for each in granted)
