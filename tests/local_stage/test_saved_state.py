"""Saved data is used only after a clean stop of the same deployment, and streams start over."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from infra.local import saved_state
from infra.local.errors import StageError
from infra.local.saved_state import fingerprint, mark_clean_stop, rewind_streams, take_over
from infra.local.settings import LocalSettings


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    settings = LocalSettings(tmp_path, 0, 0)
    settings.state.mkdir()
    settings.temporary.mkdir()
    (settings.state / "dynamodb.json").write_text("{}", encoding="ascii")
    return settings


def test_data_of_a_clean_stop_is_kept(settings: LocalSettings) -> None:
    mark_clean_stop(settings.state, "same")
    assert take_over(settings, "same", fresh=False)
    assert (settings.state / "dynamodb.json").exists()


def test_data_is_kept_once_only_unless_the_next_stop_is_clean_too(settings: LocalSettings) -> None:
    mark_clean_stop(settings.state, "same")
    take_over(settings, "same", fresh=False)
    assert not take_over(settings, "same", fresh=False)
    assert not list(settings.state.iterdir())


def test_without_a_clean_stop_the_stage_starts_empty(settings: LocalSettings) -> None:
    assert not take_over(settings, "same", fresh=False)
    assert not list(settings.state.iterdir())


def test_another_template_or_emulator_starts_empty(settings: LocalSettings) -> None:
    mark_clean_stop(settings.state, "before")
    assert not take_over(settings, "after", fresh=False)
    assert not list(settings.state.iterdir())


def test_asked_to_be_fresh_the_stage_starts_empty(settings: LocalSettings) -> None:
    mark_clean_stop(settings.state, "same")
    assert not take_over(settings, "same", fresh=True)
    assert not list(settings.state.iterdir())


def test_leftovers_of_workers_are_wiped(settings: LocalSettings) -> None:
    left = settings.temporary / "ministack-lambda-old" / "code"
    left.mkdir(parents=True)
    take_over(settings, "same", fresh=False)
    assert not list(settings.temporary.iterdir())


def test_a_worker_that_outlives_its_stage_a_little_stops_no_start(
    settings: LocalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wipe, in_vain = shutil.rmtree, iter(range(3))

    def wipe_in_the_end(folder: Path, **_: Any) -> None:
        if next(in_vain, None) is None:
            wipe(folder)

    monkeypatch.setattr("shutil.rmtree", wipe_in_the_end)
    take_over(settings, "same", fresh=False)
    assert not list(settings.state.iterdir())


def test_a_folder_that_goes_on_being_written_to_is_named(
    settings: LocalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
    monkeypatch.setattr(saved_state, "WIPE_DEADLINE_SECONDS", 0.0)
    with pytest.raises(StageError, match=f"{settings.temporary} cannot be emptied: remove it"):
        take_over(settings, "same", fresh=False)


def test_stream_positions_are_forgotten_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "lambda.json"
    positions = {"__account_region_scoped__": True, "data": {"000000000000\x00us-east-1\x00'id'": 7}}
    payload = {"esms": {"data": {"x": 1}}, "dynamodb_stream_positions": positions}
    file.write_text(json.dumps({"__ministack_format__": 2, "payload": payload}), encoding="utf-8")
    rewind_streams(file)
    state = json.loads(file.read_text(encoding="utf-8"))
    assert state["payload"]["dynamodb_stream_positions"] == {"__account_region_scoped__": True, "data": {}}
    assert state["payload"]["esms"] == {"data": {"x": 1}}
    assert state["__ministack_format__"] == 2


def test_the_fingerprint_changes_with_any_file_of_the_assembly(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}", encoding="ascii")
    before = fingerprint(tmp_path)
    (tmp_path / "a.json").write_text("{ }", encoding="ascii")
    assert fingerprint(tmp_path) != before
