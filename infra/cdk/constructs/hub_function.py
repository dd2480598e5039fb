"""One deployed function with its role, log group and environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnCodeDeployLambdaAliasUpdate, CfnUpdatePolicy, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import names
from infra.cdk.constructs.removal_policy import removal_policy_for
from infra.cdk.nag import PYTHON_3_13, acknowledge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aws_cdk import aws_s3 as s3

    from infra.environments import EnvironmentSpec
    from infra.function_spec import FunctionSpec

_ACTIVE_TRACING = "X-Ray's two write actions do not support resources; Lambda needs them to send its segments"
_KEYS_ARE_DIGESTS = "Keys are content digests, so the prefix is the narrowest possible name"
_NO_DEAD_LETTERS = (
    "Dead letters exist for asynchronous calls only; this function is called by the API, a queue or a "
    "stream, which report failures to the caller or to their failure queue, or by a schedule, whose "
    "next run repeats the work"
)


class HubFunction(Construct):
    """A function whose role can only write the function's log until further actions are allowed."""

    def __init__(  # noqa: PLR0913 - these arguments define a function
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentSpec,
        spec: FunctionSpec,
        code: lambda_.Code,
        variables: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        self.environment = environment
        self.spec = spec
        self.folder = spec.folder
        self.log_group = self._log_group()
        self.role = self._role()
        self.function = self._function(code, variables)
        self.live = self._live()
        self._acknowledge()

    def allow(self, actions: Sequence[str], resources: Sequence[str]) -> None:
        """Add one narrow statement to the function's role."""
        self.role.add_to_policy(iam.PolicyStatement(actions=[*actions], resources=[*resources]))

    def allow_on_objects(self, actions: Sequence[str], bucket: s3.Bucket, prefixes: Sequence[str]) -> None:
        """Allow actions on all objects under some prefixes; the object keys are not known in advance."""
        bucket_arn = Stack.of(bucket).export_value(bucket.bucket_arn)
        self.allow(actions, [f"{bucket_arn}/{prefix}*" for prefix in prefixes])
        export = Stack.of(self).resolve(bucket_arn)["Fn::ImportValue"]
        for prefix in prefixes:
            acknowledge(self.role, {f"AwsSolutions-IAM5[Resource::{export}/{prefix}*]": _KEYS_ARE_DIGESTS})

    def _log_group(self) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            "Logs",
            log_group_name=names.log_group_name(self.environment.name, self.folder),
            retention=log_retention(self.environment.log_retention_days),
            removal_policy=removal_policy_for(self.environment),
        )

    def _role(self) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Permissions of {self.folder} on stage {self.environment.name}",
        )
        self.log_group.grant_write(role)
        return role

    def _function(self, code: lambda_.Code, variables: Mapping[str, str]) -> lambda_.Function:
        return lambda_.Function(
            self,
            "Function",
            function_name=names.physical_name(self.environment.name, self.folder),
            description=f"{self.folder} of the risk hub, stage {self.environment.name}",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=names.handler(self.folder),
            code=code,
            role=self.role,
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if self._uses_snap_start else None,
            memory_size=self.spec.memory_mib,
            timeout=Duration.seconds(self.spec.timeout_seconds),
            reserved_concurrent_executions=1
            if self.spec.single
            else self.environment.reserved_concurrency(self.folder),
            tracing=lambda_.Tracing.ACTIVE,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel[self.environment.log_level],
            system_log_level_v2=lambda_.SystemLogLevel[self.environment.system_log_level],
            environment={
                **variables,
                names.DEPLOYMENT_STAGE: self.environment.name,
                names.POWERTOOLS_SERVICE_NAME: self.folder,
                names.POWERTOOLS_METRICS_NAMESPACE: names.metrics_namespace(self.environment.name),
                names.POWERTOOLS_LOG_LEVEL: self.environment.log_level,
            },
        )

    @property
    def _uses_snap_start(self) -> bool:
        return self.folder in self.environment.snap_start

    def _live(self) -> lambda_.IFunction:
        """Return what callers invoke: the alias of the published version, or the function itself."""
        if self.environment.rollout == "in_place" or not self.spec.serves_api:
            return self.function
        alias = lambda_.Alias(
            self, "Live", alias_name=names.LIVE_ALIAS, version=self.function.current_version
        )
        if self.environment.rollout == "canary":
            self._use_canary(alias)
        return alias

    def _use_canary(self, alias: lambda_.Alias) -> None:
        """Let CodeDeploy shift the alias to its next version; the operations stack holds the group."""
        resource = alias.node.default_child
        if not isinstance(resource, lambda_.CfnAlias):
            raise TypeError("an alias must have one CloudFormation resource")
        resource.cfn_options.update_policy = CfnUpdatePolicy(
            code_deploy_lambda_alias_update=CfnCodeDeployLambdaAliasUpdate(
                application_name=names.release_application_name(self.environment.name),
                deployment_group_name=names.physical_name(self.environment.name, self.folder),
            )
        )

    def _acknowledge(self) -> None:
        acknowledge(
            self.function,
            {
                "AwsSolutions-L1": PYTHON_3_13,
                "Serverless-LambdaLatestVersion": PYTHON_3_13,
                "Serverless-LambdaDLQ": _NO_DEAD_LETTERS,
            },
        )
        acknowledge(self.role, {"AwsSolutions-IAM5[Resource::*]": _ACTIVE_TRACING})


def log_retention(days: int) -> logs.RetentionDays:
    """Return the CloudWatch retention of exactly this many days.

    Raises:
        KeyError: CloudWatch Logs has no such retention.
    """
    return {
        7: logs.RetentionDays.ONE_WEEK,
        30: logs.RetentionDays.ONE_MONTH,
        90: logs.RetentionDays.THREE_MONTHS,
        365: logs.RetentionDays.ONE_YEAR,
    }[days]
