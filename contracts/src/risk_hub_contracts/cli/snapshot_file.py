"""A snapshot in a file, as a command is given it: what it says, and who says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from risk_hub_contracts import strict_json
from risk_hub_contracts.client import InvalidSnapshotError
from risk_hub_contracts.problems import ProblemError

__all__ = ["SnapshotFile", "who_speaks"]

# A file may hold its large parts, which leave it before it is sent.
FILE_MAX_BYTES: Final = 2**31


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """A document, and the world, actor and stage that it or a command names."""

    document: dict[str, Any]
    world: str | None
    actor: str | None
    stage: str | None

    @classmethod
    def read(cls, raw: bytes, named: Mapping[str, str | None]) -> Self:
        """Return what a file says; what the command names goes before it.

        Raises:
            ProblemError: it is not JSON as the contract takes it.
            InvalidSnapshotError: it is no JSON object.
        """
        document: Any = strict_json.loads(raw, max_bytes=FILE_MAX_BYTES)
        if not isinstance(document, dict):
            raise InvalidSnapshotError("a snapshot is a JSON object")
        who = who_speaks(document, named)
        return cls(document, who["world"], who["actor"], who["stage"])

    @classmethod
    def open(cls, file: Path, named: Mapping[str, str | None]) -> Self:
        """Return what a file says, with its name in every error.

        Raises:
            InvalidSnapshotError: it is no snapshot, or names no world.
        """
        try:
            found = cls.read(file.read_bytes(), named)
        except ProblemError as problem:
            raise InvalidSnapshotError(f"{file}: {problem.detail}", problem.violations) from None
        if found.world is None:
            raise InvalidSnapshotError(f"{file} names no world: give --world")
        return found

    @property
    def world_id(self) -> str:
        """The world, which is known."""
        return self.world or ""


def who_speaks(document: Mapping[str, Any], named: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return world, actor and stage: as named, else as the document says, else None."""
    provenance = document.get("provenance")
    said = provenance if isinstance(provenance, dict) else {}
    found = {"world": document.get("world_id"), "actor": said.get("actor"), "stage": said.get("stage")}
    return {
        name: named.get(name) or (value if isinstance(value, str) else None) for name, value in found.items()
    }
