"""`make up` resumes with the stored data, after `make down` and after a kill."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from infra.errors import LocalStageError
from infra.local.bring_up import RunningStage, start_stage
from infra.local.saved_state import LOSS_MAX_SECONDS, saves_in
from infra.local.settings import ANY_FREE_PORT, LocalSettings
from tests.local_stage.caller import Caller, small_body

RISK_DEADLINE_SECONDS = 30.0
LATEST = "/risk-hub/worlds/kept/snapshots/latest"


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    return LocalSettings(tmp_path, ANY_FREE_PORT, ANY_FREE_PORT)


@contextmanager
def started(settings: LocalSettings) -> Iterator[RunningStage]:
    stage = start_stage(settings, Console(quiet=True), detached=False, fresh=False)
    try:
        yield stage
    finally:
        stage.process.stop()


def test_data_survives_a_clean_stop_and_a_kill_after_the_save_interval(
    settings: LocalSettings,
) -> None:
    with started(settings) as first:
        hub = Caller(first.hub)
        hub.post("kept", small_body())
        hub.risk("kept", "v1", within_seconds=RISK_DEADLINE_SECONDS)
    with started(settings) as second:
        hub = Caller(second.hub)
        assert hub.get(LATEST).document()["version"] == "v1"
        assert hub.risk("kept", "v1", within_seconds=0)["status"]
        assert hub.post("kept", small_body("v2")).status == 201
        assert hub.risk("kept", "v2", within_seconds=RISK_DEADLINE_SECONDS)["version"] == "v2"
        time.sleep(LOSS_MAX_SECONDS)
        second.process.process.kill()
    with started(settings) as third:
        hub = Caller(third.hub)
        assert hub.get(LATEST).document()["version"] == "v2"
        assert hub.risk("kept", "v2", within_seconds=0)["version"] == "v2"
        assert hub.post("kept", small_body("v3")).status == 201
        assert hub.risk("kept", "v3", within_seconds=RISK_DEADLINE_SECONDS)["version"] == "v3"
    (newest,) = saves_in(settings.saves)
    (newest / "dynamodb.json").write_bytes((newest / "dynamodb.json").read_bytes()[:-1])
    with pytest.raises(
        LocalStageError, match=r"damaged: .*dynamodb\.json has .* `make up FRESH=1` starts empty"
    ):
        start_stage(settings, Console(quiet=True), detached=False, fresh=False)


def test_a_record_that_was_stored_and_not_relayed_before_a_kill_is_announced_by_the_next_start(
    settings: LocalSettings,
) -> None:
    with started(settings) as first:
        stop_relay(first)
        assert Caller(first.hub).post("kept", small_body()).status == 201
        time.sleep(LOSS_MAX_SECONDS)
        assert Caller(first.hub).get("/risk-hub/worlds/kept/snapshots/v1/risk").status == 404
        first.process.process.kill()
    with started(settings) as second:
        risk = Caller(second.hub).risk("kept", "v1", within_seconds=RISK_DEADLINE_SECONDS)
        assert risk["version"] == "v1"


def stop_relay(stage: RunningStage) -> None:
    """Remove the relay from the tables' streams."""
    lambda_ = stage.aws.client("lambda")
    mappings = lambda_.list_event_source_mappings(FunctionName="risk-hub-local-event-relay")
    assert mappings["EventSourceMappings"]
    for mapping in mappings["EventSourceMappings"]:
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
