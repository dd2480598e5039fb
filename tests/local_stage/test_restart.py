"""`make down && make up` keeps what was stored, and the functions go on."""

from pathlib import Path

import pytest
from rich.console import Console

from infra.local.bring_up import OpenStage, open_stage
from infra.local.saved_state import MARK_NAME
from infra.local.settings import ANY_FREE_PORT, LocalSettings
from tests.local_stage.caller import Caller, small_body

RISK_DEADLINE_SECONDS = 30.0


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    return LocalSettings(tmp_path, ANY_FREE_PORT, ANY_FREE_PORT)


@pytest.fixture
def stopped_stage(settings: LocalSettings) -> LocalSettings:
    """A stage that has stored and evaluated a snapshot and was stopped cleanly."""
    first = start(settings)
    try:
        hub = Caller(first.hub)
        hub.post("kept", small_body())
        hub.risk("kept", "v1", within_seconds=RISK_DEADLINE_SECONDS)
    finally:
        first.process.stop()
    return settings


def start(settings: LocalSettings) -> OpenStage:
    return open_stage(settings, Console(quiet=True), detached=False, fresh=False)


def test_a_clean_stop_leaves_data_that_the_next_start_serves_and_adds_to(
    stopped_stage: LocalSettings,
) -> None:
    second = start(stopped_stage)
    try:
        hub = Caller(second.hub)
        assert hub.get("/risk-hub/worlds/kept/snapshots/latest").document()["version"] == "v1"
        assert hub.risk("kept", "v1", within_seconds=0)["status"]
        assert hub.post("kept", small_body("v2")).status == 201
        assert hub.risk("kept", "v2", within_seconds=RISK_DEADLINE_SECONDS)["version"] == "v2"
    finally:
        second.process.stop()


def test_a_killed_stage_leaves_nothing_that_the_next_start_would_trust(settings: LocalSettings) -> None:
    first = start(settings)
    Caller(first.hub).post("lost", small_body())
    first.process.process.kill()
    first.process.stop()
    assert not (settings.state / MARK_NAME).exists()
    second = start(settings)
    try:
        assert Caller(second.hub).get("/risk-hub/worlds/lost/snapshots/latest").status == 404
    finally:
        second.process.stop()
