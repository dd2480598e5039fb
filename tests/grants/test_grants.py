"""Least privilege, in short: the whole inventory, and a few grants removed (`make grants` removes each)."""

import random
from collections.abc import Iterator

import pytest
from rich.console import Console

from tools.grants.experiment import Experiment, experiment
from tools.grants.producers import publishes
from tools.grants.roles import Grant
from tools.grants.table import SCENARIOS

TAKEN_BY_RUNNING = 2
pytestmark = pytest.mark.xdist_group("grants")


@pytest.fixture(scope="module")
def running() -> Iterator[Experiment]:
    with experiment(Console(quiet=True)) as opened:
        yield opened


def test_granted_permissions_equal_the_listed_needs(running: Experiment) -> None:
    assert running.unexplained() == set()


def test_removing_any_grant_used_by_lambda_itself_denies_access(running: Experiment) -> None:
    used = [grant for grant in running.grants() if (grant.action, grant.where) not in SCENARIOS[grant.folder]]
    assert used
    assert [grant for grant in used if running.without(grant).failure is None] == []


def test_unneeded_grant_is_detected(running: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    needless = Grant("snapshot_writer", "dynamodb:GetItem", "marks")
    rows = {**SCENARIOS["snapshot_writer"], ("dynamodb:GetItem", "marks"): publishes}
    monkeypatch.setitem(SCENARIOS, "snapshot_writer", rows)
    assert running.without(needless).failure is None


def test_removing_any_sampled_grant_fails_its_scenario(running: Experiment) -> None:
    reported = [grant for grant in running.grants() if (grant.action, grant.where) in SCENARIOS[grant.folder]]
    taken = random.sample(reported, TAKEN_BY_RUNNING)
    running.check_scenarios_pass(taken)
    assert [grant for grant in taken if running.without(grant).failure is None] == []
