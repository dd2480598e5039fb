"""Limits of a deployment: the actions that CloudFormation may take, and on which resource names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import names
from infra.cdk.account.statements import REGION_AND_ACCOUNT, AllowStatement, resolve_pseudo_parameters
from infra.cdk.nag import acknowledge

if TYPE_CHECKING:
    from collections.abc import Iterator

# Service, and the part of the ARN after the account. All physical names of the hub begin with these prefixes.
HUB_RESOURCES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("backup", ("backup-vault:risk-hub-*", "backup-plan:*")),
    ("cloudwatch", ("alarm:risk-hub-*",)),
    ("codedeploy", ("application:risk-hub-*", "deploymentgroup:risk-hub-*", "deploymentconfig:*")),
    ("dynamodb", ("table/risk-hub-*",)),
    ("events", ("event-bus/risk-hub-*", "rule/risk-hub-*", "archive/risk-hub-*")),
    # Glue checks each action on the catalog and on the database too.
    ("glue", ("catalog", "database/risk_hub_*", "table/risk_hub_*/*", "userDefinedFunction/risk_hub_*/*")),
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
UNSCOPED_ACTIONS: Final = (
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
WEB_ACL_ASSOCIATION_ACTIONS: Final = (
    "wafv2:AssociateWebACL",
    "wafv2:DisassociateWebACL",
    "wafv2:GetWebACLForResource",
)
# A backup vault encrypts with an AWS managed key; AWS requests it in the name of the vault's creator.
VAULT_KEY_ACTIONS: Final = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKey",
    "kms:RetireGrant",
)
_BACKUP_SERVICE: Final = "backup.<AWS::Region>.amazonaws.com"
# KMS checks the tag of a new key before the key has it. A deployment could therefore also put the hub's tag
# on another key of the account whose key policy delegates to IAM.
KEY_CREATION_ACTIONS: Final = ("kms:CreateKey", "kms:TagResource")
# Actions of CloudFormation on the existing key of the alarm topics.
KEY_ACTIONS: Final = (
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
DASHBOARD_ACTIONS: Final = (
    "cloudwatch:DeleteDashboards",
    "cloudwatch:GetDashboard",
    "cloudwatch:ListDashboards",
    "cloudwatch:PutDashboard",
)
# These actions create a role or extend its permissions. They apply only to roles with the required boundary.
BOUNDED_ROLE_ACTIONS: Final = (
    "iam:CreateRole",
    "iam:PutRolePolicy",
)
ROLE_ACTIONS: Final = (
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
HUB_ROLES: Final = "iam::<AWS::AccountId>:role/RiskHub-*"
PASS_ROLE_SERVICES: Final = (
    "apigateway.amazonaws.com",
    "backup.amazonaws.com",
    "codedeploy.amazonaws.com",
    "lambda.amazonaws.com",
    "s3.amazonaws.com",
    "scheduler.amazonaws.com",
)
# AWS managed policies of services that act for the hub. No other policy may be attached to a role.
ATTACHABLE_POLICIES: Final = ("AmazonAPIGatewayPushToCloudWatchLogs", "AWSBackupServiceRolePolicyForBackup")
_WILDCARD_REASON: Final = (
    "CloudFormation creates, changes and removes resources with the hub's names, in the services listed "
    "here; without this policy it would have access to the whole account"
)


class ExecutionPolicy(Construct):
    """The policy that CDK's bootstrap gives CloudFormation instead of AdministratorAccess."""

    def __init__(
        self, scope: Construct, construct_id: str, *, permissions_boundary: str | None = None
    ) -> None:
        super().__init__(scope, construct_id)
        allowed = [
            *_named_resource_statements(),
            *_alarm_key_statements(),
            *_role_statements(permissions_boundary),
            *_asset_statements(),
        ]
        policy = iam.ManagedPolicy(
            self,
            "Policy",
            managed_policy_name=names.EXECUTION_POLICY,
            # A changed description replaces the policy, which its fixed name forbids.
            description="What CloudFormation may do when it deploys the risk hub",
            statements=[each.statement() for each in allowed],
        )
        findings = (finding for each in allowed for finding in each.findings())
        acknowledge(policy, dict.fromkeys(findings, _WILDCARD_REASON))
        CfnOutput(self, "Arn", value=policy.managed_policy_arn)


def _named_resource_statements() -> Iterator[AllowStatement]:
    for service, resources in HUB_RESOURCES:
        yield AllowStatement(
            [f"{service}:*"], [f"{service}:{REGION_AND_ACCOUNT}:{each}" for each in resources]
        )
    yield AllowStatement(["apigateway:*"], ["apigateway:<AWS::Region>::/*"])
    yield AllowStatement(WEB_ACL_ASSOCIATION_ACTIONS, ["apigateway:<AWS::Region>::/restapis/*/stages/*"])
    yield AllowStatement(["s3:*"], ["s3:::riskhub-*"])
    yield AllowStatement(
        VAULT_KEY_ACTIONS,
        [f"kms:{REGION_AND_ACCOUNT}:key/*"],
        {"StringEquals": {"kms:ViaService": [resolve_pseudo_parameters(_BACKUP_SERVICE)]}},
    )
    yield AllowStatement([*UNSCOPED_ACTIONS, *DASHBOARD_ACTIONS], ["*"])


def _alarm_key_statements() -> Iterator[AllowStatement]:
    """Allow actions on keys by the tag that CloudFormation sets: their ARNs do not contain the hub's name."""
    project = [names.cost_tags("")["project"]]
    yield AllowStatement(KEY_CREATION_ACTIONS, ["*"], {"StringEquals": {"aws:RequestTag/project": project}})
    yield AllowStatement(
        KEY_ACTIONS,
        [f"kms:{REGION_AND_ACCOUNT}:key/*"],
        {"StringEquals": {"aws:ResourceTag/project": project}},
    )


def _role_statements(boundary: str | None) -> Iterator[AllowStatement]:
    """Allow actions on roles. A required boundary can be set on a role, but neither replaced nor removed."""
    bounded = {"StringEquals": {"iam:PermissionsBoundary": [_boundary_arn(boundary)]}} if boundary else {}
    verbs = (*BOUNDED_ROLE_ACTIONS, "iam:PutRolePermissionsBoundary") if boundary else BOUNDED_ROLE_ACTIONS
    yield AllowStatement(verbs, [HUB_ROLES], bounded)
    yield AllowStatement(ROLE_ACTIONS, [HUB_ROLES])
    yield AllowStatement(
        ["iam:AttachRolePolicy"],
        [HUB_ROLES],
        {
            "ArnEquals": {
                "iam:PolicyARN": [
                    resolve_pseudo_parameters(_service_role_policy_arn(each)) for each in ATTACHABLE_POLICIES
                ]
            },
            **bounded,
        },
    )
    yield AllowStatement(
        ["iam:PassRole"], [HUB_ROLES], {"StringEquals": {"iam:PassedToService": PASS_ROLE_SERVICES}}
    )


def _boundary_arn(policy: str) -> str:
    own = resolve_pseudo_parameters(f"arn:<AWS::Partition>:iam::<AWS::AccountId>:policy/{policy}")
    return policy if policy.startswith("arn:") else own


def _service_role_policy_arn(policy: str) -> str:
    return f"arn:<AWS::Partition>:iam::aws:policy/service-role/{policy}"


def _asset_statements() -> Iterator[AllowStatement]:
    bucket = f"s3:::cdk-{names.BOOTSTRAP_QUALIFIER}-assets-<AWS::AccountId>-<AWS::Region>"
    yield AllowStatement(["s3:GetObject"], [f"{bucket}/*"])
