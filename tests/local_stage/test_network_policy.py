"""The API's resource policy refuses other networks with a problem, and callers cannot fake this network.

The caller's address cannot be chosen on one machine, so the policy is inverted for one test.
"""

import json
from collections.abc import Iterator

import pytest

from infra.local.assembly import read_assembly
from infra.local.bring_up import RunningStage
from infra.names import API_STAGE_NAME
from tests.fakes.calls import call

ELSEWHERE = "203.0.113.0/24"


@pytest.fixture
def only_elsewhere(stage: RunningStage) -> Iterator[None]:
    """Allow a network other than this machine's, as the template would for such a stage."""
    client, api_id = stage.aws.client("apigateway"), stage.deployment.outputs["ApiId"]

    def apply(policy: str) -> None:
        operations = [{"op": "replace", "path": "/policy", "value": policy}]
        client.update_rest_api(restApiId=api_id, patchOperations=operations)
        client.create_deployment(restApiId=api_id, stageName=API_STAGE_NAME)

    apply(committed_policy().replace("127.0.0.0/8", ELSEWHERE))
    yield
    apply(committed_policy())


def committed_policy() -> str:
    (properties,) = (
        properties
        for template in read_assembly().templates
        for properties in template.resources("AWS::ApiGateway::RestApi").values()
    )
    return json.dumps(properties["Policy"])


@pytest.mark.usefixtures("only_elsewhere")
@pytest.mark.parametrize("claimed", [{}, {"X-Forwarded-For": "203.0.113.7"}])
def test_request_from_a_disallowed_network_returns_a_403_problem(
    stage: RunningStage, claimed: dict[str, str]
) -> None:
    answer = call("GET", f"{stage.hub.url}/risk-hub/health", claimed)
    assert answer.status == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.document()["type"] == "urn:risk-hub:problem:network-denied"


def test_the_committed_policy_allows_this_machine(stage: RunningStage) -> None:
    assert "127.0.0.0/8" in committed_policy()
    assert call("GET", f"{stage.hub.url}/risk-hub/health").status == 200
