import json
import re
from typing import Any

import pytest

from infra.api_methods import gateway_methods
from infra.cdk.constructs.gateway_responses import SLUG_OF
from infra.environments import ENVIRONMENTS
from risk_hub_contracts.base.problems import PROBLEMS
from tests.infra.assembly import CLOUD_STAGE_NAMES, Assembly, only

ROUTES = {(method.verb, method.path): method.function for method in gateway_methods()}
# Every type that API Gateway documents for REST APIs.
RESPONSE_TYPES = {
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
}
HEADER = "gatewayresponse.header."


def responses(assembly: Assembly) -> dict[str, dict[str, Any]]:
    found = assembly.properties("service", "AWS::ApiGateway::GatewayResponse")
    return {each["ResponseType"]: each for each in found}


def document(response: dict[str, Any]) -> dict[str, Any]:
    """Return the body as a caller receives it."""
    text = response["ResponseTemplates"]["application/json"]
    rendered: dict[str, Any] = json.loads(text.replace("$context.requestId", "5d1f"))
    return rendered


def path(resources: dict[str, dict[str, Any]], reference: dict[str, Any]) -> str:
    if "Ref" not in reference:
        return ""
    properties = resources[reference["Ref"]]["Properties"]
    return f"{path(resources, properties['ParentId'])}/{properties['PathPart']}"


def is_called(part: Any) -> bool:
    """Return whether a part of an integration's address is its target: a function's ARN, or an alias."""
    return isinstance(part, dict) and not str(part.get("Ref", "")).startswith("AWS::")


def folder_of(assembly: Assembly, called: dict[str, Any]) -> str:
    functions = assembly.resources("service", "AWS::Lambda::Function")
    aliases = assembly.resources("service", "AWS::Lambda::Alias")
    function = (
        called["Fn::GetAtt"][0]
        if "Fn::GetAtt" in called
        else aliases[called["Ref"]]["Properties"]["FunctionName"]["Ref"]
    )
    folder: str = functions[function]["Properties"]["Handler"].split(".")[1]
    return folder


def routes(assembly: Assembly) -> dict[tuple[str, str], str]:
    resources = assembly.resources("service", "AWS::ApiGateway::Resource")
    found = {}
    for method in assembly.properties("service", "AWS::ApiGateway::Method"):
        (called,) = [part for part in method["Integration"]["Uri"]["Fn::Join"][1] if is_called(part)]
        found[method["HttpMethod"], path(resources, method["ResourceId"])] = folder_of(assembly, called)
    return found


def test_every_api_route_invokes_the_expected_function(any_stage: Assembly) -> None:
    assert routes(any_stage) == ROUTES


def test_gateway_may_invoke_each_function_only_for_its_routes(
    any_stage: Assembly,
) -> None:
    allowed = {}
    for each in any_stage.properties("service", "AWS::Lambda::Permission"):
        verb, _, route = each["SourceArn"]["Fn::Join"][1][-1].lstrip("/").partition("/")
        called = each["FunctionName"]
        allowed[verb, f"/{route}"] = folder_of(any_stage, called)
    assert allowed == {
        (verb.replace("ANY", "*"), re.sub(r"{\w+}", "*", path)): folder
        for (verb, path), folder in ROUTES.items()
    }


def test_every_api_method_uses_proxy_integration_without_an_authorizer(any_stage: Assembly) -> None:
    methods = any_stage.properties("service", "AWS::ApiGateway::Method")
    assert {each["Integration"]["Type"] for each in methods} == {"AWS_PROXY"}
    assert {each["AuthorizationType"] for each in methods} == {"NONE"}


def test_the_api_is_regional(any_stage: Assembly) -> None:
    api = only(iter(any_stage.properties("service", "AWS::ApiGateway::RestApi")))
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


def test_every_gateway_error_type_has_a_custom_response(any_stage: Assembly) -> None:
    assert set(responses(any_stage)) == RESPONSE_TYPES


@pytest.mark.parametrize("response_type", sorted(RESPONSE_TYPES))
def test_a_gateway_error_is_a_registered_problem(local: Assembly, response_type: str) -> None:
    response = responses(local)[response_type]
    problem, answered = PROBLEMS[SLUG_OF[response_type]], document(response)
    assert response["StatusCode"] == str(problem.status)
    assert response["ResponseParameters"][f"{HEADER}Content-Type"] == "'application/problem+json'"
    assert answered.pop("detail")
    assert answered == {
        "type": problem.uri,
        "title": problem.title,
        "status": problem.status,
        "remedy": problem.remedy,
        "instance": "urn:risk-hub:request:5d1f",
    }


@pytest.mark.parametrize(
    ("response_type", "status", "slug"),
    [
        ("MISSING_AUTHENTICATION_TOKEN", 404, "not-found"),
        ("INVALID_SIGNATURE", 404, "not-found"),
        ("ACCESS_DENIED", 403, "network-denied"),
        ("REQUEST_TOO_LARGE", 413, "body-too-large"),
        ("UNSUPPORTED_MEDIA_TYPE", 415, "unsupported-media-type"),
        ("THROTTLED", 429, "throttled"),
        ("INTEGRATION_TIMEOUT", 504, "gateway-timeout"),
        ("INTEGRATION_FAILURE", 503, "unavailable"),
        ("DEFAULT_5XX", 500, "internal"),
    ],
)
def test_gateway_error_has_the_expected_status_and_problem_type(
    local: Assembly,
    response_type: str,
    status: int,
    slug: str,
) -> None:
    answered = document(responses(local)[response_type])
    assert (answered["status"], answered["type"]) == (status, f"urn:risk-hub:problem:{slug}")


def test_only_retryable_gateway_errors_have_a_retry_after_header(local: Assembly) -> None:
    reported = {
        t for t, each in responses(local).items() if f"{HEADER}Retry-After" in each["ResponseParameters"]
    }
    retryable = {t for t, each in responses(local).items() if each["StatusCode"] in {"429", "503", "504"}}
    assert reported == retryable
    assert "THROTTLED" in reported


def test_gateway_errors_contain_no_variable_except_the_request_id(local: Assembly) -> None:
    for response in responses(local).values():
        assert set(re.findall(r"\$[\w.]+", response["ResponseTemplates"]["application/json"])) == {
            "$context.requestId"
        }


def policy(assembly: Assembly) -> dict[str, Any] | None:
    api = only(iter(assembly.properties("service", "AWS::ApiGateway::RestApi")))
    return api.get("Policy")


def test_api_has_a_resource_policy_only_if_networks_are_configured(any_stage: Assembly) -> None:
    assert (policy(any_stage) is None) is (any_stage.settings.allowed_networks is None)


def test_only_local_and_dev_do_not_require_allowed_networks() -> None:
    assert [name for name, stage in ENVIRONMENTS.items() if not stage.networks_required] == ["local", "dev"]
    assert ENVIRONMENTS["local"].allowed_networks == ("127.0.0.0/8", "::1/128")


@pytest.mark.parametrize("stage", ["local", "staging", "prod"])
def test_resource_policy_denies_requests_from_other_networks(assembly: Any, stage: str) -> None:
    found, networks = policy(assembly(stage)), assembly(stage).settings.allowed_networks
    assert found is not None
    allow, deny = found["Statement"]
    assert (allow["Effect"], deny["Effect"]) == ("Allow", "Deny")
    assert deny["Condition"] == {"NotIpAddress": {"aws:SourceIp": [*networks]}}
    assert deny["Resource"] == allow["Resource"] == "execute-api:/*"
    assert deny["Principal"] == allow["Principal"] == {"AWS": "*"}


def api_stage(assembly: Assembly) -> dict[str, Any]:
    return only(iter(assembly.properties("service", "AWS::ApiGateway::Stage")))


def test_api_throttling_follows_the_stage_settings(any_stage: Assembly) -> None:
    stage, (settings,) = ENVIRONMENTS[any_stage.stage], api_stage(any_stage)["MethodSettings"]
    assert (settings["HttpMethod"], settings["ResourcePath"]) == ("*", "/*")
    assert settings["ThrottlingRateLimit"] == stage.throttle_rate_per_second
    assert settings["ThrottlingBurstLimit"] == stage.throttle_burst_requests


def test_gateway_does_not_log_request_bodies(any_stage: Assembly) -> None:
    (settings,) = api_stage(any_stage)["MethodSettings"]
    assert settings["DataTraceEnabled"] is False
    assert settings["LoggingLevel"] == "ERROR"


def test_the_access_log_is_json_without_a_credential(any_stage: Assembly) -> None:
    logged = json.loads(api_stage(any_stage)["AccessLogSetting"]["Format"])
    assert {"request_id", "ip", "method", "route", "status", "latency_ms"} <= set(logged)
    assert not [value for value in logged.values() if "authorization" in value.lower()]


def test_execution_log_group_is_created_before_the_api_stage(any_stage: Assembly) -> None:
    """Otherwise the gateway creates a log group that keeps its lines permanently."""
    stage = only(iter(any_stage.resources("service", "AWS::ApiGateway::Stage").values()))
    awaited = [any_stage.template("service")["Resources"][each] for each in stage["DependsOn"]]
    names = [each["Properties"]["LogGroupName"] for each in awaited if each["Type"] == "AWS::Logs::LogGroup"]
    assert ["API-Gateway-Execution-Logs_" in json.dumps(each) for each in names] == [True]


def test_api_deployment_depends_on_every_gateway_response(any_stage: Assembly) -> None:
    deployment = only(iter(any_stage.resources("service", "AWS::ApiGateway::Deployment").values()))
    assert set(any_stage.resources("service", "AWS::ApiGateway::GatewayResponse")) <= set(
        deployment["DependsOn"]
    )


def test_cloud_stages_are_all_stages_except_local() -> None:
    assert set(CLOUD_STAGE_NAMES) == set(ENVIRONMENTS) - {"local"}


def test_api_treats_every_media_type_as_binary(any_stage: Assembly) -> None:
    api = only(iter(any_stage.properties("service", "AWS::ApiGateway::RestApi")))
    assert api["BinaryMediaTypes"] == ["*/*"]
