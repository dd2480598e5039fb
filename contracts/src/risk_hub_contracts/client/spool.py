"""Snapshots that could not be delivered, kept on disk in the order in which they were published.

One file each, written whole or not at all; blobs beside them, by digest. A snapshot that is delivered twice, because a
process ended between the answer and the removal, is a replay to the hub.

Threads, tasks and processes may share the folder: whoever changes its files holds `lock` for that moment, whoever delivers
holds `flush.lock` until it is through, so that the order holds.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from risk_hub_contracts.client.answers import Publication
from risk_hub_contracts.client.blobs import Blob, FilePayload
from risk_hub_contracts.client.errors import HubError, RefusedError, SpoolError
from risk_hub_contracts.client.locks import folder_lock, try_lock
from risk_hub_contracts.client.prepare import Prepared, Producer
from risk_hub_contracts.client.spool_files import move, write
from risk_hub_contracts.problems import ProblemError
from risk_hub_contracts.snapshot import Snapshot

__all__ = ["DamagedEntryError", "Flushed", "Spool"]

REFUSED: Final = "refused"
BLOBS: Final = "blobs"
LOCK: Final = "lock"
FLUSH_LOCK: Final = "flush.lock"
# What reading something else than an entry may raise.
_DAMAGED: Final = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    ProblemError,
    HubError,
)


class DamagedEntryError(SpoolError):
    """A file of the spool is not what was written."""


@dataclass(frozen=True, slots=True)
class Flushed:
    """What became of a spool's snapshots.

    Attributes:
        delivered: those delivered.
        refused: the files of those that the hub refuses, or that nobody can read, now under `refused/`.
        kept: the files of those that another token, or a store that works, may deliver, or another process is about to.
    """

    delivered: tuple[Publication, ...]
    refused: tuple[Path, ...]
    kept: tuple[Path, ...] = ()


class Spool:
    """A folder of undelivered snapshots."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._digests: dict[Path, frozenset[str]] = {}

    def entries(self) -> list[Path]:
        """Return the files of what waits, oldest first."""
        return sorted(self.folder.glob("*.json"))

    def put(self, prepared: Prepared, producer: Producer) -> Path:
        """Keep a snapshot and its blobs.

        Raises:
            SpoolError: the disk does not take it; nothing of it is left behind.
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
            with self._changing():
                return self._write(kept, prepared.blobs.values())
        except OSError as error:
            message = (
                f"version {snapshot.version} of world {snapshot.world_id} was neither delivered nor kept"
            )
            raise SpoolError(f"{message}: {error}") from error

    def read(self, entry: Path) -> tuple[Prepared, Producer]:
        """Return what a file keeps.

        Raises:
            FileNotFoundError: it is gone.
            OSError: it cannot be read now.
            DamagedEntryError: it never will be.
        """
        data = entry.read_bytes()
        try:
            kept = json.loads(data)
            snapshot = Snapshot.from_document(kept["document"], kept["content_hash"])
            blobs = {kind: self._blob(kind, sha256) for kind, sha256 in kept["blobs"].items()}
            prepared, producer = Prepared(snapshot, blobs), Producer.of(kept["actor"], kept["stage"])
            prepared.body({})
        except (*_DAMAGED, FileNotFoundError) as error:
            raise DamagedEntryError(f"{entry} cannot be read ({type(error).__name__}: {error})") from error
        return prepared, producer

    def remove(self, entry: Path) -> None:
        """Forget what was delivered, and those of its blobs that nothing else waits for.

        Raises:
            OSError: it could not be removed; delivered once more, it is a replay.
        """
        with self._changing():
            own = self._named(entry)
            entry.unlink(missing_ok=True)
            self._digests.pop(entry, None)
            left = self._kept() if own else []
            for sha256 in own.difference(*map(self._named, left)):
                self._blob_file(sha256).unlink(missing_ok=True)

    def set_aside(self, entry: Path, error: HubError) -> Path:
        """Move what the hub refuses, or nobody can read, out of the way, with the reason where there is room for it.

        Raises:
            OSError: it is where it was.
        """
        aside = self.folder / REFUSED / entry.name
        reason = (error.problem if isinstance(error, RefusedError) else None) or str(error)
        with self._changing():
            move(entry, aside)
            with suppress(*_DAMAGED, OSError):
                # A new file takes the place of the old one only when it is whole.
                told = json.dumps({**json.loads(aside.read_bytes()), "refused": reason})
                write(aside.with_suffix(".told"), (told.encode(),))
                move(aside.with_suffix(".told"), aside)
        return aside

    def try_turn(self) -> int | None:
        """Become the one who delivers, unless somebody is; return what `locks.unlock` takes, or None.

        Raises:
            OSError: the folder takes no lock.
        """
        return try_lock(self.folder / FLUSH_LOCK)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with folder_lock(self.folder / LOCK):
            yield

    def _write(self, kept: Mapping[str, Any], blobs: Any) -> Path:  # noqa: ANN401 - blobs
        entry, written = self.folder / f"{self._next_number():020}.json", []
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
        """Return a number that grows, whatever the clock does, and whoever wrote the newest one."""
        newest = max((entry.stem for entry in self._kept()), default="0")
        return max(time.time_ns(), int(newest) + 1 if newest.isdecimal() else 0)

    def _kept(self) -> list[Path]:
        return [*self.folder.glob("*.json"), *(self.folder / REFUSED).glob("*.json")]

    def _named(self, entry: Path) -> frozenset[str]:
        """Return the digests that an entry names; no entry ever changes, so each is read once."""
        if entry not in self._digests:
            try:
                self._digests[entry] = frozenset(json.loads(entry.read_bytes())["blobs"].values())
            except (*_DAMAGED, OSError):
                return frozenset()
        return self._digests[entry]

    def _blob_file(self, sha256: str) -> Path:
        return self.folder / BLOBS / sha256

    def _blob(self, kind: Any, sha256: str) -> Blob:  # noqa: ANN401 - as it was written
        file = self._blob_file(sha256)
        return Blob(kind, b"", FilePayload(file, file.stat().st_size), sha256)
