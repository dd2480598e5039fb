"""State saved by earlier runs, and the check whether the next start may use it.

`saves/` holds numbered folders. A save is written under a temporary name and renamed when it is complete, so
an interrupted save leaves the previous one intact. A start uses the newest save if the same templates and
emulator made it; a save that differs from its manifest is never used and never deleted.
"""

import hashlib
import importlib.metadata
import json
import os
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from infra.errors import LocalStageError
from infra.local.manifest import MANIFEST_NAME, DamagedSaveError, Manifest, read_manifest, verify
from infra.local.settings import LocalSettings

SAVE_INTERVAL_SECONDS: Final = 8.0
# A kill loses only data of the last seconds, at most this many if a save takes less than the difference to the
# interval.
LOSS_MAX_SECONDS: Final = 10.0
LAMBDA_STATE_NAME: Final = "lambda.json"
STREAM_POSITIONS_KEY: Final = "dynamodb_stream_positions"
WIPE_DEADLINE_SECONDS: Final = 5.0
KEPT_NOTE: Final = "data of the last run kept"
REMOVED_NOTE: Final = "data of other templates or another emulator removed"
SET_ASIDE_NOTE: Final = "damaged data moved to {folder}"


@dataclass(frozen=True, slots=True)
class RestoredState:
    """State of earlier runs that a start takes over.

    Attributes:
        used: whether saved data is used.
        note: what the user is shown; empty if there was no data.
        saved_at: the instant of the save that is used.
    """

    used: bool
    note: str
    saved_at: datetime | None = None


def fingerprint(assembly: Path) -> str:
    """Return the SHA-256 (hex) of the committed assembly and the emulator's version."""
    digest = hashlib.sha256(importlib.metadata.version("ministack").encode())
    for file in sorted(assembly.rglob("*.json")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def saves_in(folder: Path) -> list[Path]:
    """Return the complete saves, newest last."""
    return sorted((each for each in folder.glob("*") if each.name.isdigit()), key=lambda each: int(each.name))


def prepare_state(settings: LocalSettings, expected_fingerprint: str, *, fresh: bool) -> RestoredState:
    """Prepare the folders for a start. The caller holds the stage's lock.

    Raises:
        LocalStageError: the saved data is damaged, or a folder could not be emptied.
    """
    _empty(settings.temporary)
    saves = saves_in(settings.saves)
    taken = _remove(settings) if fresh or not saves else _restore(settings, saves[-1], expected_fingerprint)
    settings.worker_home.mkdir(parents=True, exist_ok=True)
    return taken


def _restore(settings: LocalSettings, save: Path, expected_fingerprint: str) -> RestoredState:
    try:
        manifest = read_manifest(save)
        verify(save, manifest)
    except DamagedSaveError as error:
        raise LocalStageError(
            f"The saved data of the local stage is damaged: {error}. `make up FRESH=1` starts empty; it "
            f"moves the damaged data to {settings.home}/damaged-<time> and deletes nothing.",
        ) from error
    if manifest.fingerprint != expected_fingerprint:
        _remove(settings)
        return RestoredState(used=False, note=REMOVED_NOTE)
    _empty(settings.state)
    for name in manifest.files:
        link_or_copy(save / name, settings.state / name)
    rewind_streams(settings.state / LAMBDA_STATE_NAME)
    return RestoredState(used=True, note=KEPT_NOTE, saved_at=datetime.fromisoformat(manifest.saved_at))


def _remove(settings: LocalSettings) -> RestoredState:
    """Start empty: remove intact saves, and set aside damaged ones."""
    note = ""
    if any(_is_damaged(save) for save in saves_in(settings.saves)):
        aside = settings.home / f"damaged-{datetime.now(tz=UTC):%Y%m%dT%H%M%S%fZ}"
        settings.saves.rename(aside)
        note = SET_ASIDE_NOTE.format(folder=aside)
    _empty(settings.saves)
    _empty(settings.state)
    return RestoredState(used=False, note=note)


def _is_damaged(save: Path) -> bool:
    try:
        verify(save, read_manifest(save))
    except DamagedSaveError:
        return True
    return False


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name; copy it on a file system without hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(source, target)


def rewind_streams(lambda_state: Path) -> None:
    """Delete the read positions of stream functions: the records themselves are not saved.

    With an old position, an event source mapping would silently wait for records that never come. The file is
    replaced, not changed in place, because the save shares it by a hard link.
    """
    if not lambda_state.is_file():
        return
    state = json.loads(lambda_state.read_text(encoding="utf-8"))
    positions = state["payload"].get(STREAM_POSITIONS_KEY)
    if positions:
        positions["data"] = {}
        draft = lambda_state.with_suffix(".draft")
        draft.write_text(json.dumps(state), encoding="utf-8")
        draft.replace(lambda_state)


def complete_save(saves: Path, manifest: Manifest, unfinished: Path) -> Path:
    """Complete a save: write its manifest, rename it to the next number, and remove older ones."""
    write_durably(unfinished / MANIFEST_NAME, manifest.text().encode())
    older = saves_in(saves)
    done = saves / f"{int(older[-1].name) + 1 if older else 1:08}"
    _sync_folder(unfinished)
    unfinished.rename(done)
    _sync_folder(saves)
    for each in older:
        shutil.rmtree(each, ignore_errors=True)
    return done


def write_durably(file: Path, data: bytes) -> None:
    """Write a file and wait until it is on disk."""
    with file.open("wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _empty(folder: Path) -> None:
    """Remove and recreate a folder; workers of a killed stage may keep writing for a moment."""
    deadline = time.monotonic() + WIPE_DEADLINE_SECONDS
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists() and time.monotonic() > deadline:
            raise LocalStageError(f"{folder} cannot be emptied: remove the folder, then try again.")
    folder.mkdir(parents=True)
