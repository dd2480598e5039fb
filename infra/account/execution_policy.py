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
# A key is tagged in the call that makes it, which KMS checks before the key has the tag. So a deployment could also put
# our tag on another key of the account whose policy leaves that to IAM.
MAKING_KEYS: Final = ("kms:CreateKey", "kms:TagResource")
# What CloudFormation does with the key of the alarm topics afterwards.
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
# These can make a role, or give one more than it had: where a boundary is asked for, only a role under it.
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
# AWS keeps these policies for services that act for us; no other may be attached to a role.
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
    """Keys have no name of ours in their ARNs, but the tag that CloudFormation puts on all that it makes for us."""
    project = [names.cost_tags("")["project"]]
    yield Allowed(MAKING_KEYS, ["*"], {"StringEquals": {"aws:RequestTag/project": project}})
    yield Allowed(KEY_VERBS, [f"kms:{HERE}:key/*"], {"StringEquals": {"aws:ResourceTag/project": project}})


def _on_roles(boundary: str | None) -> Iterator[Allowed]:
    """Where a boundary is asked for, it can be put on a role but neither replaced nor taken off."""
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
