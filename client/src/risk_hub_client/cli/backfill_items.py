"""Snapshots to backfill, read from a folder, a file or JSON Lines; one that cannot be read is reported."""

import hashlib
import json as json_text
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from risk_hub_client import InvalidSnapshotError
from risk_hub_client.cli.input_files import read_input
from risk_hub_client.cli.snapshot_file import SnapshotFile
from risk_hub_contracts.base.ids import BACKFILL_SOURCE
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.base.times import InstantError, parse_instant

__all__ = ["Item", "read_items"]


@dataclass(frozen=True, slots=True)
class Item:
    """One snapshot and its source."""

    place: str
    as_of: datetime
    found: SnapshotFile

    def key(self, url: str) -> str:
        """Return a key that is unique to this content at this hub."""
        content = [self.found.document, self.found.actor, self.found.stage]
        digest = hashlib.sha256(json_text.dumps(content, sort_keys=True).encode()).hexdigest()
        return f"{url} {self.found.world_id} {self.found.document.get('version')} {digest}"


def read_items(source: Path, overrides: dict[str, str | None], unreadable: list[str]) -> list[Item]:
    """Return the snapshots of a source, oldest first.

    Args:
        source: a folder of JSON files, one such file, or JSON Lines.
        overrides: the world, actor and stage given to the command, which take precedence.
        unreadable: gets the place and the reason of each file or line that is not a snapshot.
    """
    items = []
    name = "line" if _has_lines(source) else "file"
    for place, raw in _read_texts(source, unreadable):
        try:
            items.append(_read_item(place, SnapshotFile.read(raw, overrides, name)))
        except ProblemError as problem:
            unreadable.append(f"{place}: {problem.detail}")
        except (InvalidSnapshotError, InstantError) as error:
            unreadable.append(f"{place}: {error}")
    return sorted(items, key=lambda item: item.as_of)


def _read_item(place: str, found: SnapshotFile) -> Item:
    as_of = _as_of(found.document)
    if found.world is None:
        raise InvalidSnapshotError("names no world: add --world")
    _mark_as_backfill(found.document)
    return Item(place, as_of, found)


def _as_of(document: dict[str, Any]) -> datetime:
    try:
        return parse_instant(str(document.get("as_of")))
    except InstantError as error:
        raise InvalidSnapshotError(f"/as_of {error}") from None


def _has_lines(source: Path) -> bool:
    return source.suffix == ".jsonl" and not source.is_dir()


def _read_texts(source: Path, unreadable: list[str]) -> Iterator[tuple[str, bytes]]:
    if _has_lines(source):
        for number, line in enumerate(read_input(source).splitlines(), 1):
            if line.strip():
                yield f"{source}:{number}", line
        return
    for file in sorted(source.glob("*.json")) if source.is_dir() else [source]:
        try:
            yield str(file), read_input(file)
        except OSError as error:
            unreadable.append(f"{file}: cannot be read: {error.strerror}")


def _mark_as_backfill(document: dict[str, Any]) -> None:
    provenance = document.get("provenance")
    document["provenance"] = {
        **(provenance if isinstance(provenance, dict) else {}),
        "source": BACKFILL_SOURCE,
    }
    # The producer's own digest covers the provenance, which has just changed.
    document.pop("hash", None)
