import re
from collections.abc import Callable

import pytest

from infra.environments import ENVIRONMENTS
from tests.infra.assembly import Assembly, Properties

# The pattern of `Description` in AWS::WAFv2::WebACL.
DESCRIPTION = re.compile(r"[a-zA-Z0-9=:#@/\-,.][a-zA-Z0-9+=:#@/\-,.\s]+[a-zA-Z0-9+=:#@/\-,.]{1,256}")


def web_acl(assembly: Assembly) -> Properties:
    (acl,) = assembly.properties("service", "AWS::WAFv2::WebACL")
    return acl


@pytest.mark.parametrize("stage", ["local", "dev", "staging"])
def test_only_production_has_a_web_acl(assembly: Callable[[str], Assembly], stage: str) -> None:
    assert ENVIRONMENTS[stage].requests_per_address is None
    assert not assembly(stage).properties("service", "AWS::WAFv2::WebACL")


def test_web_acl_is_associated_with_the_api_stage(prod: Assembly) -> None:
    (association,) = prod.properties("service", "AWS::WAFv2::WebACLAssociation")
    (stage,) = prod.resources("service", "AWS::ApiGateway::Stage")
    assert {"Ref": stage} in association["ResourceArn"]["Fn::Join"][1]
    assert web_acl(prod)["Scope"] == "REGIONAL"


def test_description_of_the_web_acl_has_only_characters_that_waf_accepts(prod: Assembly) -> None:
    assert DESCRIPTION.fullmatch(web_acl(prod)["Description"])


def test_web_acl_allows_requests_by_default(prod: Assembly) -> None:
    assert web_acl(prod)["DefaultAction"] == {"Allow": {}}
    assert [rule["Priority"] for rule in web_acl(prod)["Rules"]] == [0, 1, 2]


def test_web_acl_limits_requests_per_address_below_the_stage_throttle(prod: Assembly) -> None:
    rule = web_acl(prod)["Rules"][0]
    statement = rule["Statement"]["RateBasedStatement"]
    assert rule["Action"] == {"Block": {}}
    assert statement["AggregateKeyType"] == "IP"
    assert statement["Limit"] == ENVIRONMENTS["prod"].requests_per_address
    assert (
        statement["Limit"] < ENVIRONMENTS["prod"].throttle_rate_per_second * statement["EvaluationWindowSec"]
    )


def test_web_acl_rule_groups_do_not_limit_the_body_size(prod: Assembly) -> None:
    """The common rule set refuses bodies over 8 kB; a snapshot may have 1 MB."""
    groups = [rule["Statement"].get("ManagedRuleGroupStatement") for rule in web_acl(prod)["Rules"]]
    assert [each["Name"] for each in groups if each] == [
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
    ]


def test_web_acl_does_not_sample_requests(prod: Assembly) -> None:
    acl = web_acl(prod)
    configured = [acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl["Rules"])]
    assert {each["SampledRequestsEnabled"] for each in configured} == {False}
    assert {each["CloudWatchMetricsEnabled"] for each in configured} == {True}
