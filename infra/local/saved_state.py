"""What a clean stop saved, and whether the next start may use it.

The emulator saves on a clean stop only. A mark written after that, holding the fingerprint of what was
deployed, is the proof; without it, or with another fingerprint, the stage starts empty. Local data is best
effort.
"""

import hashlib
import importlib.metadata
import json
import shutil
import time
from pathlib import Path
from typing import Final

from infra.local.errors import StageError
from infra.local.settings import LocalSettings

MARK_NAME: Final = "clean-stop"
LAMBDA_STATE_NAME: Final = "lambda.json"
STREAM_POSITIONS_KEY: Final = "dynamodb_stream_positions"
WIPE_DEADLINE_SECONDS: Final = 5.0


def fingerprint(assembly: Path) -> str:
    """Return the SHA-256 (hex) of the committed assembly and the emulator's version."""
    digest = hashlib.sha256(importlib.metadata.version("ministack").encode())
    for file in sorted(assembly.rglob("*.json")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def take_over(settings: LocalSettings, wanted: str, *, fresh: bool) -> bool:
    """Prepare the folders for a start; return whether saved data is being used.

    The caller holds the stage's lock. The mark is removed: only another clean stop makes data usable again.

    Raises:
        StageError: a folder could not be emptied.
    """
    _empty(settings.temporary)
    mark = settings.state / MARK_NAME
    usable = not fresh and mark.is_file() and mark.read_text(encoding="ascii") == wanted
    if not usable:
        _empty(settings.state)
    mark.unlink(missing_ok=True)
    settings.worker_home.mkdir(parents=True, exist_ok=True)
    if usable:
        rewind_streams(settings.state / LAMBDA_STATE_NAME)
    return usable


def rewind_streams(lambda_state: Path) -> None:
    """Forget how far stream functions had read: the records themselves are not saved.

    With the old position an event source mapping would wait for records that never come, and say nothing.
    """
    if not lambda_state.is_file():
        return
    state = json.loads(lambda_state.read_text(encoding="utf-8"))
    positions = state["payload"].get(STREAM_POSITIONS_KEY)
    if positions:
        positions["data"] = {}
        lambda_state.write_text(json.dumps(state), encoding="utf-8")


def mark_clean_stop(state: Path, value: str) -> None:
    """Declare the saved state usable for a start with the same fingerprint."""
    state.mkdir(parents=True, exist_ok=True)
    (state / MARK_NAME).write_text(value, encoding="ascii")


def forget_clean_stop(state: Path) -> None:
    """Make the next start begin empty."""
    (state / MARK_NAME).unlink(missing_ok=True)


def _empty(folder: Path) -> None:
    """Remove and make a folder; workers of a stage that was killed may go on writing for a moment."""
    deadline = time.monotonic() + WIPE_DEADLINE_SECONDS
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
        if time.monotonic() > deadline:
            raise StageError(f"{folder} cannot be emptied: remove it, then try again.")
    folder.mkdir(parents=True)
