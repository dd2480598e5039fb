"""Worlds with separate metrics: the first expected ones by name, never more than the cap."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.hub.adapters.dynamodb_metered_worlds import DynamoDBMeteredWorlds
from functions.hub.adapters.dynamodb_registry import DynamoDBRegistry
from functions.hub.world_ports import NoteWrite
from risk_hub_contracts.base.limits import METERED_WORLDS_CACHE_MAX_AGE_SECONDS, PER_WORLD_METRICS_MAX_COUNT
from risk_hub_contracts.worlds.expectation import Expectation
from tests.adapters.conftest import create_table
from tests.fakes.clock import START, FrozenClock

STAGES = frozenset({"paper", "live"})


class Table:
    """The `worlds` table, its reader, and the number of scans."""

    def __init__(self) -> None:
        self.dynamodb, self.name, self.clock = boto3.client("dynamodb"), create_table("worlds"), FrozenClock()
        self.scans, self.fault = 0, ""
        self.dynamodb.meta.events.register("before-call.dynamodb.Scan", self._count)
        self.is_metered = DynamoDBMeteredWorlds(self.dynamodb, self.name, self.clock, STAGES)

    def _count(self, **_: Any) -> None:
        self.scans += 1
        if self.fault:
            raise ClientError({"Error": {"Code": self.fault}}, "Scan")

    def expect(self, world_id: str, stage: str = "paper", *, enabled: bool = True) -> None:
        text = Expectation(owner="desk-a", enabled=enabled).model_dump_json(by_alias=True)
        writing = NoteWrite(text, START, "t1", in_force=enabled)
        DynamoDBRegistry(self.dynamodb, self.name).put(world_id, stage, "expectation", writing)


@pytest.fixture
def table() -> Iterator[Table]:
    with mock_aws():
        yield Table()


def test_expected_world_is_metered_only_in_its_stage(table: Table) -> None:
    table.expect("w1")
    assert table.is_metered("w1", "paper")
    assert not table.is_metered("w1", "live")


def test_f30_world_without_an_enabled_expectation_is_not_metered(table: Table) -> None:
    table.expect("switched-off", enabled=False)
    table.expect("w1", "made-up-stage")
    assert not table.is_metered("switched-off", "paper")
    assert not table.is_metered("w1", "made-up-stage")
    assert not table.is_metered("made-up-by-a-caller", "paper")


def test_f30_the_first_worlds_by_name_are_metered_up_to_the_cap(table: Table) -> None:
    for number in reversed(range(PER_WORLD_METRICS_MAX_COUNT + 2)):
        table.expect(f"w{number:03}")
    metered = [n for n in range(PER_WORLD_METRICS_MAX_COUNT + 2) if table.is_metered(f"w{n:03}", "paper")]
    assert metered == list(range(PER_WORLD_METRICS_MAX_COUNT))


def test_metered_worlds_are_reloaded_only_after_the_cache_expires(table: Table) -> None:
    assert not table.is_metered("w1", "paper")
    table.expect("w1")
    table.clock.advance(seconds=METERED_WORLDS_CACHE_MAX_AGE_SECONDS - 1)
    assert not table.is_metered("w1", "paper")
    assert table.scans == 1
    table.clock.advance(seconds=1)
    assert table.is_metered("w1", "paper")
    assert table.scans == 2


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_registry_failure_keeps_cached_metered_worlds_without_an_immediate_retry(
    table: Table, code: str
) -> None:
    table.expect("w1")
    assert table.is_metered("w1", "paper")
    table.fault = code
    table.clock.advance(seconds=METERED_WORLDS_CACHE_MAX_AGE_SECONDS)
    assert table.is_metered("w1", "paper")
    assert not table.is_metered("w2", "paper")
    assert table.scans == 2
