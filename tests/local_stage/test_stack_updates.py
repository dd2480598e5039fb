"""An existing stack is updated in place; unchanged resources are left alone, failures are named."""

import json
from typing import Any

import pytest

from infra.errors import LocalStageError
from infra.local.assembly import Assembly, Template
from infra.local.bring_up import RunningStage
from infra.local.deploy import Deployer

STACK = "updated-in-place"


def deploy(stage: RunningStage, **queues: dict[str, Any]) -> dict[str, str]:
    """Deploy one stack of queues; return the outputs: each queue's address."""
    document = {
        "Resources": {
            name: {"Type": "AWS::SQS::Queue", "Properties": given} for name, given in queues.items()
        },
        "Outputs": {name: {"Value": {"Ref": name}} for name in queues},
    }
    assembly = Assembly((Template(STACK, json.dumps(document)),), "no-code", {})
    return Deployer(stage.aws, assembly).deploy().outputs


def visibility(stage: RunningStage, queue: str) -> str:
    client = stage.aws.client("sqs")
    return str(
        client.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]["VisibilityTimeout"]
    )


def test_stack_is_updated_in_place_and_a_failed_update_names_it(stage: RunningStage) -> None:
    first = deploy(stage, A={"VisibilityTimeout": 10})
    assert deploy(stage, A={"VisibilityTimeout": 10}) == first
    second = deploy(stage, A={"VisibilityTimeout": 20}, B={})
    assert (second["A"], visibility(stage, second["A"])) == (first["A"], "20")
    assert deploy(stage, A={"VisibilityTimeout": 10}) == first
    assert visibility(stage, first["A"]) == "10"
    with pytest.raises(LocalStageError, match=f"The stack {STACK} could not be deployed"):
        deploy(stage, A={"VisibilityTimeout": -1})
    stage.aws.client("cloudformation").delete_stack(StackName=STACK)
