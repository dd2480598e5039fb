"""Least privilege, in short: the whole inventory, and a few grants removed (`make grants` removes each)."""

import random
from collections.abc import Iterator

import pytest
from rich.console import Console

from tests.grants.experiment import Experiment, experiment
from tests.grants.producers import publishes
from tests.grants.roles import Grant
from tests.grants.table import SCENARIOS

TAKEN_BY_RUNNING = 2
pytestmark = pytest.mark.xdist_group("grants")


@pytest.fixture(scope="module")
def running() -> Iterator[Experiment]:
    with experiment(Console(quiet=True)) as opened:
        yield opened


def test_every_grant_is_explained_and_every_need_is_granted(running: Experiment) -> None:
    assert running.unexplained() == set()


def test_lambda_misses_each_grant_that_it_uses_itself(running: Experiment) -> None:
    used = [grant for grant in running.grants() if (grant.action, grant.where) not in SCENARIOS[grant.folder]]
    assert used
    assert [grant for grant in used if running.without(grant).failure is None] == []


def test_a_grant_that_nothing_misses_is_found(running: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    needless = Grant("snapshot_writer", "dynamodb:GetItem", "marks")
    rows = {**SCENARIOS["snapshot_writer"], ("dynamodb:GetItem", "marks"): publishes}
    monkeypatch.setitem(SCENARIOS, "snapshot_writer", rows)
    assert running.without(needless).failure is None


def test_a_grant_that_is_taken_away_is_missed(running: Experiment) -> None:
    told = [grant for grant in running.grants() if (grant.action, grant.where) in SCENARIOS[grant.folder]]
    taken = random.sample(told, TAKEN_BY_RUNNING)
    running.check_scenarios_pass(taken)
    assert [grant for grant in taken if running.without(grant).failure is None] == []
