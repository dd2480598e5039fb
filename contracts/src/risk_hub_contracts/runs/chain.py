"""Verification of one run's chain: the first item that was changed, removed, swapped or inserted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic_core import from_json

from risk_hub_contracts.base.canonical import sha256_hex
from risk_hub_contracts.runs.run_item import FIRST_SEQUENCE
from risk_hub_contracts.runs.run_key import RunKey

__all__ = ["BreakKind", "BrokenLink", "ChainHead", "StoredItem", "verify_chain"]

BreakKind = Literal[
    "item_lost",
    "item_changed",
    "item_unreadable",
    "item_misplaced",
    "link_broken",
    "tail_cut",
    "item_not_anchored",
    "head_differs",
    "anchor_lost",
    "anchor_changed",
    "anchor_overwritten",
    "anchor_unreadable",
    "leaves_lost",
    "leaves_changed",
]
"""Kinds of broken links. A later release may add values."""


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as the store holds it, not verified: sequence and digest are separate attributes."""

    sequence: int
    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True, order=True)
class ChainHead:
    """The last item of a run's chain at some time; `key` is the text of the run's key."""

    key: str
    sequence: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """The first broken place of one chain, of a run or of the anchors.

    Attributes:
        chain: the text of the run's key; `anchors` for the chain of anchors.
        position: the sequence of the item, or the hour of the anchor.
    """

    chain: str
    position: int | str
    kind: BreakKind
    detail: str


_FIELDS: Final = ("world_id", "strategy_id", "run_id", "sequence")


def verify_chain(key: RunKey, items: Sequence[StoredItem]) -> BrokenLink | None:
    """Return the first broken link of a run's chain; None if every item follows from the one before.

    This check cannot find a removed tail or a chain that was recomputed as a whole; anchors can.

    Args:
        key: the run.
        items: its items in the order of their sequence.
    """
    previous: str | None = None
    named = (key.world_id, key.strategy_id, key.run_id)
    for sequence, stored in enumerate(items, FIRST_SEQUENCE):
        if stored.sequence != sequence:
            return BrokenLink(key.text, sequence, "item_lost", f"the next stored item is {stored.sequence}")
        digest = sha256_hex(stored.data)
        if digest != stored.sha256:
            detail = f"its bytes have the digest {digest}, not the stored {stored.sha256}"
            return BrokenLink(key.text, sequence, "item_changed", detail)
        found = _break(stored, named, previous)
        if found is not None:
            return BrokenLink(key.text, sequence, *found)
        previous = digest
    return None


def _break(
    stored: StoredItem, named: tuple[str, str, str], previous: str | None
) -> tuple[BreakKind, str] | None:
    """Return what is wrong with an item whose bytes have the stored digest."""
    document = _document(stored.data)
    if document is None:
        return "item_unreadable", "its bytes are not a JSON object"
    if tuple(document.get(name) for name in _FIELDS) != (*named, stored.sequence):
        return "item_misplaced", "its content names another run or another sequence"
    stated = document.get("previous_sha256")
    if stated != previous:
        return "link_broken", f"it states the digest {stated} for the item before, which has {previous}"
    return None


def _document(data: bytes) -> dict[str, Any] | None:
    try:
        document = from_json(data)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
