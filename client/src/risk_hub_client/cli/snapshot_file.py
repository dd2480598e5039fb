"""A snapshot file given to a command: its document, and its world, actor and stage."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from risk_hub_client import InvalidSnapshotError
from risk_hub_client.cli.input_files import FILE_MAX_BYTES, input_name, read_input
from risk_hub_client.json_values import non_finite_violations
from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.problems import NON_FINITE_NUMBER, ProblemError, summary

__all__ = ["SnapshotFile", "errors_in", "resolve_identity"]


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """A document, and the world, actor and stage named by it or by the command."""

    document: dict[str, Any]
    world: str | None
    actor: str | None
    stage: str | None

    @classmethod
    def read(cls, raw: bytes, overrides: Mapping[str, str | None], name: str = "file") -> Self:
        """Parse the text of a file, or of one of its lines; the command's names take precedence.

        Args:
            raw: the text.
            overrides: the world, actor and stage given to the command.
            name: the name of the text in errors.

        Raises:
            ProblemError: the text is not strict JSON.
            InvalidSnapshotError: the text is not a JSON object, or has NaN or Infinity in place of a number.
        """
        document = _parse(raw, name)
        if not isinstance(document, dict):
            raise InvalidSnapshotError("a snapshot is a JSON object")
        identity = resolve_identity(document, overrides)
        return cls(document, identity["world"], identity["actor"], identity["stage"])

    @classmethod
    def open(cls, file: Path, overrides: Mapping[str, str | None]) -> Self:
        """Read a file, or standard input for `-`; every error names it.

        Raises:
            OSError: it cannot be read, or is not a regular file.
            InvalidSnapshotError: the file is not a snapshot, or names no world.
        """
        try:
            found = cls.read(read_input(file), overrides)
        except ProblemError as problem:
            raise InvalidSnapshotError.of(problem).in_file(input_name(file)) from None
        except InvalidSnapshotError as error:
            raise error.in_file(input_name(file)) from None
        if found.world is None:
            raise InvalidSnapshotError(f"{input_name(file)} names no world: add --world")
        return found

    @property
    def world_id(self) -> str:
        """The world id, which `open` has checked."""
        return self.world or ""


def _parse(raw: bytes, name: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return strict_json.loads(raw, max_bytes=FILE_MAX_BYTES, name=name)
    except ProblemError as problem:
        if problem.type != NON_FINITE_NUMBER or problem.violations:
            raise
        # Python's parser accepts NaN and Infinity: it finds their places, unless the text has a further fault.
        try:
            violations = list(non_finite_violations(json.loads(raw)))
        except (ValueError, RecursionError):
            violations = []
        if not violations:
            raise
        raise InvalidSnapshotError(summary(violations, "The snapshot"), violations) from None


@contextmanager
def errors_in(file: Path) -> Iterator[None]:
    """Name the snapshot file in the error of an invalid snapshot, unless the error names a component's file."""
    try:
        yield
    except InvalidSnapshotError as error:
        raise error.in_file(input_name(file)) from None


def resolve_identity(
    document: Mapping[str, Any], overrides: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Return world, actor and stage: from the command, otherwise from the document, otherwise None."""
    provenance = document.get("provenance")
    producer = provenance if isinstance(provenance, dict) else {}
    found = {
        "world": document.get("world_id"),
        "actor": producer.get("actor"),
        "stage": producer.get("stage"),
    }
    return {
        name: overrides.get(name) or (value if isinstance(value, str) else None)
        for name, value in found.items()
    }
