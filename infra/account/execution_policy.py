"""How far a deployment may reach: what CloudFormation may do in the hub's name, and on whose names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import names
from infra.account.statements import HERE, Allowed, resolved
from infra.nag import acknowledge

if TYPE_CHECKING:
    from collections.abc import Iterator

# Service, and what follows its account in an ARN; every physical name of ours begins so.
OWN: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("backup", ("backup-vault:risk-hub-*", "backup-plan:*")),
    ("cloudwatch", ("alarm:risk-hub-*",)),
    ("codedeploy", ("application:risk-hub-*", "deploymentgroup:risk-hub-*", "deploymentconfig:*")),
    ("dynamodb", ("table/risk-hub-*",)),
    ("events", ("event-bus/risk-hub-*", "rule/risk-hub-*", "archive/risk-hub-*")),
    ("lambda", ("function:risk-hub-*", "event-source-mapping:*")),
    (
        "logs",
        (
            "log-group:/aws/lambda/risk-hub-*",
            "log-group:/risk-hub/*",
            "log-group:API-Gateway-Execution-Logs_*",
        ),
    ),
    ("scheduler", ("schedule/*/risk-hub-*",)),
    ("secretsmanager", ("secret:risk-hub-*",)),
    ("sns", ("risk-hub-*",)),
    ("sqs", ("risk-hub-*",)),
    ("wafv2", ("regional/webacl/risk-hub-*", "regional/managedruleset/*")),
)
# These know no name in their ARNs, or are asked before there is one.
LOOKING: Final = (
    "backup-storage:MountCapsule",
    "cloudwatch:DescribeAlarms",
    "lambda:CreateEventSourceMapping",
    "lambda:GetEventSourceMapping",
    "lambda:ListTags",
    "logs:DescribeLogGroups",
    "scheduler:ListSchedules",
    "sns:ListSubscriptionsByTopic",
    "ssm:GetParameters",
)
# A web ACL is put before an API in the web ACL's name and in the API's.
ASSOCIATING: Final = (
    "wafv2:AssociateWebACL",
    "wafv2:DisassociateWebACL",
    "wafv2:GetWebACLForResource",
)
# A backup vault encrypts with a key of AWS's, which it asks for in the name of who makes the vault.
VAULT_KEY: Final = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKey",
    "kms:RetireGrant",
)
_VAULTS: Final = "backup.<AWS::Region>.amazonaws.com"
DASHBOARDS: Final = (
    "cloudwatch:DeleteDashboards",
    "cloudwatch:GetDashboard",
    "cloudwatch:ListDashboards",
    "cloudwatch:PutDashboard",
)
ROLE_VERBS: Final = (
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
)
ROLES: Final = "iam::<AWS::AccountId>:role/RiskHub-*"
PASSED_TO: Final = (
    "apigateway.amazonaws.com",
    "backup.amazonaws.com",
    "codedeploy.amazonaws.com",
    "lambda.amazonaws.com",
    "s3.amazonaws.com",
    "scheduler.amazonaws.com",
)
# AWS keeps these policies for services that act for us; no other may be attached to a role.
ATTACHED: Final = ("AmazonAPIGatewayPushToCloudWatchLogs", "AWSBackupServiceRolePolicyForBackup")
_ALL_OF_OURS: Final = (
    "CloudFormation makes, changes and removes what bears the hub's names, in services whose resources are all listed "
    "here; without this policy it would have the whole account"
)


class ExecutionPolicy(Construct):
    """The policy that CDK's bootstrap gives CloudFormation instead of AdministratorAccess."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        allowed = [*_on_own_names(), *_on_roles(), *_on_assets()]
        policy = iam.ManagedPolicy(
            self,
            "Policy",
            managed_policy_name=names.EXECUTION_POLICY,
            description="What CloudFormation may do when it deploys the risk hub",
            statements=[each.statement() for each in allowed],
        )
        findings = (finding for each in allowed for finding in each.findings())
        acknowledge(policy, dict.fromkeys(findings, _ALL_OF_OURS))
        CfnOutput(self, "Arn", value=policy.managed_policy_arn)


def _on_own_names() -> Iterator[Allowed]:
    for service, resources in OWN:
        yield Allowed([f"{service}:*"], [f"{service}:{HERE}:{each}" for each in resources])
    yield Allowed(["apigateway:*"], ["apigateway:<AWS::Region>::/*"])
    yield Allowed(ASSOCIATING, ["apigateway:<AWS::Region>::/restapis/*/stages/*"])
    yield Allowed(["s3:*"], ["s3:::riskhub-*"])
    yield Allowed(VAULT_KEY, [f"kms:{HERE}:key/*"], {"StringEquals": {"kms:ViaService": [resolved(_VAULTS)]}})
    yield Allowed([*LOOKING, *DASHBOARDS], ["*"])


def _on_roles() -> Iterator[Allowed]:
    yield Allowed(ROLE_VERBS, [ROLES])
    yield Allowed(
        ["iam:AttachRolePolicy"],
        [ROLES],
        {"ArnEquals": {"iam:PolicyARN": [resolved(_aws_own(each)) for each in ATTACHED]}},
    )
    yield Allowed(["iam:PassRole"], [ROLES], {"StringEquals": {"iam:PassedToService": PASSED_TO}})


def _aws_own(policy: str) -> str:
    return f"arn:<AWS::Partition>:iam::aws:policy/service-role/{policy}"


def _on_assets() -> Iterator[Allowed]:
    bucket = f"s3:::cdk-{names.BOOTSTRAP_QUALIFIER}-assets-<AWS::AccountId>-<AWS::Region>"
    yield Allowed(["s3:GetObject"], [f"{bucket}/*"])
