"""Deployment role of a stage, assumed only by one repository's workflow in the environment of that name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import names
from infra.cdk.account.statements import REGION_AND_ACCOUNT, AllowStatement
from infra.cdk.nag import acknowledge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.environments import EnvironmentName

ISSUER: Final = "token.actions.githubusercontent.com"
AUDIENCE: Final = "sts.amazonaws.com"
SESSION_HOURS: Final = 1
# Roles of CDK's bootstrap that the CLI assumes to upload assets and to start a deployment. `lookup` is left
# out: it can read the whole account, including all blobs, and without it the CLI reads templates as `deploy`.
BOOTSTRAP_ROLES: Final = ("deploy", "file-publishing")
_RANDOM_NAME_SUFFIX_REASON: Final = (
    "CloudFormation and Secrets Manager end the names of stacks and secrets in random characters"
)


class DeployRole(Construct):
    """Trust GitHub's tokens for one repository and one environment, which can require an approval."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: EnvironmentName,
        repository: str,
        provider_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            role_name=names.deploy_role_name(stage),
            description=f"Deploys stage {stage} from {repository}, environment {stage}",
            max_session_duration=Duration.hours(SESSION_HOURS),
            assumed_by=iam.WebIdentityPrincipal(
                provider_arn,
                {
                    "StringEquals": {
                        f"{ISSUER}:aud": AUDIENCE,
                        f"{ISSUER}:sub": f"repo:{repository}:environment:{stage}",
                    }
                },
            ),
        )
        for each in (*_deployment_statements(), *_smoke_test_statements(stage)):
            self.role.add_to_policy(each.statement())
            acknowledge(self.role, dict.fromkeys(each.findings(), _RANDOM_NAME_SUFFIX_REASON))
        CfnOutput(self, "Arn", value=self.role.role_arn)


def _deployment_statements() -> Iterator[AllowStatement]:
    yield AllowStatement(
        ["sts:AssumeRole"],
        [f"iam::<AWS::AccountId>:role/{names.bootstrap_role_name(each)}" for each in BOOTSTRAP_ROLES],
    )
    yield AllowStatement(
        ["ssm:GetParameter"], [f"ssm:{REGION_AND_ACCOUNT}:parameter{names.BOOTSTRAP_VERSION}"]
    )


def _smoke_test_statements(stage: EnvironmentName) -> Iterator[AllowStatement]:
    """Let the smoke test find the API by its stack, and add and revoke its own token."""
    service = names.stack_name(stage, "service")
    yield AllowStatement(
        ["cloudformation:DescribeStacks"], [f"cloudformation:{REGION_AND_ACCOUNT}:stack/{service}/*"]
    )
    yield AllowStatement(
        [
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage",
        ],
        [f"secretsmanager:{REGION_AND_ACCOUNT}:secret:{names.tokens_secret_name(stage)}-*"],
    )
