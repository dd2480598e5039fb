"""A start uses the newest complete save of the same deployment; a damaged one is neither used nor deleted."""

import asyncio
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.errors import LocalStageError
from infra.local import saved_state
from infra.local.manifest import MANIFEST_NAME
from infra.local.saved_state import fingerprint, link_or_copy, prepare_state, rewind_streams
from infra.local.saving import UNFINISHED_NAME, StateSaver
from infra.local.settings import LocalSettings

OBJECT = "s3/000000000000/bucket/risk-blobs/a"
# One of each kind that a save holds: a service's document, code, an object and its sidecar.
KINDS = (
    "dynamodb.json",
    "lambda.json",
    "lambda-blobs/code",
    "cognito-rsa-key.pem",
    OBJECT,
    f"{OBJECT}.meta.json",
)
TEXTS = {"dynamodb.json": '{"payload": {"items": "v1"}}', "lambda.json": '{"payload": {}}'}


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    settings = LocalSettings(tmp_path, 0, 0)
    settings.temporary.mkdir()
    for name in KINDS:
        if name not in TEXTS:
            file = settings.state / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"content of {name}", encoding="ascii")
    (settings.state / "dynamodb.json").write_text("the emulator's own copy", encoding="ascii")
    (settings.state / "cognito-rsa-key.pem.lock").touch()
    save(settings)
    return settings


def save(settings: LocalSettings, mark: str = "same", **texts: str) -> None:
    def capture(*, everything: bool) -> dict[str, str]:
        assert everything
        return {**TEXTS, **{f"{name}.json": text for name, text in texts.items()}}

    settings.target_file.touch()
    saver = StateSaver(capture, settings.state, settings.saves, mark, settings.target_file)
    asyncio.run(saver.finish())


def newest(settings: LocalSettings) -> Path:
    return saved_state.saves_in(settings.saves)[-1]


def test_the_newest_save_is_used(settings: LocalSettings) -> None:
    save(settings, dynamodb="newer")
    taken = prepare_state(settings, "same", fresh=False)
    assert (taken.used, taken.note) == (True, saved_state.KEPT_NOTE)
    assert taken.saved_at is not None
    assert timedelta() <= datetime.now(tz=UTC) - taken.saved_at < timedelta(minutes=1)
    assert (settings.state / "dynamodb.json").read_text(encoding="ascii") == "newer"
    assert (settings.state / OBJECT).read_text(encoding="ascii") == f"content of {OBJECT}"
    assert not (settings.state / MANIFEST_NAME).exists()


def test_only_the_newest_save_is_kept(settings: LocalSettings) -> None:
    save(settings)
    assert [each.name for each in settings.saves.iterdir()] == ["00000002"]


def test_same_save_is_used_by_consecutive_starts(settings: LocalSettings) -> None:
    assert prepare_state(settings, "same", fresh=False).used
    assert prepare_state(settings, "same", fresh=False).used


def test_interrupted_save_leaves_the_previous_save_usable(
    settings: LocalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("infra.local.saving.complete_save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(settings, dynamodb="half")
    assert (settings.saves / UNFINISHED_NAME / "dynamodb.json").exists()
    assert prepare_state(settings, "same", fresh=False).used
    assert (settings.state / "dynamodb.json").read_text(encoding="ascii") == TEXTS["dynamodb.json"]


def test_leftover_older_save_is_ignored(settings: LocalSettings) -> None:
    older = settings.saves / "00000000"
    shutil.copytree(newest(settings), older)
    (older / "dynamodb.json").write_text("older", encoding="ascii")
    assert prepare_state(settings, "same", fresh=False).used
    assert (settings.state / "dynamodb.json").read_text(encoding="ascii") == TEXTS["dynamodb.json"]


def test_emulator_changes_to_the_state_do_not_change_the_save(settings: LocalSettings) -> None:
    prepare_state(settings, "same", fresh=False)
    draft = settings.state / "draft"
    draft.write_text("replaced", encoding="ascii")
    draft.replace(settings.state / OBJECT)
    (settings.state / "lambda-blobs/code").unlink()
    assert prepare_state(settings, "same", fresh=False).used
    assert (settings.state / OBJECT).read_text(encoding="ascii") == f"content of {OBJECT}"
    assert (settings.state / "lambda-blobs/code").exists()


def every_bit(data: bytes) -> list[bytes]:
    flips = []
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            flips.append(bytes(changed))
    return flips


@pytest.mark.parametrize("name", [*KINDS, MANIFEST_NAME])
def test_any_flipped_bit_in_a_save_is_detected(settings: LocalSettings, name: str) -> None:
    file = newest(settings) / name
    intact = file.read_bytes()
    flips = every_bit(intact)
    # A whole restore for each bit of the small files; the manifest's bits are sampled evenly.
    for damaged in flips[:: max(1, len(flips) // 200)]:
        file.write_bytes(damaged)
        with pytest.raises(LocalStageError, match="is damaged"):
            prepare_state(settings, "same", fresh=False)
    file.write_bytes(intact)
    assert prepare_state(settings, "same", fresh=False).used


@pytest.mark.parametrize("name", [*KINDS, MANIFEST_NAME])
@pytest.mark.parametrize("length", [0, 1, -1])
def test_truncated_saved_file_is_named_with_recovery_instructions(
    settings: LocalSettings, name: str, length: int
) -> None:
    file = newest(settings) / name
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(LocalStageError) as refused:
        prepare_state(settings, "same", fresh=False)
    assert f"The saved data of the local stage is damaged: {file} " in str(refused.value)
    assert "`make up FRESH=1` starts empty" in str(refused.value)
    assert f"{settings.home}/damaged-" in str(refused.value)
    assert file.exists()


def test_missing_saved_file_is_reported_as_damage(settings: LocalSettings) -> None:
    (newest(settings) / OBJECT).unlink()
    with pytest.raises(LocalStageError, match=rf"{OBJECT} cannot be read \(No such file"):
        prepare_state(settings, "same", fresh=False)


def test_several_damaged_files_are_counted(settings: LocalSettings) -> None:
    for name in KINDS[:3]:
        (newest(settings) / name).write_bytes(b"")
    with pytest.raises(LocalStageError, match=r"has 0 bytes; \d+ were saved \(and 2 more files\)"):
        prepare_state(settings, "same", fresh=False)


def test_a_fresh_start_moves_damaged_data_aside(settings: LocalSettings) -> None:
    (newest(settings) / "dynamodb.json").write_bytes(b"damaged")
    taken = prepare_state(settings, "same", fresh=True)
    (aside,) = settings.home.glob("damaged-*")
    assert taken == saved_state.RestoredState(used=False, note=f"damaged data moved to {aside}")
    assert (aside / "00000001" / "dynamodb.json").read_bytes() == b"damaged"
    assert not list(settings.state.iterdir())


def test_without_a_save_the_stage_starts_empty(settings: LocalSettings) -> None:
    shutil.rmtree(settings.saves)
    assert prepare_state(settings, "same", fresh=False) == saved_state.RestoredState(used=False, note="")
    assert not list(settings.state.iterdir())


def test_save_of_another_template_or_emulator_is_removed_with_a_note(settings: LocalSettings) -> None:
    taken = prepare_state(settings, "after", fresh=False)
    assert taken == saved_state.RestoredState(used=False, note=saved_state.REMOVED_NOTE)
    assert not list(settings.state.iterdir())
    assert not list(settings.saves.iterdir())


def test_fresh_start_removes_the_saved_state(settings: LocalSettings) -> None:
    assert not prepare_state(settings, "same", fresh=True).used
    assert not list(settings.state.iterdir())
    assert not list(settings.saves.iterdir())


def test_start_deletes_temporary_files_of_earlier_workers(settings: LocalSettings) -> None:
    left = settings.temporary / "ministack-lambda-old" / "code"
    left.mkdir(parents=True)
    prepare_state(settings, "same", fresh=False)
    assert not list(settings.temporary.iterdir())


def test_start_retries_until_the_state_folder_is_emptied(
    settings: LocalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wipe, in_vain = shutil.rmtree, iter(range(3))

    def wipe_in_the_end(folder: Path, **_: Any) -> None:
        if next(in_vain, None) is None:
            wipe(folder)

    monkeypatch.setattr("shutil.rmtree", wipe_in_the_end)
    prepare_state(settings, "same", fresh=True)
    assert not list(settings.state.iterdir())


def test_start_names_a_folder_that_cannot_be_emptied(
    settings: LocalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
    monkeypatch.setattr(saved_state, "WIPE_DEADLINE_SECONDS", 0.0)
    with pytest.raises(LocalStageError, match=f"{settings.temporary} cannot be emptied: remove the folder"):
        prepare_state(settings, "same", fresh=False)


def test_files_are_copied_on_a_file_system_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", unsupported)
    (tmp_path / "a").write_text("content", encoding="ascii")
    link_or_copy(tmp_path / "a", tmp_path / "new" / "b")
    assert (tmp_path / "new" / "b").read_text(encoding="ascii") == "content"


def test_rewind_streams_clears_only_the_stream_positions(tmp_path: Path) -> None:
    file, saved = tmp_path / "lambda.json", tmp_path / "saved.json"
    positions = {"__account_region_scoped__": True, "data": {"000000000000\x00us-east-1\x00'id'": 7}}
    payload = {"esms": {"data": {"x": 1}}, "dynamodb_stream_positions": positions}
    saved.write_text(json.dumps({"__ministack_format__": 2, "payload": payload}), encoding="utf-8")
    before = saved.read_bytes()
    link_or_copy(saved, file)
    rewind_streams(file)
    state = json.loads(file.read_text(encoding="utf-8"))
    assert state["payload"]["dynamodb_stream_positions"] == {"__account_region_scoped__": True, "data": {}}
    assert state["payload"]["esms"] == {"data": {"x": 1}}
    assert state["__ministack_format__"] == 2
    assert saved.read_bytes() == before


def test_the_fingerprint_changes_with_any_file_of_the_assembly(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}", encoding="ascii")
    before = fingerprint(tmp_path)
    (tmp_path / "a.json").write_text("{ }", encoding="ascii")
    assert fingerprint(tmp_path) != before
