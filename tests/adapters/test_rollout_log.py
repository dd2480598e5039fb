"""One suite for every RolloutLog: a sequence is stored once, and the change with the greatest one is the latest."""

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from functions.evaluation.policies.policy_records import Activation, Author, PolicyKey
from functions.evaluation.rollout.ports import RolloutLog
from functions.evaluation.rollout.rollout_records import RolloutChange, RolloutFlag
from functions.evaluation.store.dynamodb_activations import DynamoDBActivations
from functions.evaluation.store.dynamodb_rollout import DynamoDBRollout
from risk_hub_contracts.base.times import format_instant
from tests.adapters.conftest import create_table
from tests.fakes.clock import START
from tests.fakes.rollout import MemoryRollout

MANY = 12


@pytest.fixture(params=["memory", "dynamodb"])
def log(request: pytest.FixtureRequest) -> Iterator[RolloutLog]:
    if request.param == "memory":
        yield MemoryRollout()
        return
    with mock_aws():
        yield DynamoDBRollout(boto3.client("dynamodb"), create_table("policies"))


def change(sequence: int, world_id: str = "w1", reason: str = "both verdicts agree") -> RolloutChange:
    # The clock runs backwards: the order is that of the sequences.
    at = START - timedelta(minutes=sequence)
    flag = RolloutFlag("hub", sequence, "caller_precheck", "set", format_instant(at), "lee")
    return RolloutChange(
        world_id=world_id,
        sequence=sequence,
        stage="backtest",
        change="set",
        decider="hub",
        previous="caller_precheck",
        reason=reason,
        changed_at=at,
        changed_by=Author("lee", f"request-{sequence}"),
        flags={"backtest": flag},
    )


def test_change_with_a_taken_sequence_is_refused_and_changes_nothing(log: RolloutLog) -> None:
    assert log.latest("w1") is None
    assert log.append(change(1))
    assert not log.append(change(1, reason="another one"))
    assert log.latest("w1") == change(1)


def test_latest_change_has_the_greatest_sequence_whatever_the_clock_says(log: RolloutLog) -> None:
    for sequence in range(1, MANY + 1):
        assert log.append(change(sequence))
    assert log.latest("w1") == change(MANY)


def test_changes_are_paged_newest_first_for_their_world(log: RolloutLog) -> None:
    for sequence in range(1, MANY + 1):
        log.append(change(sequence))
    log.append(change(1, "w10"))
    assert [each.sequence for each in log.page("w1", None, 5)] == [12, 11, 10, 9, 8]
    assert [each.sequence for each in log.page("w1", 8, 100)] == [7, 6, 5, 4, 3, 2, 1]
    assert log.page("w1", 1, 5) == []
    assert log.page("w10", None, 5) == [change(1, "w10")]


@mock_aws
def test_changes_and_activations_of_one_world_share_a_table_without_reading_each_other() -> None:
    dynamodb, table = boto3.client("dynamodb"), create_table("policies")
    log, activations = DynamoDBRollout(dynamodb, table), DynamoDBActivations(dynamodb, table)
    activation = Activation(
        world_id="w1",
        sequence=1,
        key=PolicyKey("core", "1"),
        policy_hash="sha256:1",
        reason="first",
        stored_by="kim",
        activated_at=START,
        activated_by=Author("lee", "request-1"),
    )
    assert activations.append(activation)
    assert log.latest("w1") is None
    assert log.append(change(1))
    assert activations.page("w1", None, 5) == [activation]
    assert log.page("w1", None, 5) == [change(1)]
