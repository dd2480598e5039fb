"""State of an export on disk: the position of the reader, and the size of the part file at that position."""

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, ClassVar, Final

from risk_hub_client.errors import HubError
from risk_hub_client.history.formats import ENCODERS, HEADERS, ExportFormat
from risk_hub_client.history.lines import Line, RollingDigest

__all__ = [
    "ExportError",
    "ExportRequest",
    "Exported",
    "Files",
    "PartWriter",
    "State",
    "read_state",
    "store_state",
]


class ExportError(HubError):
    """The file of an export, or its state, does not permit this export."""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is exported, and from which hub: the same for every run of an export."""

    url: str
    world_id: str
    start: str
    end: str
    format: ExportFormat


@dataclass(frozen=True, slots=True)
class Exported:
    """The content of a finished export.

    Attributes:
        count: the number of snapshots.
        digest: their rolling digest.
    """

    count: int
    digest: str


@dataclass(frozen=True, slots=True)
class State:
    """The part file at one moment.

    Attributes:
        request: what is exported.
        position: the order of the last line; None before the first one.
        part_bytes: the size of the part.
        count: the number of snapshots in it.
        digest: their rolling digest.
        is_complete: whether the part holds every line.
    """

    request: ExportRequest
    position: str | None = None
    part_bytes: int = 0
    count: int = 0
    digest: str = "0"
    is_complete: bool = False

    @property
    def exported(self) -> Exported:
        """The content of the part."""
        return Exported(self.count, str(RollingDigest(self.digest)))


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one export: OUT itself, and those next to it until it is finished."""

    out: Path

    @property
    def part(self) -> Path:
        """The file with the lines so far."""
        return self.out.with_name(f"{self.out.name}.part")

    @property
    def state(self) -> Path:
        """The file that holds the state of the part."""
        return self.out.with_name(f"{self.out.name}.state")

    @property
    def converted(self) -> Path:
        """The result of a conversion, until it is complete."""
        return self.out.with_name(f"{self.out.name}.converted")


def read_state(file: Path) -> State:
    """Return the stored state.

    Raises:
        ExportError: the file holds something else.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return State(**{**document, "request": ExportRequest(**document["request"])})
    except (ValueError, TypeError, LookupError):
        raise ExportError(f"{file} is not the state of an export: delete it, or give another --out") from None


def store_state(files: Files, state: State) -> None:
    """Replace the stored state; after a crash it is the previous one or this one, never a mixture."""
    temporary = files.state.with_name(f"{files.state.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(state)))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(files.state)


class PartWriter:
    """Append lines to the part, and record the state at intervals.

    Attributes:
        position: the order of the last line; None before the first one.
        count: the number of lines in the part.
    """

    BUFFER_BYTES: ClassVar[int] = 1_048_576
    CHECKPOINT_BYTES: Final = 16_777_216
    CHECKPOINT_SECONDS: Final = 1.0

    def __init__(self, files: Files, file: IO[bytes], state: State) -> None:
        """Continue from a state: remove what was written to the part after it.

        Raises:
            ExportError: the part has lost lines that the state counts.
        """
        if file.seek(0, os.SEEK_END) < state.part_bytes:
            raise ExportError(
                f"{files.part} is shorter than its state says: delete {files.state} and {files.part}"
            )
        file.truncate(state.part_bytes)
        self._files, self._file, self._state = files, file, state
        self._encode = ENCODERS[state.request.format]
        self._digest = RollingDigest(state.digest)
        self._part_bytes = state.part_bytes
        self._recorded_at_seconds = time.monotonic()
        self.position, self.count = state.position, state.count
        if state.part_bytes == 0:
            self._append(HEADERS[state.request.format])

    def write(self, line: Line) -> None:
        """Append one line."""
        self._append(self._encode(line))
        self._digest.add(line)
        self.position = line.order
        self.count += 1

    def checkpoint_if_due(self) -> None:
        """Record the state if enough was written, or enough time has passed, since it was recorded."""
        written_bytes = self._part_bytes - self._state.part_bytes
        passed_seconds = time.monotonic() - self._recorded_at_seconds
        if written_bytes >= self.CHECKPOINT_BYTES or passed_seconds >= self.CHECKPOINT_SECONDS:
            self._record(is_complete=False)

    def complete(self) -> State:
        """Record that the part holds every line; return its state."""
        self._record(is_complete=True)
        return self._state

    def _append(self, data: bytes) -> None:
        self._part_bytes += self._file.write(data)

    def _record(self, *, is_complete: bool) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._state = replace(
            self._state,
            position=self.position,
            part_bytes=self._part_bytes,
            count=self.count,
            digest=str(self._digest),
            is_complete=is_complete,
        )
        store_state(self._files, self._state)
        self._recorded_at_seconds = time.monotonic()
