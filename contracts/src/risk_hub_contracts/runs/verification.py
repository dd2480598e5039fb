"""Verification of anchors, and of runs against them: removed tails, chains that were computed again."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pydantic_core import from_json

from risk_hub_contracts.base.canonical import sha256_hex
from risk_hub_contracts.base.times import parse_instant
from risk_hub_contracts.runs.anchor import (
    Anchor,
    AnchorError,
    decode_leaves,
    following_hour,
    hour_of,
    merkle_root,
    read_anchor,
)
from risk_hub_contracts.runs.chain import BrokenLink, ChainHead, StoredItem, verify_chain
from risk_hub_contracts.runs.run_item import FIRST_SEQUENCE
from risk_hub_contracts.runs.run_key import RunKey

__all__ = ["ANCHORS", "AnchoredHeads", "StoredAnchor", "lost_runs", "verify_anchors", "verify_run"]

ANCHORS: Final = "anchors"
"""The name of the chain of anchors in a BrokenLink."""
Leaves = Callable[[str], bytes | None]
"""Returns the stored leaves of a root, or None."""


@dataclass(frozen=True, slots=True)
class StoredAnchor:
    """The first version of an anchor, and whether its key has further versions or was deleted."""

    hour: str
    data: bytes
    is_overwritten: bool = False


@dataclass(slots=True)
class AnchoredHeads:
    """The heads that the anchors state, and the state of the chain of anchors.

    Attributes:
        heads: by the text of a run's key: the anchored digests by sequence, each with its hour.
        last_hour: the hour of the newest anchor; None without anchors.
        first_break: the first broken link of the chain of anchors.
        count: the number of anchors.
        present_hour: the hour of the verification.
    """

    present_hour: str

    heads: dict[str, dict[int, tuple[str, str]]] = field(default_factory=dict)
    last_hour: str | None = None
    first_break: BrokenLink | None = None
    count: int = 0

    def add(self, hour: str, leaves: Iterable[ChainHead]) -> None:
        """Add the leaves of an anchor; a head that was added before keeps its hour."""
        for leaf in leaves:
            self.heads.setdefault(leaf.key, {}).setdefault(leaf.sequence, (leaf.sha256, hour))


def verify_anchors(anchors: Iterable[StoredAnchor], leaves_of: Leaves, now: datetime) -> AnchoredHeads:
    """Recompute every anchor; the leaves of broken anchors are not used.

    Args:
        anchors: all anchors, in the order of their hours.
        leaves_of: reads the leaves of a root.
        now: the time of the verification.
    """
    found = AnchoredHeads(hour_of(now))
    previous: StoredAnchor | None = None
    for stored in anchors:
        broken = _link_fault(stored, previous)
        if broken is None:
            broken = _add_leaves(found, stored, leaves_of)
        found.first_break = found.first_break or broken
        found.last_hour, found.count = stored.hour, found.count + 1
        previous = stored
    return found


def _link_fault(stored: StoredAnchor, previous: StoredAnchor | None) -> BrokenLink | None:
    """Return the broken link between an anchor and the one before; None if they are linked."""
    if previous is not None and stored.hour != (expected := following_hour(previous.hour)):
        return BrokenLink(ANCHORS, expected, "anchor_lost", f"the next stored anchor is {stored.hour}")
    try:
        anchor = read_anchor(stored.data)
    except AnchorError as error:
        return BrokenLink(ANCHORS, stored.hour, "anchor_unreadable", str(error))
    if anchor.hour != stored.hour:
        return BrokenLink(ANCHORS, stored.hour, "anchor_changed", f"it states the hour {anchor.hour}")
    return _links_back(anchor, previous)


def _links_back(anchor: Anchor, previous: StoredAnchor | None) -> BrokenLink | None:
    digest = None if previous is None else sha256_hex(previous.data)
    if anchor.previous_sha256 == digest:
        return None
    if previous is None:
        detail = f"{anchor.hour} is the first stored anchor, but states an anchor before it"
        return BrokenLink(ANCHORS, following_hour(anchor.hour, -1), "anchor_lost", detail)
    detail = f"its digest is {digest}, and the anchor {anchor.hour} states {anchor.previous_sha256}"
    return BrokenLink(ANCHORS, previous.hour, "anchor_changed", detail)


def _add_leaves(found: AnchoredHeads, stored: StoredAnchor, leaves_of: Leaves) -> BrokenLink | None:
    """Add the leaves of an anchor if they have its root; return a fault of leaves or versions."""
    anchor = read_anchor(stored.data)
    data = leaves_of(anchor.root)
    if data is None:
        return BrokenLink(ANCHORS, stored.hour, "leaves_lost", f"no leaves are stored for {anchor.root}")
    try:
        leaves = decode_leaves(data)
    except AnchorError as error:
        return BrokenLink(ANCHORS, stored.hour, "leaves_changed", str(error))
    root = merkle_root(leaves)
    if (root, len(leaves)) != (anchor.root, anchor.count):
        detail = (
            f"{len(leaves)} leaves have the root {root}; the anchor states {anchor.count} and {anchor.root}"
        )
        return BrokenLink(ANCHORS, stored.hour, "leaves_changed", detail)
    found.add(stored.hour, leaves)
    if stored.is_overwritten:
        detail = "its key has a further version or was deleted; its first version was verified"
        return BrokenLink(ANCHORS, stored.hour, "anchor_overwritten", detail)
    return None


def verify_run(
    key: RunKey, items: Sequence[StoredItem], head: ChainHead | None, anchored: AnchoredHeads
) -> BrokenLink | None:
    """Return the first broken link of a run; None if chain, list entry and anchors agree.

    Args:
        key: the run.
        items: its stored items, by sequence.
        head: the head that the list entry of the run states; None without an entry.
        anchored: what the anchors state.
    """
    found = [
        *_if_broken(verify_chain(key, items)),
        *_against_anchors(key, items, anchored.heads.get(key.text, {})),
        *_against_head(key, items, head),
        *_not_anchored(key, items, anchored),
    ]
    return min(found, key=_position, default=None)


def lost_runs(anchored: AnchoredHeads, seen: Iterable[str]) -> Iterator[BrokenLink]:
    """Yield the runs that an anchor states, but that have neither items nor a list entry."""
    for key in sorted(anchored.heads.keys() - set(seen)):
        sequence, (_, hour) = max(anchored.heads[key].items())
        detail = f"the run has no item; the anchor {hour} states item {sequence}"
        yield BrokenLink(key, FIRST_SEQUENCE, "tail_cut", detail)


def _position(broken: BrokenLink) -> int:
    return broken.position if isinstance(broken.position, int) else 0


def _if_broken(broken: BrokenLink | None) -> Iterator[BrokenLink]:
    if broken is not None:
        yield broken


def _against_anchors(
    key: RunKey, items: Sequence[StoredItem], digests: Mapping[int, tuple[str, str]]
) -> Iterator[BrokenLink]:
    """Yield the anchored items that are missing or have another digest."""
    by_sequence = {item.sequence: item.sha256 for item in items}
    last = max(by_sequence, default=0)
    for sequence, (sha256, hour) in sorted(digests.items()):
        if sequence > last:
            detail = f"the last stored item is {last}; the anchor {hour} states item {sequence}"
            yield BrokenLink(key.text, last + 1, "tail_cut", detail)
        elif (stored := by_sequence.get(sequence)) not in {None, sha256}:
            detail = (
                f"this item or one before it was changed: the anchor {hour} states {sha256}, not {stored}"
            )
            yield BrokenLink(key.text, sequence, "item_changed", detail)


def _against_head(key: RunKey, items: Sequence[StoredItem], head: ChainHead | None) -> Iterator[BrokenLink]:
    last = items[-1] if items else StoredItem(0, "", b"")
    if head is None:
        if not items:
            return
        yield BrokenLink(key.text, last.sequence, "head_differs", "the run has no list entry")
    elif head.sequence > last.sequence:
        detail = f"the last stored item is {last.sequence}; the list entry states item {head.sequence}"
        yield BrokenLink(key.text, last.sequence + 1, "tail_cut", detail)
    elif (head.sequence, head.sha256) != (last.sequence, last.sha256):
        detail = f"the list entry states item {head.sequence} with {head.sha256}, not the last stored item"
        yield BrokenLink(key.text, last.sequence, "head_differs", detail)


def _not_anchored(key: RunKey, items: Sequence[StoredItem], anchored: AnchoredHeads) -> Iterator[BrokenLink]:
    """Yield the first item that no anchor covers although its hour was anchored, or is in the future.

    One hour in the future is allowed as clock skew.
    """
    covered = max(anchored.heads.get(key.text, {}), default=0)
    for item in items:
        hour = _hour(item.data) if item.sequence > covered else None
        if hour is None:
            continue
        if anchored.last_hour is not None and hour < anchored.last_hour:
            detail = f"it was recorded in the hour {hour}; no anchor up to {anchored.last_hour} covers it"
            yield BrokenLink(key.text, item.sequence, "item_not_anchored", detail)
            return
        if hour > following_hour(anchored.present_hour):
            detail = f"it was recorded in the future hour {hour}, so no anchor covers it yet"
            yield BrokenLink(key.text, item.sequence, "item_not_anchored", detail)
            return


def _hour(data: bytes) -> str | None:
    """Return the hour in which an item was recorded; None if its bytes have no valid instant."""
    try:
        return hour_of(parse_instant(from_json(data)["recorded_at"]))
    except (KeyError, TypeError, ValueError):
        return None
