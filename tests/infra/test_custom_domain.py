"""A stage with a custom domain: the name outlives the service, and the service creates its own mapping."""

import json
from pathlib import Path

import pytest

from infra.ops.deploy.smoke import api_url
from tests.infra.assembly import Assembly, only, synthesize
from tests.infra.test_stages import CERTIFICATE

NAME = "risk.example.com"


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    given = {"domain_name": NAME, "certificate_arn": CERTIFICATE, "base_path": "risk"}
    return synthesize("prod", tmp_path_factory.mktemp("mapped"), **given)


def outputs(assembly: Assembly, part: str) -> dict[str, object]:
    found = assembly.template(part)["Outputs"]  # type: ignore[arg-type]
    return {name: each["Value"] for name, each in found.items()}


def test_custom_domain_is_regional_with_tls_1_2_and_the_configured_certificate(mapped: Assembly) -> None:
    domain = only(iter(mapped.properties("data", "AWS::ApiGateway::DomainName")))
    assert domain["DomainName"] == NAME
    assert domain["RegionalCertificateArn"] == CERTIFICATE
    assert domain["SecurityPolicy"] == "TLS_1_2"
    assert domain["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


def test_custom_domain_is_retained_outside_the_service_stack(mapped: Assembly) -> None:
    assert mapped.resources("service", "AWS::ApiGateway::DomainName") == {}
    resource = only(iter(mapped.resources("data", "AWS::ApiGateway::DomainName").values()))
    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"


def test_service_maps_its_api_to_the_base_path_without_a_stack_export(mapped: Assembly) -> None:
    mapping = only(iter(mapped.properties("service", "AWS::ApiGateway::BasePathMapping")))
    assert (mapping["DomainName"], mapping["BasePath"]) == (NAME, "risk")
    assert mapping["RestApiId"]["Ref"] in mapped.resources("service", "AWS::ApiGateway::RestApi")
    assert mapping["Stage"]["Ref"] in mapped.resources("service", "AWS::ApiGateway::Stage")
    exported = [each for each in json.dumps(mapped.template("service")).split('"') if "ApiDomain" in each]
    assert exported == []


def test_outputs_include_custom_url_default_url_and_dns_target(
    mapped: Assembly,
) -> None:
    service = outputs(mapped, "service")
    assert service["ApiUrl"] == f"https://{NAME}/risk/"
    assert "execute-api" in json.dumps(service["ApiDefaultUrl"])
    assert {"ApiDomainTarget", "ApiDomainHostedZoneId"} <= set(outputs(mapped, "data"))


def test_without_a_base_path_the_api_is_at_the_root_of_the_domain(tmp_path: Path) -> None:
    rooted = synthesize("dev", tmp_path, domain_name=NAME, certificate_arn=CERTIFICATE)
    assert "BasePath" not in only(iter(rooted.properties("service", "AWS::ApiGateway::BasePathMapping")))
    assert outputs(rooted, "service")["ApiUrl"] == f"https://{NAME}/"


def test_stage_without_a_custom_domain_uses_the_default_url(any_stage: Assembly) -> None:
    assert any_stage.resources("data", "AWS::ApiGateway::DomainName") == {}
    assert any_stage.resources("service", "AWS::ApiGateway::BasePathMapping") == {}
    service = outputs(any_stage, "service")
    assert service["ApiUrl"] == service["ApiDefaultUrl"]


class Stacks:
    """CloudFormation with one stack that has a custom domain."""

    def client(self, _service: str) -> "Stacks":
        return self

    def describe_stacks(self, StackName: str) -> dict[str, object]:  # noqa: N803 - boto3's name
        assert StackName == "RiskHub-prod-service"
        values = {"ApiUrl": f"https://{NAME}/risk/", "ApiDefaultUrl": "https://abc.execute-api.example/v1/"}
        return {"Stacks": [{"Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in values.items()]}]}


def test_smoke_test_uses_the_custom_url_if_configured() -> None:
    assert api_url(Stacks(), "prod") == f"https://{NAME}/risk"
