"""Save the emulator's state at intervals, so that a killed process loses only a few seconds."""

import asyncio
import logging
import shutil
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from infra.local.asgi import App, Receive, Scope, Send, header_values
from infra.local.manifest import FileFacts, Manifest, file_facts
from infra.local.saved_state import (
    LOSS_MAX_SECONDS,
    SAVE_INTERVAL_SECONDS,
    complete_save,
    link_or_copy,
    write_durably,
)

SLOW_SAVE_SECONDS: Final = LOSS_MAX_SECONDS - SAVE_INTERVAL_SECONDS
# Requests wait while the state is read; this time was measured at 3,000 snapshots on a busy machine.
PAUSE_MAX_SECONDS: Final = 0.5
UNFINISHED_NAME: Final = "unfinished"
TEMPORARY_SUFFIXES: Final = (".tmp", ".lock")
READ_ACTIONS: Final = (
    "Get",
    "List",
    "Describe",
    "Query",
    "Scan",
    "BatchGet",
    "TransactGet",
    "Receive",
    "Filter",
)
METRICS_WRITE: Final = "PutMetricData"

logger = logging.getLogger("local-stage.saving")


class Capture(Protocol):
    """Return the state of every service as JSON text by file name; see `state_capture.capture`."""

    def __call__(self, *, everything: bool) -> Mapping[str, str]:
        """Capture the state at this instant; metrics and log lines only with `everything`."""


def changes_state(scope: Scope) -> bool:
    """Return whether a request to the AWS server may change a save; interval saves omit metrics."""
    if scope["method"] in {"GET", "HEAD"}:
        return False
    action = "".join(header_values(scope, b"x-amz-target")).rpartition(".")[2]
    return not action.startswith((*READ_ACTIONS, METRICS_WRITE))


class StateSaver:
    """Write saves of one stage: at intervals after changes, and once at a clean stop."""

    def __init__(
        self, capture: Capture, state: Path, saves: Path, fingerprint: str, target_file: Path
    ) -> None:
        self._capture, self._state, self._saves = capture, state, saves
        self._fingerprint, self._target_file = fingerprint, target_file
        self._changed = False
        self._writing = threading.Lock()
        self._known: dict[tuple[int, int, int], FileFacts] = {}

    def with_change_tracking(self, app: App) -> App:
        """Wrap the AWS server, which receives all changes by workers and programs, to record changes."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await app(scope, receive, send)
            finally:
                self._changed |= scope["type"] == "http" and changes_state(scope)

        return watched

    async def run(self) -> None:
        """Save at intervals of the monotonic clock until cancelled; a failed save is repeated."""
        while True:
            await asyncio.sleep(SAVE_INTERVAL_SECONDS)
            if self._changed and self._is_deployed():
                try:
                    await self._save(everything=False)
                except (OSError, RuntimeError):
                    self._changed = True
                    logger.exception("The state could not be saved; the last save is kept")

    async def finish(self) -> None:
        """Save everything at a clean stop."""
        if self._is_deployed():
            await self._save(everything=True)

    def _is_deployed(self) -> bool:
        """Return whether the front server is open; an incomplete deployment is not saved."""
        return self._target_file.exists()

    async def _save(self, *, everything: bool) -> None:
        self._changed = False
        began = time.monotonic()
        texts = self._capture(everything=everything)
        captured = time.monotonic()
        await asyncio.to_thread(self._write, texts)
        self._log(time.monotonic() - began, captured - began)

    @staticmethod
    def _log(seconds: float, pause_seconds: float) -> None:
        slow = seconds > SLOW_SAVE_SECONDS or pause_seconds > PAUSE_MAX_SECONDS
        level = logging.WARNING if slow else logging.INFO
        logger.log(level, "Saved in %.2f s; requests waited %.2f s", seconds, pause_seconds)

    def _write(self, texts: Mapping[str, str]) -> None:
        # Threads cannot be cancelled: the save at a clean stop waits for a save in progress.
        with self._writing:
            self._write_locked(texts)

    def _write_locked(self, texts: Mapping[str, str]) -> None:
        unfinished = self._saves / UNFINISHED_NAME
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for name, text in texts.items():
            write_durably(unfinished / name, text.encode())
        self._link_files(unfinished)
        files = {
            file.relative_to(unfinished).as_posix(): self._facts(file)
            for file in sorted(unfinished.rglob("*"))
            if file.is_file()
        }
        saved_at = datetime.now(tz=UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        complete_save(self._saves, Manifest(self._fingerprint, saved_at, files), unfinished)

    def _link_files(self, unfinished: Path) -> None:
        """Hard-link the emulator's files into the save: it replaces files and never changes them."""
        for file in sorted(self._state.rglob("*")):
            inside = file.relative_to(self._state)
            is_document = len(inside.parts) == 1 and file.suffix == ".json"
            if is_document or file.suffix in TEMPORARY_SUFFIXES or not file.is_file():
                continue
            try:
                link_or_copy(file, unfinished / inside)
            except FileNotFoundError:
                continue  # deleted in the meantime

    def _facts(self, file: Path) -> FileFacts:
        """Return a file's facts; a file shared with an earlier save is not read again."""
        status = file.stat()
        identity = (status.st_ino, status.st_size, status.st_mtime_ns)
        if identity not in self._known:
            self._known[identity] = file_facts(file)
        return self._known[identity]
