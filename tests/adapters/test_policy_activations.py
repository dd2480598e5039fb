"""One suite for every ActivationLog: a sequence is stored once, and the greatest one is the latest."""

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from functions.evaluation.policies.policy_records import Activation, Author, PolicyKey
from functions.evaluation.policies.ports import ActivationLog
from functions.evaluation.store.dynamodb_activations import DynamoDBActivations
from tests.adapters.conftest import create_table
from tests.fakes.clock import START
from tests.fakes.evaluation_policies import MemoryActivations

MANY = 12


@pytest.fixture(params=["memory", "dynamodb"])
def activations(request: pytest.FixtureRequest) -> Iterator[ActivationLog]:
    if request.param == "memory":
        yield MemoryActivations()
        return
    with mock_aws():
        yield DynamoDBActivations(boto3.client("dynamodb"), create_table("policies"))


def activation(sequence: int, world_id: str = "w1", reason: str = "approved by the committee") -> Activation:
    return Activation(
        world_id=world_id,
        sequence=sequence,
        key=PolicyKey("core", str(sequence)),
        policy_hash=f"sha256:{sequence}",
        reason=reason,
        stored_by="kim",
        # The clock runs backwards: the order is that of the sequences.
        activated_at=START - timedelta(minutes=sequence),
        activated_by=Author("lee", f"request-{sequence}"),
    )


def test_activation_with_a_taken_sequence_is_refused_and_changes_nothing(activations: ActivationLog) -> None:
    assert activations.latest("w1") is None
    assert activations.append(activation(1))
    assert not activations.append(activation(1, reason="another one"))
    assert activations.latest("w1") == activation(1)


def test_latest_activation_has_the_greatest_sequence_whatever_the_clock_says(
    activations: ActivationLog,
) -> None:
    for sequence in range(1, MANY + 1):
        assert activations.append(activation(sequence))
    assert activations.latest("w1") == activation(MANY)


def test_activations_are_paged_newest_first_for_their_world(activations: ActivationLog) -> None:
    for sequence in range(1, MANY + 1):
        activations.append(activation(sequence))
    activations.append(activation(1, "w10"))
    first = activations.page("w1", None, 5)
    assert [each.sequence for each in first] == [12, 11, 10, 9, 8]
    assert [each.sequence for each in activations.page("w1", 8, 100)] == [7, 6, 5, 4, 3, 2, 1]
    assert activations.page("w1", 1, 5) == []
    assert activations.page("w10", None, 5) == [activation(1, "w10")]
