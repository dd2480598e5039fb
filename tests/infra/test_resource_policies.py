"""Refusals of each store's policy, determined by evaluating the policy rather than by reading its text."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy

from infra.environments import ENVIRONMENTS
from infra.names import table_purpose
from tests.infra.assembly import Assembly

OURS, THEIRS = "000000000000", "111111111111"
ROLE = "arn:aws:sts::{}:assumed-role/some-role/some-session"
STORES = (
    *("snapshots", "worlds", "evaluations", "marks", "segments", "policies", "evaluation_runs"),
    *("bucket", "archive"),
)


def resolved(value: Any) -> Any:
    """Return a template value with its references resolved, as CloudFormation would."""
    if isinstance(value, list):
        return [resolved(each) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        pseudo = {"AWS::AccountId": OURS, "AWS::Region": "us-east-1", "AWS::Partition": "aws"}
        return pseudo[value["Ref"]]
    if set(value) == {"Fn::GetAtt"}:
        return "arn:aws:s3:::" + ("archive" if "Archive" in value["Fn::GetAtt"][0] else "bucket")
    if set(value) == {"Fn::Join"}:
        return "".join(map(str, resolved(value["Fn::Join"][1])))
    return {key: resolved(each) for key, each in value.items()}


def policies(assembly: Assembly) -> Iterator[tuple[str, dict[str, Any], str, str]]:
    """Yield each store's name, policy, a read action and its resource."""
    for table in assembly.properties("data", "AWS::DynamoDB::Table"):
        policy = resolved(table["ResourcePolicy"]["PolicyDocument"])
        arn = f"arn:aws:dynamodb:us-east-1:{OURS}:table/{table['TableName']}"
        name = table_purpose(table["TableName"])
        yield name, policy, "dynamodb:GetItem", arn
        yield name, policy, "dynamodb:Query", f"{arn}/index/any"
    for each in assembly.properties("data", "AWS::S3::BucketPolicy"):
        name = "archive" if "Archive" in json.dumps(each["Bucket"]) else "bucket"
        policy = resolved(each["PolicyDocument"])
        yield name, policy, "s3:GetObject", f"arn:aws:s3:::{name}/risk-blobs/any/any"
        yield name, policy, "s3:ListBucket", f"arn:aws:s3:::{name}"


def refuses(policy: dict[str, Any], action: str, arn: str, **request: Any) -> bool:
    """Return whether a policy denies a request, regardless of other permissions."""
    account = request.get("account", OURS)
    # An unsigned request does not state whether an AWS service sent it.
    sender = {"aws:principalisawsservice": str(request.get("service", False)).lower()}
    requested = EvalContext(
        principal_arn=ROLE.format(account),
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=arn,
        region="us-east-1",
        secure_transport=request.get("tls", True),
        service_context={
            **({} if request.get("unsigned", False) else sender),
            "s3:tlsversion": request.get("tls_version", "1.3"),
            **request.get("context", {}),
        },
    )
    return bool(evaluate_resource_policy(policy, requested).decision == "Deny")


def test_every_store_denies_plain_http_and_other_accounts(any_stage: Assembly) -> None:
    seen = set()
    for name, policy, action, arn in policies(any_stage):
        seen.add(name)
        assert not refuses(policy, action, arn), arn
        assert refuses(policy, action, arn, tls=False), arn
        assert refuses(policy, action, arn, account=THEIRS), arn
        assert refuses(policy, action, arn, account="", unsigned=True), arn
        assert not refuses(policy, action, arn, account="", service=True), arn
    assert seen == set(STORES if any_stage.stage == "prod" else STORES[:-1])


def test_buckets_deny_tls_1_1(any_stage: Assembly) -> None:
    for name, policy, action, arn in policies(any_stage):
        if name in {"bucket", "archive"}:
            assert refuses(policy, action, arn, tls_version="1.1"), arn


SEGMENT = "arn:aws:s3:::bucket/risk-history/snapshots/world_id=us20/day=2026-01-05/any.jsonl.gz"
BLOB = "arn:aws:s3:::bucket/risk-blobs/us20/any"


def bucket_policy(assembly: Assembly) -> dict[str, Any]:
    return next(policy for name, policy, _, _ in policies(assembly) if name == "bucket")


@pytest.mark.parametrize("action", ["s3:DeleteObject", "s3:DeleteObjectVersion"])
def test_production_bucket_denies_every_principal_the_deletion_of_history(
    prod: Assembly, action: str
) -> None:
    """INV-10: also an administrator's; blobs stay deletable, for the reaper."""
    policy = bucket_policy(prod)
    assert refuses(policy, action, SEGMENT)
    assert not refuses(policy, action, BLOB)


def test_production_bucket_denies_writes_of_history_that_may_overwrite_a_segment(prod: Assembly) -> None:
    policy = bucket_policy(prod)
    assert refuses(policy, "s3:PutObject", SEGMENT)
    assert not refuses(policy, "s3:PutObject", SEGMENT, context={"s3:if-none-match": "*"})
    assert not refuses(policy, "s3:PutObject", BLOB)
    assert not refuses(policy, "s3:GetObject", SEGMENT)


def test_stages_whose_data_may_be_deleted_have_no_protection_of_history(cloud_stage: Assembly) -> None:
    """`make destroy` empties the bucket of these stages."""
    protected = refuses(bucket_policy(cloud_stage), "s3:DeleteObject", SEGMENT)
    assert protected is ENVIRONMENTS[cloud_stage.stage].retain_data


CHANGES = ("UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete")
USES = ("GetItem", "PutItem", "Query", "Scan", "DescribeTable", "UpdateTimeToLive")


def test_runs_table_denies_every_principal_updates_and_deletions_and_allows_puts(any_stage: Assembly) -> None:
    """A put replaces an item only without a condition; the chain and the anchors show that."""
    for name, policy, _, arn in policies(any_stage):
        if name in {"bucket", "archive"}:
            continue
        denied = [action for action in CHANGES if refuses(policy, f"dynamodb:{action}", arn)]
        assert denied == (list(CHANGES) if name == "evaluation_runs" else [])
        assert [action for action in USES if refuses(policy, f"dynamodb:{action}", arn)] == []


@pytest.mark.parametrize("store", ["AWS::DynamoDB::Table", "AWS::S3::BucketPolicy"])
def test_store_resource_policies_contain_only_deny_statements(any_stage: Assembly, store: str) -> None:
    """Permissions are granted only in the roles; these policies only deny."""
    for each in any_stage.properties("data", store):
        document = (
            each["ResourcePolicy"]["PolicyDocument"] if "ResourcePolicy" in each else each["PolicyDocument"]
        )
        assert {statement["Effect"] for statement in document["Statement"]} == {"Deny"}
