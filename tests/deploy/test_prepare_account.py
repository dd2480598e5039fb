"""Checks of `make account` before it changes anything: the existing bootstrap, and AWS Backup's settings."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.cdk.account.stack import account_plan
from infra.errors import DeployError
from infra.ops.deploy.prepare_account import require_cold_storage, require_own_bootstrap

OURS = "arn:aws:iam::111122223333:policy/risk-hub-execution"


class FakeAws:
    """An account whose bootstrap has these policies; None: it has none."""

    meta = SimpleNamespace(region_name="eu-central-1")

    def __init__(self, policies: str | None = None, code: str = "ValidationError", **settings: Any) -> None:
        self.policies, self.code, self.settings = policies, code, settings

    def client(self, _service: str) -> Any:
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/somebody"}

    def describe_region_settings(self) -> dict[str, Any]:
        return self.settings

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert StackName == "CDKToolkit"
        if self.policies is None:
            raise ClientError({"Error": {"Code": self.code}}, "DescribeStacks")
        parameter = {"ParameterKey": "CloudFormationExecutionPolicies", "ParameterValue": self.policies}
        return {"Stacks": [{"Parameters": [parameter]}]}


@pytest.mark.parametrize("policies", [None, OURS])
def test_account_without_a_bootstrap_or_with_ours_is_accepted(policies: str | None) -> None:
    require_own_bootstrap(FakeAws(policies))


@pytest.mark.parametrize("policies", ["", "arn:aws:iam::aws:policy/AdministratorAccess", f"{OURS},{OURS}-2"])
def test_account_with_another_bootstrap_is_rejected(policies: str) -> None:
    with pytest.raises(DeployError, match="every CDK app of this account"):
        require_own_bootstrap(FakeAws(policies))


def test_aws_error_is_not_treated_as_a_missing_bootstrap() -> None:
    with pytest.raises(ClientError):
        require_own_bootstrap(FakeAws(None, "AccessDenied"))


@pytest.mark.parametrize(
    "settings",
    [
        {"ResourceTypeManagementPreference": {"DynamoDB": False}},
        {"ResourceTypeManagementPreference": {"EFS": True}},
        {"ResourceTypeOptInPreference": {"DynamoDB": True}},
    ],
)
def test_archive_account_without_cold_storage_for_tables_is_rejected(settings: Any) -> None:
    with pytest.raises(DeployError) as refused:
        require_cold_storage(FakeAws(**settings), account_plan("owner/name", ["prod"]))
    assert "in eu-central-1, and the archive of prod needs it" in str(refused.value)
    assert "--resource-type-management-preference DynamoDB=true" in str(refused.value)


def test_archive_account_with_cold_storage_for_tables_is_accepted() -> None:
    aws = FakeAws(ResourceTypeManagementPreference={"DynamoDB": True})
    require_cold_storage(aws, account_plan("owner/name", ["prod"]))


def test_an_account_without_an_archive_needs_no_cold_storage() -> None:
    require_cold_storage(FakeAws(), account_plan("owner/name", ["dev", "staging"]))
