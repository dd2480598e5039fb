"""Custom domain of the API, in the data stack: it stays when the service stack is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from infra.cdk.constructs.removal_policy import removal_policy_for

if TYPE_CHECKING:
    from aws_cdk import Stack

    from infra.custom_domain import CustomDomain
    from infra.environments import EnvironmentSpec


class ApiDomain(Construct):
    """A regional domain name with TLS 1.2 or later; its outputs are the targets of the DNS record."""

    def __init__(
        self, scope: Stack, construct_id: str, *, environment: EnvironmentSpec, domain: CustomDomain
    ) -> None:
        super().__init__(scope, construct_id)
        name = apigateway.CfnDomainName(
            self,
            "Name",
            domain_name=domain.name,
            regional_certificate_arn=domain.certificate_arn,
            endpoint_configuration=apigateway.CfnDomainName.EndpointConfigurationProperty(types=["REGIONAL"]),
            security_policy="TLS_1_2",
        )
        name.apply_removal_policy(removal_policy_for(environment))
        CfnOutput(scope, "ApiDomainTarget", value=name.attr_regional_domain_name)
        CfnOutput(scope, "ApiDomainHostedZoneId", value=name.attr_regional_hosted_zone_id)


def map_domain(scope: Construct, domain: CustomDomain, api: apigateway.RestApi) -> None:
    """Map the domain's base path to the API's stage.

    The domain is given by name, not by reference: CloudFormation removes no export that another stack imports.
    """
    apigateway.CfnBasePathMapping(
        scope,
        "DomainMapping",
        domain_name=domain.name,
        base_path=domain.base_path or None,
        rest_api_id=api.rest_api_id,
        stage=api.deployment_stage.stage_name,
    )
