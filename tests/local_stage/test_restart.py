"""`make down && make up` keeps what was stored, and the functions go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from infra.local.bring_up import OpenStage, open_stage
from infra.local.saved_state import MARK_NAME
from infra.local.settings import ANY_FREE_PORT, LocalSettings
from tests.local_stage.caller import Caller, small_body

RISK_DEADLINE_SECONDS = 30.0
LATEST = "/risk-hub/worlds/kept/snapshots/latest"


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    return LocalSettings(tmp_path, ANY_FREE_PORT, ANY_FREE_PORT)


@pytest.fixture
def stopped_stage(settings: LocalSettings) -> LocalSettings:
    """A stage that has stored and evaluated a snapshot and was stopped cleanly."""
    with started(settings) as first:
        hub = Caller(first.hub)
        hub.post("kept", small_body())
        hub.risk("kept", "v1", within_seconds=RISK_DEADLINE_SECONDS)
    return settings


@contextmanager
def started(settings: LocalSettings) -> Iterator[OpenStage]:
    stage = open_stage(settings, Console(quiet=True), detached=False, fresh=False)
    try:
        yield stage
    finally:
        stage.process.stop()


def test_a_clean_stop_leaves_data_to_serve_and_to_add_to_and_a_killed_stage_nothing_to_trust(
    stopped_stage: LocalSettings,
) -> None:
    with started(stopped_stage) as second:
        hub = Caller(second.hub)
        assert hub.get(LATEST).document()["version"] == "v1"
        assert hub.risk("kept", "v1", within_seconds=0)["status"]
        assert hub.post("kept", small_body("v2")).status == 201
        assert hub.risk("kept", "v2", within_seconds=RISK_DEADLINE_SECONDS)["version"] == "v2"
        second.process.process.kill()
    assert not (stopped_stage.state / MARK_NAME).exists()
    with started(stopped_stage) as third:
        assert Caller(third.hub).get(LATEST).status == 404
