"""Canary release on the API's functions: 10 % of the calls first, rollback when an alarm turns on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import names
from infra.cdk.nag import acknowledge
from infra.functions import API_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_cloudwatch as cloudwatch

    from infra.environments import EnvironmentSpec

CANARY_CONFIGURATION: Final = "CodeDeployDefault.LambdaCanary10Percent10Minutes"
# CodeDeploy's limit per deployment group.
ALARMS_MAX_COUNT: Final = 10
_ROLLBACK_EVENTS: Final = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
_DESCRIBE_ALARMS_REASON: Final = "cloudwatch:DescribeAlarms does not support single alarms as resources"


class Releases(Construct):
    """One deployment group per function of the API, all under the same alarms, including the workers'.

    The aliases of the service stack name their groups. A group is looked up only when its alias is *updated*, and
    the first deployment creates the aliases: the service stack can be deployed before the groups exist.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentSpec,
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        if len(alarms) > ALARMS_MAX_COUNT:
            raise ValueError(
                f"{len(alarms)} alarms stop a release; CodeDeploy accepts at most {ALARMS_MAX_COUNT}"
            )
        self._environment, self._alarms = environment, alarms
        application = codedeploy.CfnApplication(
            self,
            "Application",
            application_name=names.release_application_name(environment.name),
            compute_platform="Lambda",
        )
        role = self._role()
        for folder in API_FUNCTIONS:
            self._group(folder, application, role)

    def _role(self) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "codedeploy.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            ),
            description=f"Lets CodeDeploy move the aliases of stage {self._environment.name} and read its alarms",
        )
        aliases = [f"{self._function_arn(folder)}:{names.LIVE_ALIAS}" for folder in API_FUNCTIONS]
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:GetAlias", "lambda:UpdateAlias"],
                # IAM checks both actions against the function's ARN; the alias's ARN is added as a
                # precaution.
                resources=[*map(self._function_arn, API_FUNCTIONS), *aliases],
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:GetProvisionedConcurrencyConfig"], resources=aliases)
        )
        role.add_to_policy(iam.PolicyStatement(actions=["cloudwatch:DescribeAlarms"], resources=["*"]))
        acknowledge(role, {"AwsSolutions-IAM5[Resource::*]": _DESCRIBE_ALARMS_REASON})
        return role

    def _function_arn(self, folder: names.FunctionFolder) -> str:
        return Stack.of(self).format_arn(
            service="lambda",
            resource="function",
            resource_name=names.physical_name(self._environment.name, folder),
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _group(
        self, folder: names.FunctionFolder, application: codedeploy.CfnApplication, role: iam.Role
    ) -> None:
        group = codedeploy.CfnDeploymentGroup(
            self,
            folder,
            application_name=application.ref,
            deployment_group_name=names.physical_name(self._environment.name, folder),
            service_role_arn=role.role_arn,
            deployment_config_name=CANARY_CONFIGURATION,
            deployment_style=codedeploy.CfnDeploymentGroup.DeploymentStyleProperty(
                deployment_type="BLUE_GREEN", deployment_option="WITH_TRAFFIC_CONTROL"
            ),
            alarm_configuration=codedeploy.CfnDeploymentGroup.AlarmConfigurationProperty(
                enabled=True,
                alarms=[
                    codedeploy.CfnDeploymentGroup.AlarmProperty(name=each.alarm_name) for each in self._alarms
                ],
            ),
            auto_rollback_configuration=codedeploy.CfnDeploymentGroup.AutoRollbackConfigurationProperty(
                enabled=True, events=[*_ROLLBACK_EVENTS]
            ),
        )
        group.node.add_dependency(role)
