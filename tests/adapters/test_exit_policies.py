"""One suite for every ExitPolicies: the policy is stored on the world's row, next to the head."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds
from risk_hub_contracts.policies.exit_policy import ExitList, ExitPolicy, StressLimit
from tests.adapters.conftest import create_table
from tests.fakes.samples import WORLD, stored
from tests.fakes.stores import MemoryWorlds

POLICY = ExitPolicy(
    version="p1",
    cool_down_seconds=60,
    stress=(StressLimit(max_loss=0.3),),
    drain=ExitList(assets=("AAPL",)),
)
Worlds = MemoryWorlds | DynamoDBWorlds
Store = Callable[[str], None]


def write(text: str) -> None:
    """Store a policy as an operator does: on the row, without changing the rest of it."""
    boto3.client("dynamodb").update_item(
        TableName="worlds",
        Key={"world_id": {"S": WORLD}, "stage": {"S": "paper"}},
        UpdateExpression="SET exit_policy = :policy",
        ExpressionAttributeValues={":policy": {"S": text}},
    )


@pytest.fixture(params=["memory", "dynamodb"])
def stored_policy(request: pytest.FixtureRequest) -> Iterator[tuple[Worlds, Store]]:
    if request.param == "memory":
        memory = MemoryWorlds()
        yield (
            memory,
            lambda text: memory.policies.update({(WORLD, "paper"): ExitPolicy.model_validate_json(text)}),
        )
        return
    with mock_aws():
        yield DynamoDBWorlds(boto3.client("dynamodb"), create_table("worlds")), write


def test_world_without_a_stored_policy_has_no_exit_policy(
    stored_policy: tuple[Worlds, Store],
) -> None:
    worlds, _ = stored_policy
    assert worlds.exit_policy(WORLD, "paper") is None
    worlds.advance_head(stored())
    assert worlds.exit_policy(WORLD, "paper") is None


def test_exit_policy_is_returned_only_for_its_world_and_stage(stored_policy: tuple[Worlds, Store]) -> None:
    worlds, store = stored_policy
    store(POLICY.model_dump_json())
    assert worlds.exit_policy(WORLD, "paper") == POLICY
    assert worlds.exit_policy(WORLD, "live") is None
    assert worlds.exit_policy("another", "paper") is None


def test_advancing_the_head_keeps_the_exit_policy(stored_policy: tuple[Worlds, Store]) -> None:
    worlds, store = stored_policy
    store(POLICY.model_dump_json())
    assert worlds.advance_head(stored())
    assert worlds.exit_policy(WORLD, "paper") == POLICY


@pytest.mark.parametrize(
    "text", ["{}", "no json", '{"version": "p1", "cool_down_seconds": 60, "max_loss": 1}']
)
def test_invalid_stored_policy_raises_instead_of_using_the_default(text: str) -> None:
    with mock_aws():
        worlds = DynamoDBWorlds(boto3.client("dynamodb"), create_table("worlds"))
        write(text)
        with pytest.raises(ValueError, match="ExitPolicy"):
            worlds.exit_policy(WORLD, "paper")
