"""One suite for every WorldStore."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations

import boto3
import pytest
from moto import mock_aws

from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds
from functions.hub.ports import Head, WorldStore
from tests.adapters.conftest import create_table
from tests.fakes.clock import START
from tests.fakes.samples import WORLD, series, stored
from tests.fakes.stores import MemoryWorlds


@pytest.fixture(params=["memory", "dynamodb"])
def worlds(request: pytest.FixtureRequest) -> Iterator[WorldStore]:
    if request.param == "memory":
        yield MemoryWorlds()
        return
    with mock_aws():
        yield DynamoDBWorlds(boto3.client("dynamodb"), create_table("worlds"))


def test_unknown_world_has_no_heads(worlds: WorldStore) -> None:
    assert list(worlds.heads("nowhere")) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_head_is_the_newest_snapshot_in_any_arrival_order(worlds: WorldStore, order: tuple[int, ...]) -> None:
    rows = series(3)
    for index in order:
        worlds.advance_head(rows[index])
    assert list(worlds.heads(WORLD)) == [Head(WORLD, "paper", rows[2].order)]


def test_f3_advancing_the_head_to_an_older_snapshot_returns_false(worlds: WorldStore) -> None:
    newer, older = stored("v2", as_of=START), stored("v1", as_of=START - timedelta(hours=1))
    assert worlds.advance_head(newer)
    assert not worlds.advance_head(older)


def test_advancing_the_head_to_the_same_snapshot_returns_true(worlds: WorldStore) -> None:
    assert worlds.advance_head(stored())
    assert worlds.advance_head(stored())


def test_each_stage_has_its_own_head(worlds: WorldStore) -> None:
    worlds.advance_head(stored("v1", stage="paper"))
    assert worlds.advance_head(stored("v2", stage="live", as_of=START - timedelta(days=1)))
    assert [head.stage for head in worlds.heads(WORLD) if head] == ["live", "paper"]
