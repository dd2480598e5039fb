"""The permissions boundary: on every role of a stage that has one, and required by the account."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.cdk.account.stack import account_plan
from infra.context_values import resolve_environment
from infra.errors import EnvironmentSpecError
from infra.names import ACCOUNT_STACK
from infra.ops.deploy.prepare_account import write_assembly
from tests.infra.assembly import Assembly, listed, synthesize

ARN = "arn:aws:iam::111122223333:policy/teams/risk-boundary"
BY_NAME = {
    "Fn::Join": [
        "",
        ["arn:", {"Ref": "AWS::Partition"}, ":iam::", {"Ref": "AWS::AccountId"}, ":policy/risk-boundary"],
    ]
}
# Actions that create a role or extend its permissions.
WIDENING = {"iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"}


def roles(assembly: Assembly) -> list[dict[str, Any]]:
    return [role for part in assembly.parts() for role in assembly.properties(part, "AWS::IAM::Role")]


@pytest.mark.parametrize(("given", "expected"), [(ARN, ARN), ("risk-boundary", BY_NAME)])
def test_configured_boundary_is_set_on_every_role_of_every_stack(
    tmp_path: Path, given: str, expected: Any
) -> None:
    bounded = roles(synthesize("prod", tmp_path, permissions_boundary=given))
    assert len(bounded) > len(("functions' own", "schedules", "archives"))
    assert [role["PermissionsBoundary"] for role in bounded] == [expected] * len(bounded)


def test_no_role_has_a_boundary_unless_one_is_configured(any_stage: Assembly) -> None:
    assert not [role for role in roles(any_stage) if "PermissionsBoundary" in role]


@pytest.mark.parametrize(
    "given", ["", "team boundary", "arn:aws:iam::111122223333:role/x", "arn:aws:iam::1:policy/x", "a/"]
)
def test_boundary_must_name_a_managed_policy(given: str) -> None:
    if not given:
        assert resolve_environment("dev", permissions_boundary=given).permissions_boundary is None
        return
    with pytest.raises(
        EnvironmentSpecError, match=r"permissions_boundary '.*': give the name of a managed policy"
    ):
        resolve_environment("dev", permissions_boundary=given)


def role_statements(folder: Path, boundary: str | None) -> list[dict[str, Any]]:
    """Return CloudFormation's permissions on roles."""
    write_assembly(account_plan("owner/name", ["dev"], None, boundary), folder)
    resources = json.loads((folder / f"{ACCOUNT_STACK}.template.json").read_text(encoding="utf-8"))[
        "Resources"
    ].values()
    (policy,) = [each["Properties"] for each in resources if each["Type"] == "AWS::IAM::ManagedPolicy"]
    return [
        each
        for each in policy["PolicyDocument"]["Statement"]
        if any(action.startswith("iam:") for action in listed(each["Action"]))
    ]


def test_cloudformation_creates_and_extends_roles_only_with_the_accounts_boundary(tmp_path: Path) -> None:
    statements = role_statements(tmp_path / "cdk.out", ARN)
    widening = [each for each in statements if WIDENING & set(listed(each["Action"]))]
    assert {action for each in widening for action in listed(each["Action"])} == WIDENING
    for statement in widening:
        assert listed(statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"]) == [ARN]
    every = {action for each in statements for action in listed(each["Action"])}
    assert "iam:DeleteRolePermissionsBoundary" not in every


def test_account_without_a_boundary_does_not_require_one(tmp_path: Path) -> None:
    statements = role_statements(tmp_path / "cdk.out", None)
    assert "iam:PermissionsBoundary" not in json.dumps(statements)
    every = {action for each in statements for action in listed(each["Action"])}
    assert "iam:PutRolePermissionsBoundary" not in every
