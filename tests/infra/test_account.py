"""Deployment permissions and their limits."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.cdk.account.stack import account_plan
from infra.errors import EnvironmentSpecError
from infra.names import ACCOUNT_STACK
from infra.ops.deploy.prepare_account import write_assembly
from tests.infra.assembly import CLOUD_STAGE_NAMES, Assembly, listed, only

POLICY_MAX_CHARS = 6_144
LONGEST = {
    "AWS::Partition": "aws-us-gov",
    "AWS::Region": "ap-northeast-1",
    "AWS::AccountId": "111122223333",
}
ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::111122223333:oidc-provider/{ISSUER}"


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("account") / "cdk.out"
    write_assembly(account_plan("owner/name", ["dev", "staging"]), folder)
    template = json.loads((folder / f"{ACCOUNT_STACK}.template.json").read_text(encoding="utf-8"))
    assert "Parameters" not in template, "it is deployed before there is a bootstrap"
    found: dict[str, dict[str, Any]] = template["Resources"]
    return found


def of_type(resources: dict[str, dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in resources.values() if each["Type"] == kind]


def execution(resources: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    policy = only(iter(of_type(resources, "AWS::IAM::ManagedPolicy")))
    statements: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return statements


def text(resource: Any) -> str:
    """Return an ARN with `*` in place of partition, region and account."""
    if isinstance(resource, str):
        return resource
    return "".join(part if isinstance(part, str) else "*" for part in resource["Fn::Join"][1])


def as_iam_counts(part: Any) -> Any:
    """Return a policy with the longest partition, region and account in it."""
    if isinstance(part, list):
        return [as_iam_counts(each) for each in part]
    if not isinstance(part, dict):
        return part
    if "Fn::Join" in part:
        return "".join(as_iam_counts(each) for each in part["Fn::Join"][1])
    if "Ref" in part:
        return LONGEST[part["Ref"]]
    return {key: as_iam_counts(value) for key, value in part.items()}


@pytest.mark.parametrize("stage", ["dev", "staging"])
def test_deploy_role_trusts_one_repository_and_the_github_environment_of_its_stage(
    resources: dict[str, dict[str, Any]], stage: str
) -> None:
    role = only(
        each
        for each in of_type(resources, "AWS::IAM::Role")
        if each["RoleName"] == f"risk-hub-{stage}-deploy"
    )
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": f"repo:owner/name:environment:{stage}",
        }
    }


def test_deploy_role_has_only_deployment_and_smoke_test_permissions(
    resources: dict[str, dict[str, Any]],
) -> None:
    for policy in of_type(resources, "AWS::IAM::Policy"):
        allowed = {
            action: sorted(
                re.sub(r"dev|staging", "STAGE", text(each)) for each in listed(statement["Resource"])
            )
            for statement in policy["PolicyDocument"]["Statement"]
            for action in listed(statement["Action"])
        }
        tokens = ["arn:*:secretsmanager:*:*:secret:risk-hub-STAGE-tokens-*"]
        assert allowed == {
            "sts:AssumeRole": [
                f"arn:*:iam::*:role/cdk-hnb659fds-{role}-role-*-*" for role in ("deploy", "file-publishing")
            ],
            "ssm:GetParameter": ["arn:*:ssm:*:*:parameter/cdk-bootstrap/hnb659fds/version"],
            "cloudformation:DescribeStacks": ["arn:*:cloudformation:*:*:stack/RiskHub-STAGE-service/*"],
            "secretsmanager:GetSecretValue": tokens,
            "secretsmanager:PutSecretValue": tokens,
            "secretsmanager:UpdateSecretVersionStage": tokens,
        }


def test_execution_policy_fits_the_size_limit_without_unrestricted_wildcards(
    resources: dict[str, dict[str, Any]],
) -> None:
    policy = only(iter(of_type(resources, "AWS::IAM::ManagedPolicy")))
    assert len(json.dumps(as_iam_counts(policy["PolicyDocument"]), separators=(",", ":"))) <= POLICY_MAX_CHARS
    for statement in execution(resources):
        assert statement["Effect"] == "Allow"
        assert "*" not in listed(statement["Action"])
        if "*" in listed(statement["Resource"]):
            assert not any("*" in action for action in listed(statement["Action"])), statement


def test_execution_policy_with_a_permissions_boundary_fits_the_size_limit(tmp_path: Path) -> None:
    boundary = f"arn:aws-us-gov:iam::111122223333:policy/{'b' * 128}"
    write_assembly(account_plan("owner/name", ["dev"], None, boundary), tmp_path / "cdk.out")
    template = json.loads(
        (tmp_path / "cdk.out" / f"{ACCOUNT_STACK}.template.json").read_text(encoding="utf-8")
    )["Resources"]
    policy = only(iter(of_type(template, "AWS::IAM::ManagedPolicy")))["PolicyDocument"]
    assert len(json.dumps(as_iam_counts(policy), separators=(",", ":"))) <= POLICY_MAX_CHARS


def test_execution_policy_covers_only_resources_with_the_hubs_names(
    resources: dict[str, dict[str, Any]],
) -> None:
    unnamed = {
        "event-source-mapping:*",
        "deploymentconfig:*",
        "managedruleset/*",
        "backup-plan:*",
        "::/*",
        "::/restapis/*/stages/*",
        "Logs_*",
        ":key/*",
        ":catalog",
    }
    for statement in execution(resources):
        for arn in (text(each) for each in listed(statement["Resource"])):
            own = re.search(r"risk-?hub-|risk_hub_|RiskHub-|/risk-hub/|cdk-hnb659fds-assets-", arn)
            assert own or arn == "*" or any(arn.endswith(each) for each in unnamed), arn


def test_execution_policy_allows_kms_use_only_through_aws_backup(
    resources: dict[str, dict[str, Any]],
) -> None:
    using = only(each for each in execution(resources) if "kms:Decrypt" in listed(each["Action"]))
    assert set(using["Action"]) == {
        "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:RetireGrant"
    }  # fmt: skip
    (service,) = using["Condition"]["StringEquals"]["kms:ViaService"]
    assert text(service) == "backup.*.amazonaws.com"
    mounting = only(each for each in execution(resources) if "backup-storage:MountCapsule" in each["Action"])
    assert mounting["Resource"] == "*"


def test_execution_policy_creates_and_changes_only_kms_keys_with_the_project_tag(
    resources: dict[str, dict[str, Any]],
) -> None:
    making = only(each for each in execution(resources) if "kms:CreateKey" in listed(each["Action"]))
    assert set(making["Action"]) == {"kms:CreateKey", "kms:TagResource"}
    assert making["Condition"] == {"StringEquals": {"aws:RequestTag/project": ["risk-hub"]}}
    changing = only(each for each in execution(resources) if "kms:PutKeyPolicy" in listed(each["Action"]))
    assert changing["Condition"] == {"StringEquals": {"aws:ResourceTag/project": ["risk-hub"]}}
    assert not {"kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant"} & set(changing["Action"])


def roles(assembly: Callable[[str], Assembly]) -> list[dict[str, Any]]:
    return [
        role for stage in CLOUD_STAGE_NAMES for part in assembly(stage).parts()
        for role in assembly(stage).properties(part, "AWS::IAM::Role")
    ]  # fmt: skip


def test_execution_policy_passes_roles_only_to_services_that_assume_them(
    resources: dict[str, dict[str, Any]], assembly: Callable[[str], Assembly]
) -> None:
    passing = only(each for each in execution(resources) if each["Action"] == "iam:PassRole")
    assert text(passing["Resource"]) == "arn:*:iam::*:role/RiskHub-*"
    acting = {
        role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"] for role in roles(assembly)
    }
    assert set(passing["Condition"]["StringEquals"]["iam:PassedToService"]) == acting


def test_execution_policy_attaches_only_the_aws_managed_policies_in_use(
    resources: dict[str, dict[str, Any]], assembly: Callable[[str], Assembly]
) -> None:
    attaching = only(each for each in execution(resources) if each["Action"] == "iam:AttachRolePolicy")
    allowed = {
        text(each).split("/")[-1] for each in listed(attaching["Condition"]["ArnEquals"]["iam:PolicyARN"])
    }
    attached = {
        text(each).split("/")[-1] for role in roles(assembly) for each in role.get("ManagedPolicyArns", [])
    }
    assert allowed == attached


@pytest.mark.parametrize("stage", CLOUD_STAGE_NAMES)
def test_execution_policy_covers_every_aws_service_of_a_stage(
    resources: dict[str, dict[str, Any]], assembly: Callable[[str], Assembly], stage: str
) -> None:
    """A new kind of resource in a stage needs a row in infra/cdk/account/execution_policy.py."""
    found = assembly(stage)
    used = {
        each["Type"].split("::")[1].lower()
        for part in found.parts()
        for each in found.template(part)["Resources"].values()
    }
    known = {action.partition(":")[0] for each in execution(resources) for action in listed(each["Action"])}
    assert used - known == set()


def test_github_oidc_provider_is_retained_when_its_stack_is_deleted(
    resources: dict[str, dict[str, Any]],
) -> None:
    provider = only(each for each in resources.values() if each["Type"] == "AWS::IAM::OIDCProvider")
    assert (provider["DeletionPolicy"], provider["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_existing_github_oidc_provider_is_reused(tmp_path: Path) -> None:
    write_assembly(account_plan("owner/name", ["dev"], PROVIDER), tmp_path / "cdk.out")
    template = json.loads(
        (tmp_path / "cdk.out" / f"{ACCOUNT_STACK}.template.json").read_text(encoding="utf-8")
    )["Resources"]
    assert of_type(template, "AWS::IAM::OIDCProvider") == []
    (role,) = of_type(template, "AWS::IAM::Role")
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Federated": PROVIDER}


@pytest.mark.parametrize(
    ("repository", "stages", "provider", "expected_text"),
    [
        ("owner/*", ["dev"], None, "give owner/name"),
        ("owner", ["dev"], None, "give owner/name"),
        ("owner/name:ref", ["dev"], None, "give owner/name"),
        ("owner/name", ["local"], None, "choose from dev, staging, prod"),
        ("owner/name", ["staging", "prod"], None, "prod needs a separate account"),
        ("owner/name", [""], None, "choose from dev, staging, prod"),
        ("owner/name", ["dev"], "arn:aws:iam::111122223333:oidc-provider/example.com", "is not the ARN"),
    ],
)
def test_account_plan_rejects_invalid_repository_stages_or_oidc_provider(
    repository: str, stages: list[str], provider: str | None, expected_text: str
) -> None:
    with pytest.raises(EnvironmentSpecError, match=expected_text):
        account_plan(repository, stages, provider)
