"""The key of the alarm topics: who may use it, and which stages have one."""

from typing import Any

import pytest

from infra.environments import ENVIRONMENTS
from tests.infra.assembly import Assembly, listed, only

PUBLISHING = {"kms:Decrypt", "kms:GenerateDataKey*"}


def users_of_the_key(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """Return the statements of the key's policy that let an AWS service use it, by service."""
    key = only(iter(assembly.properties("operations", "AWS::KMS::Key")))
    statements = key["KeyPolicy"]["Statement"]
    return {each["Principal"]["Service"]: each for each in statements if "Service" in each["Principal"]}


@pytest.mark.parametrize("stage", ["staging", "prod"])
def test_both_alarm_topics_are_encrypted_with_the_stages_own_rotated_key(assembly: Any, stage: str) -> None:
    found = assembly(stage)
    ((logical_id, key),) = found.resources("operations", "AWS::KMS::Key").items()
    assert key["Properties"]["EnableKeyRotation"] is True
    topics = found.properties("operations", "AWS::SNS::Topic")
    assert [each["KmsMasterKeyId"] for each in topics] == [{"Fn::GetAtt": [logical_id, "Arn"]}] * 2


@pytest.mark.parametrize("stage", ["local", "dev"])
def test_stage_without_encrypted_alarms_has_no_kms_key(assembly: Any, stage: str) -> None:
    assert ENVIRONMENTS[stage].encrypted_alarms is False
    assert assembly(stage).properties("operations", "AWS::KMS::Key") == []
    topics = assembly(stage).properties("operations", "AWS::SNS::Topic")
    assert all("KmsMasterKeyId" not in each for each in topics)


@pytest.mark.parametrize("stage", ["staging", "prod"])
def test_cloudwatch_may_use_the_alarm_key_only_for_this_account(assembly: Any, stage: str) -> None:
    statement = users_of_the_key(assembly(stage))["cloudwatch.amazonaws.com"]
    assert set(statement["Action"]) == PUBLISHING
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.parametrize("stage", ["staging", "prod"])
def test_only_services_that_publish_to_alarm_topics_may_use_the_key(assembly: Any, stage: str) -> None:
    found = assembly(stage)
    publishing = {
        statement["Principal"]["Service"]
        for policy in found.properties("operations", "AWS::SNS::TopicPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    }
    users = users_of_the_key(found)
    assert set(users) == publishing
    assert all(set(listed(each["Action"])) == PUBLISHING for each in users.values())


def test_only_the_account_root_administers_the_alarm_key(prod: Assembly) -> None:
    key = only(iter(prod.properties("operations", "AWS::KMS::Key")))
    owners = [each for each in key["KeyPolicy"]["Statement"] if "AWS" in each["Principal"]]
    (owner,) = owners
    assert str(owner["Principal"]["AWS"]).endswith("':root']]}")
