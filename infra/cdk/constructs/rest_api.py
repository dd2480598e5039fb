"""The regional REST API: routes, allowed networks, throttling, access log."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import names
from infra.api_methods import gateway_methods
from infra.cdk.constructs.gateway_responses import add_gateway_responses
from infra.cdk.constructs.hub_function import log_retention
from infra.cdk.constructs.removal_policy import removal_policy_for
from infra.cdk.constructs.web_acl import WebAcl
from infra.cdk.nag import acknowledge
from risk_hub_contracts.api.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_lambda as lambda_

    from infra.environments import EnvironmentSpec
    from risk_hub_contracts.api.routes import ApiFunction

_AUTHENTICATED_IN_HANDLER = (
    "The handler checks the bearer token against digests that are at most 60 s old: an authorizer would "
    "add a cold start and a cached decision that outlives a revoked token"
)
# Another order of creation gives the API's deployment another logical id and deploys the API again. These
# resources keep the order of the first release; a change of the routes may drop them, as it deploys anyway.
_CREATED_FIRST = {
    "snapshot_writer": (
        ROUTES["publish_snapshot"].path,
        ROUTES["begin_upload"].path,
        ROUTES["read_blob"].path,
    ),
    "snapshot_reader": (
        ROUTES["latest_snapshot"].path,
        ROUTES["read_risk"].path.removesuffix("/risk"),
        ROUTES["lookup_snapshot"].path,
    ),
}
_ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "response_bytes": "$context.responseLength",
    "latency_ms": "$context.responseLatency",
    "integration_latency_ms": "$context.integrationLatency",
    "gateway_error": "$context.error.responseType",
}


class HubApi(Construct):
    """The routes of the route table, each answered by its function."""

    def __init__(  # noqa: PLR0913 - an API is exactly these functions
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentSpec,
        writer: lambda_.IFunction,
        reader: lambda_.IFunction,
        registry: lambda_.IFunction,
        evaluations: lambda_.IFunction,
        evaluator: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        self._environment = environment
        self.api = self._rest_api()
        self._execution_log()
        add_gateway_responses(self.api)
        self._add_methods(
            {
                "snapshot_writer": writer,
                "snapshot_reader": reader,
                "world_registry": registry,
                "evaluation_registry": evaluations,
                "evaluator": evaluator,
            }
        )
        self._web_acl(environment.requests_per_address)
        self._acknowledge()

    def _web_acl(self, rate: int | None) -> None:
        if rate is not None:
            WebAcl(
                self, "WebAcl", stage_name=self._environment.name, api=self.api.deployment_stage, rate=rate
            )
            return
        reason = "Every request has a token, and this stage has no data that justifies the price of a web ACL; prod has one"
        acknowledge(self.api.deployment_stage, {"AwsSolutions-APIG3": reason})

    def _rest_api(self) -> apigateway.RestApi:
        return apigateway.RestApi(
            self,
            "Api",
            rest_api_name=names.physical_name(self._environment.name, "api"),
            description=f"Risk hub, stage {self._environment.name}",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            policy=_network_policy(self._environment.allowed_networks),
            # Bodies arrive as the bytes that were sent; as text, invalid UTF-8 would be replaced silently.
            binary_media_types=["*/*"],
            cloud_watch_role=True,
            cloud_watch_role_removal_policy=RemovalPolicy.RETAIN,
            deploy_options=apigateway.StageOptions(
                stage_name=names.API_STAGE_NAME,
                throttling_rate_limit=self._environment.throttle_rate_per_second,
                throttling_burst_limit=self._environment.throttle_burst_requests,
                metrics_enabled=True,
                tracing_enabled=True,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                data_trace_enabled=False,
                access_log_destination=apigateway.LogGroupLogDestination(self._log_group("AccessLogs", None)),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(_ACCESS_LOG)),
            ),
        )

    def _execution_log(self) -> None:
        """Create the execution log group: one made by the gateway would keep its lines permanently."""
        name = f"API-Gateway-Execution-Logs_{self.api.rest_api_id}/{names.API_STAGE_NAME}"
        self.api.deployment_stage.node.add_dependency(self._log_group("ExecutionLogs", name))

    def _log_group(self, construct_id: str, name: str | None) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            construct_id,
            log_group_name=name or f"/risk-hub/{self._environment.name}/api-access",
            retention=log_retention(self._environment.log_retention_days),
            removal_policy=removal_policy_for(self._environment),
        )

    def _add_methods(self, functions: Mapping[ApiFunction, lambda_.IFunction]) -> None:
        """Create the resources of each function's paths, then its methods."""
        for (function, _), group in groupby(
            gateway_methods(), key=lambda method: (method.function, method.verb)
        ):
            methods = list(group)
            for path in (*_CREATED_FIRST.get(function, ()), *(method.path for method in methods)):
                self._resource(path)
            for method in methods:
                self._method(self._resource(method.path), method.verb, functions[function])

    def _resource(self, path: str) -> apigateway.IResource:
        """Return the resource of a path; create those that are missing."""
        resource: apigateway.IResource = self.api.root
        for name in path.strip("/").split("/"):
            resource = resource.get_resource(name) or resource.add_resource(name)
        return resource

    def _method(self, resource: apigateway.IResource, verb: str, function: lambda_.IFunction) -> None:
        """Add a method. The function answers HEAD, OPTIONS and 405; the gateway alone would answer 404."""
        method = resource.add_method(verb, apigateway.LambdaIntegration(function, allow_test_invoke=False))
        acknowledge(
            method,
            {"AwsSolutions-APIG4": _AUTHENTICATED_IN_HANDLER, "AwsSolutions-COG4": _AUTHENTICATED_IN_HANDLER},
        )

    def _acknowledge(self) -> None:
        acknowledge(
            self.api,
            {
                "AwsSolutions-APIG2": "The handler validates against the published contract and answers a problem "
                "document that names each violation; the gateway's validator could do neither",
            },
        )
        acknowledge(
            self.api.node.find_child("CloudWatchRole"),
            {
                "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
                "AmazonAPIGatewayPushToCloudWatchLogs]": "The account has one role with which API "
                "Gateway writes logs; AWS maintains this managed policy for it",
            },
        )


def _network_policy(networks: tuple[str, ...] | None) -> iam.PolicyDocument | None:
    """Return the policy that allows all calls except those from addresses outside the allowed networks."""
    if networks is None:
        return None
    return iam.PolicyDocument(
        statements=[
            _invoke_statement(iam.Effect.ALLOW),
            _invoke_statement(iam.Effect.DENY, {"NotIpAddress": {"aws:SourceIp": [*networks]}}),
        ],
    )


def _invoke_statement(
    effect: iam.Effect, conditions: dict[str, dict[str, list[str]]] | None = None
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        effect=effect,
        principals=[iam.AnyPrincipal()],
        actions=["execute-api:Invoke"],
        resources=["execute-api:/*"],
        conditions=conditions,
    )
