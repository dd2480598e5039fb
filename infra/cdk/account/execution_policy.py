"""Limits of a deployment: the actions that CloudFormation may take, and on which resource names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import names
from infra.cdk.account.statements import HERE, Allowed, resolved
from infra.cdk.nag import acknowledge

if TYPE_CHECKING:
    from collections.abc import Iterator

# Service, and the part of the ARN after the account. All physical names of the hub begin with these prefixes.
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
# These actions have no name in their ARN, or are called before the resource exists.
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
# Associating a web ACL with an API needs permission on the web ACL and on the API.
ASSOCIATING: Final = (
    "wafv2:AssociateWebACL",
    "wafv2:DisassociateWebACL",
    "wafv2:GetWebACLForResource",
)
# A backup vault encrypts with an AWS managed key; AWS requests it in the name of the vault's creator.
VAULT_KEY: Final = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKey",
    "kms:RetireGrant",
)
_VAULTS: Final = "backup.<AWS::Region>.amazonaws.com"
# KMS checks the tag of a new key before the key has it. A deployment could therefore also put the hub's tag
# on another key of the account whose key policy delegates to IAM.
MAKING_KEYS: Final = ("kms:CreateKey", "kms:TagResource")
# Actions of CloudFormation on the existing key of the alarm topics.
KEY_VERBS: Final = (
    "kms:DescribeKey",
    "kms:DisableKeyRotation",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:UpdateKeyDescription",
)
DASHBOARDS: Final = (
    "cloudwatch:DeleteDashboards",
    "cloudwatch:GetDashboard",
    "cloudwatch:ListDashboards",
    "cloudwatch:PutDashboard",
)
# These actions create a role or extend its permissions. They apply only to roles with the required boundary.
BOUNDED_VERBS: Final = (
    "iam:CreateRole",
    "iam:PutRolePolicy",
)
ROLE_VERBS: Final = (
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
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
# AWS managed policies of services that act for the hub. No other policy may be attached to a role.
ATTACHED: Final = ("AmazonAPIGatewayPushToCloudWatchLogs", "AWSBackupServiceRolePolicyForBackup")
_ALL_OF_OURS: Final = (
    "CloudFormation makes, changes and removes what bears the hub's names, in services whose resources are all listed "
    "here; without this policy it would have the whole account"
)


class ExecutionPolicy(Construct):
    """The policy that CDK's bootstrap gives CloudFormation instead of AdministratorAccess."""

    def __init__(
        self, scope: Construct, construct_id: str, *, permissions_boundary: str | None = None
    ) -> None:
        super().__init__(scope, construct_id)
        allowed = [*_on_own_names(), *_on_alarm_keys(), *_on_roles(permissions_boundary), *_on_assets()]
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


def _on_alarm_keys() -> Iterator[Allowed]:
    """Allow actions on keys by the tag that CloudFormation sets: their ARNs do not contain the hub's name."""
    project = [names.cost_tags("")["project"]]
    yield Allowed(MAKING_KEYS, ["*"], {"StringEquals": {"aws:RequestTag/project": project}})
    yield Allowed(KEY_VERBS, [f"kms:{HERE}:key/*"], {"StringEquals": {"aws:ResourceTag/project": project}})


def _on_roles(boundary: str | None) -> Iterator[Allowed]:
    """Allow actions on roles. A required boundary can be set on a role, but neither replaced nor removed."""
    bounded = {"StringEquals": {"iam:PermissionsBoundary": [_boundary_arn(boundary)]}} if boundary else {}
    verbs = (*BOUNDED_VERBS, "iam:PutRolePermissionsBoundary") if boundary else BOUNDED_VERBS
    yield Allowed(verbs, [ROLES], bounded)
    yield Allowed(ROLE_VERBS, [ROLES])
    yield Allowed(
        ["iam:AttachRolePolicy"],
        [ROLES],
        {"ArnEquals": {"iam:PolicyARN": [resolved(_aws_own(each)) for each in ATTACHED]}, **bounded},
    )
    yield Allowed(["iam:PassRole"], [ROLES], {"StringEquals": {"iam:PassedToService": PASSED_TO}})


def _boundary_arn(policy: str) -> str:
    own = resolved(f"arn:<AWS::Partition>:iam::<AWS::AccountId>:policy/{policy}")
    return policy if policy.startswith("arn:") else own


def _aws_own(policy: str) -> str:
    return f"arn:<AWS::Partition>:iam::aws:policy/service-role/{policy}"


def _on_assets() -> Iterator[Allowed]:
    bucket = f"s3:::cdk-{names.BOOTSTRAP_QUALIFIER}-assets-<AWS::AccountId>-<AWS::Region>"
    yield Allowed(["s3:GetObject"], [f"{bucket}/*"])
