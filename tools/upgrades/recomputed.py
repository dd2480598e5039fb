"""Reports of a newer engine: other numbers, but the same inputs and at least the same members."""

from collections.abc import Mapping
from typing import Any, Final

from tools.upgrades.fixed_world import contains

# What a report says about its snapshot; no engine may answer it differently.
OF_THE_SNAPSHOT: Final = ("world_id", "version", "content_hash", "as_of", "stage", "actor")
INPUTS: Final = ("input", "inputs")
OF_ANY_REPORT: Final = frozenset({"engine_version", "evaluated_at", "status", *OF_THE_SNAPSHOT})


def is_recomputed(was: Any, now: Any) -> bool:
    """Return whether `now` is the report on the same inputs by a newer engine, with every member of `was`.

    Args:
        was: a document of a release.
        now: the document of this tree in its place.
    """
    if not (_is_report(was) and _is_report(now)):
        return False
    newer = _version(now) > _version(was)
    fixed = [name for name in (*OF_THE_SNAPSHOT, *INPUTS) if name in was]
    same_snapshot = all(contains(was[name], now.get(name)) for name in fixed)
    return newer and same_snapshot and _keeps_members(was, now)


def _is_report(document: Any) -> bool:
    return isinstance(document, Mapping) and document.keys() >= OF_ANY_REPORT


def _version(report: Mapping[str, Any]) -> list[int]:
    return [int(part) for part in str(report["engine_version"]).split(".")]


def _keeps_members(was: Any, now: Any) -> bool:
    """Return whether every member is still there with a value of its type; a null may become any value."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        return all(name in now and _keeps_members(value, now[name]) for name, value in was.items())
    if isinstance(was, list) and isinstance(now, list):
        return len(was) == len(now) and all(map(_keeps_members, was, now))
    return was is None or _kind(was) == _kind(now)


def _kind(value: Any) -> type:
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)
