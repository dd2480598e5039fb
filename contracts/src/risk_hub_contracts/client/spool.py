"""Snapshots that could not be delivered, kept on disk in the order in which they were published.

One file each, written whole or not at all; blobs beside them, by digest. A snapshot that is delivered twice, because a
process ended between the answer and the removal, is a replay to the hub.
"""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from risk_hub_contracts.client.answers import Publication
from risk_hub_contracts.client.blobs import Blob, FilePayload
from risk_hub_contracts.client.errors import RefusedError, SpoolError
from risk_hub_contracts.client.prepare import Prepared, Producer
from risk_hub_contracts.client.wire import Chunk
from risk_hub_contracts.snapshot import Snapshot

__all__ = ["Flushed", "Spool"]

REFUSED: Final = "refused"
BLOBS: Final = "blobs"
UNFINISHED: Final = ".part"


@dataclass(frozen=True, slots=True)
class Flushed:
    """What became of a spool's snapshots: those delivered, and the files of those that the hub refused."""

    delivered: tuple[Publication, ...]
    refused: tuple[Path, ...]


class Spool:
    """A folder of undelivered snapshots, for one process at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._last_ns = 0

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
        entry = self.folder / f"{self._sequence():020}.json"
        try:
            for blob in prepared.blobs.values():
                _write(self._blob_file(blob.sha256), blob.chunks())
            _write(entry, (json.dumps(kept).encode(),))
        except OSError as error:
            message = (
                f"version {snapshot.version} of world {snapshot.world_id} was neither delivered nor kept"
            )
            raise SpoolError(f"{message}: {error}") from error
        return entry

    def read(self, entry: Path) -> tuple[Prepared, Producer]:
        """Return what a file keeps.

        Raises:
            SpoolError: it cannot be read.
        """
        try:
            kept = json.loads(entry.read_bytes())
            snapshot = Snapshot.from_document(kept["document"], kept["content_hash"])
            blobs = {kind: self._blob(kind, sha256) for kind, sha256 in kept["blobs"].items()}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SpoolError(f"{entry} cannot be read ({error}); move it away to go on") from error
        return Prepared(snapshot, blobs), Producer(kept["actor"], kept["stage"])

    def remove(self, entry: Path) -> None:
        """Forget what was delivered, and blobs that nothing else waits for."""
        entry.unlink(missing_ok=True)
        wanted = {
            sha256
            for left in self._kept()
            for sha256 in json.loads(left.read_bytes()).get("blobs", {}).values()
        }
        for file in (self.folder / BLOBS).glob("*"):
            if file.name not in wanted:
                file.unlink(missing_ok=True)

    def set_aside(self, entry: Path, error: RefusedError) -> Path:
        """Move what the hub refuses out of the way, with the reason."""
        kept: dict[str, Any] = {**json.loads(entry.read_bytes()), "refused": error.problem or str(error)}
        aside = self.folder / REFUSED / entry.name
        _write(aside, (json.dumps(kept).encode(),))
        entry.unlink(missing_ok=True)
        return aside

    def _kept(self) -> list[Path]:
        return [*self.entries(), *(self.folder / REFUSED).glob("*.json")]

    def _sequence(self) -> int:
        """Return a number that grows, also within one tick of the clock."""
        self._last_ns = max(time.time_ns(), self._last_ns + 1)
        return self._last_ns

    def _blob_file(self, sha256: str) -> Path:
        return self.folder / BLOBS / sha256

    def _blob(self, kind: Any, sha256: str) -> Blob:  # noqa: ANN401 - as it was written
        file = self._blob_file(sha256)
        return Blob(kind, b"", FilePayload(file, file.stat().st_size), sha256)


def _write(file: Path, chunks: Iterable[Chunk]) -> None:
    """Write a file that is there whole, or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + UNFINISHED)
    try:
        with unfinished.open("wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
