"""Undelivered snapshots, kept on disk in the order of publication.

Each snapshot is one file, written atomically; its blobs are separate files named by digest. A snapshot
delivered twice, because a process ended between the answer and the removal, is a replay to the hub.
Threads, tasks and processes may share the folder: `lock` is held while files change, and `flush.lock` during
a whole delivery, which keeps the order.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from risk_hub_client.blobs import Blob, FilePayload
from risk_hub_client.errors import HubError, RefusedError, SpoolError
from risk_hub_client.locks import folder_lock, try_lock
from risk_hub_client.prepare import Prepared, Producer
from risk_hub_client.results import Publication
from risk_hub_client.spool_files import move, write
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.snapshot.parse import Snapshot

__all__ = ["DamagedEntryError", "Flushed", "Spool"]

REFUSED: Final = "refused"
NUMBER_DIGITS: Final = 20
# Only files that this module named are entries: the folder may hold other JSON files.
ENTRY_NAME: Final = "[0-9]" * NUMBER_DIGITS + ".json"
BLOBS: Final = "blobs"
LOCK: Final = "lock"
FLUSH_LOCK: Final = "flush.lock"
# Exceptions that reading a file that is not an entry may raise.
_DAMAGED_ERRORS: Final = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    ProblemError,
    HubError,
)


class DamagedEntryError(SpoolError):
    """A spool file is damaged."""


@dataclass(frozen=True, slots=True)
class Flushed:
    """The result of delivering a spool.

    Attributes:
        delivered: the delivered publications.
        refused: the files of unreadable or rejected snapshots, now under `refused/`.
        kept: the files left for another token, a working store, or another process that is delivering.
    """

    delivered: tuple[Publication, ...]
    refused: tuple[Path, ...]
    kept: tuple[Path, ...] = ()


def _entry_files(folder: Path) -> Iterator[Path]:
    """Yield the entries of a folder; reading a pipe or a device of such a name could wait without end."""
    return (path for path in folder.glob(ENTRY_NAME) if path.is_file())


class Spool:
    """A folder of undelivered snapshots."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._digests: dict[Path, frozenset[str]] = {}

    def entries(self) -> list[Path]:
        """Return the files of the waiting entries, oldest first."""
        return sorted(_entry_files(self.folder))

    def put(self, prepared: Prepared, producer: Producer) -> Path:
        """Store a snapshot and its blobs.

        Raises:
            SpoolError: the disk cannot store it; no partial files are left behind.
        """
        snapshot = prepared.snapshot
        kept = {
            "actor": producer.actor,
            "stage": producer.stage,
            "content_hash": snapshot.content_hash,
            "document": snapshot.to_document(),
            "blobs": {kind: blob.sha256 for kind, blob in prepared.blobs.items()},
        }
        try:
            with self._locked():
                return self._write(kept, prepared.blobs.values())
        except OSError as error:
            message = (
                f"version {snapshot.version} of world {snapshot.world_id} was neither delivered nor spooled"
            )
            raise SpoolError(f"{message}: {error}") from error

    def read(self, entry: Path) -> tuple[Prepared, Producer]:
        """Read an entry.

        Raises:
            FileNotFoundError: the file is gone.
            OSError: the file cannot be read at the moment.
            DamagedEntryError: the file is permanently unreadable.
        """
        data = entry.read_bytes()
        try:
            kept = json.loads(data)
            snapshot = Snapshot.from_document(kept["document"], kept["content_hash"])
            blobs = {kind: self._blob(kind, sha256) for kind, sha256 in kept["blobs"].items()}
            prepared, producer = Prepared(snapshot, blobs), Producer.of(kept["actor"], kept["stage"])
            prepared.body({})
        except (*_DAMAGED_ERRORS, FileNotFoundError) as error:
            raise DamagedEntryError(f"{entry} cannot be read ({type(error).__name__}: {error})") from error
        return prepared, producer

    def remove(self, entry: Path) -> None:
        """Remove a delivered entry, and those of its blobs that no other entry names.

        Raises:
            OSError: the removal failed; a second delivery is a replay.
        """
        with self._locked():
            own = self._blob_digests(entry)
            entry.unlink(missing_ok=True)
            self._digests.pop(entry, None)
            remaining = self._all_entries() if own else []
            for sha256 in own.difference(*map(self._blob_digests, remaining)):
                self._blob_file(sha256).unlink(missing_ok=True)

    def set_aside(self, entry: Path, error: HubError) -> Path:
        """Move a rejected or unreadable entry to `refused/`, with the reason if the disk has room for it.

        Raises:
            OSError: the move failed; the entry is unchanged.
        """
        aside = self.folder / REFUSED / entry.name
        reason = (error.problem if isinstance(error, RefusedError) else None) or str(error)
        with self._locked():
            move(entry, aside)
            with suppress(*_DAMAGED_ERRORS, OSError):
                # The new file replaces the old one only when it is complete.
                annotated = json.dumps({**json.loads(aside.read_bytes()), "refused": reason})
                write(aside.with_suffix(".annotated"), (annotated.encode(),))
                move(aside.with_suffix(".annotated"), aside)
        return aside

    def try_turn(self) -> int | None:
        """Take the delivery lock; return the handle for `locks.unlock`, or None if it is held.

        Raises:
            OSError: the folder cannot be locked.
        """
        return try_lock(self.folder / FLUSH_LOCK)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with folder_lock(self.folder / LOCK):
            yield

    def _write(self, kept: Mapping[str, Any], blobs: Any) -> Path:  # noqa: ANN401 - blobs
        entry, written = self.folder / f"{self._next_number():0{NUMBER_DIGITS}}.json", []
        try:
            for blob in blobs:
                file = self._blob_file(blob.sha256)
                if not (file.exists() and file.stat().st_size == blob.size_bytes):
                    written.append(file)
                    write(file, blob.chunks())
            write(entry, (json.dumps(kept).encode(),))
        except BaseException:
            for file in written:
                with suppress(OSError):
                    file.unlink(missing_ok=True)
            raise
        return entry

    def _next_number(self) -> int:
        """Return a number greater than that of the newest entry, also if the clock was set back."""
        newest = max((entry.stem for entry in self._all_entries()), default="0")
        return max(time.time_ns(), int(newest) + 1 if newest.isdecimal() else 0)

    def _all_entries(self) -> list[Path]:
        return [*_entry_files(self.folder), *_entry_files(self.folder / REFUSED)]

    def _blob_digests(self, entry: Path) -> frozenset[str]:
        """Return the digests that an entry names; entries never change, so each is read once."""
        if entry not in self._digests:
            try:
                self._digests[entry] = frozenset(json.loads(entry.read_bytes())["blobs"].values())
            except (*_DAMAGED_ERRORS, OSError):
                return frozenset()
        return self._digests[entry]

    def _blob_file(self, sha256: str) -> Path:
        return self.folder / BLOBS / sha256

    def _blob(self, kind: Any, sha256: str) -> Blob:  # noqa: ANN401 - as it was written
        file = self._blob_file(sha256)
        return Blob(kind, b"", FilePayload(file, file.stat().st_size), sha256)
