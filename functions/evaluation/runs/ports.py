"""Ports of evaluation runs: chains, their list, the heads that moved, and anchors.

Every adapter and every fake of a port passes the same test suite. Every method may raise
DependencyUnavailableError.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from functions.evaluation.runs.evaluation_marker import EvaluationMarker
    from functions.evaluation.runs.run_head import RunHead
    from functions.evaluation.runs.run_query import RunPage, RunQuery
    from risk_hub_contracts.runs.chain import ChainHead, StoredItem
    from risk_hub_contracts.runs.run_item import SealedItem
    from risk_hub_contracts.runs.run_key import RunKey
    from risk_hub_contracts.runs.verification import StoredAnchor

WRITES_MAX_COUNT: Final = 25
"""Items of one append: with their list entries half of the actions of a transaction."""


@dataclass(frozen=True, slots=True)
class ChainWrite:
    """The next item of one chain, and the list entry that it leads to."""

    item: SealedItem
    head: RunHead


@dataclass(frozen=True, slots=True)
class RefusedAppend:
    """An append that stored nothing.

    Attributes:
        existing: by run, the stored item that has the sequence of the refused one. A run may be missing: its
            list entry states another sequence, or another write was in progress.
        marker: the stored marker of the evaluation, if it was to begin with this append.
    """

    existing: Mapping[RunKey, StoredItem]
    marker: EvaluationMarker | None = None


@dataclass(frozen=True, slots=True)
class StoredChain:
    """All stored rows of one run, not verified.

    Attributes:
        items: the items, by sequence.
        head: the list entry; None if it is missing.
    """

    key: RunKey
    items: tuple[StoredItem, ...]
    head: RunHead | None


class RunStore(Protocol):
    """The append-only chains of the runs, with a list entry for each run."""

    def append(self, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        """Store at most WRITES_MAX_COUNT items of different runs with their list entries, all or nothing.

        An item is refused if its sequence is taken or the list entry does not state the one before.
        """

    def begin(self, marker: EvaluationMarker, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        """Append the first items of an evaluation with its marker; all are refused if it has a marker."""

    def marker(self, world_id: str, evaluation_id: str) -> EvaluationMarker | None:
        """Return the marker of an evaluation, or None; strongly consistent."""

    def first_items(self, keys: Sequence[RunKey]) -> Mapping[RunKey, StoredItem]:
        """Return the first item of each run that exists, with one request per 100 runs; strongly consistent."""

    def chain(self, key: RunKey) -> StoredChain:
        """Return all rows of a run, no items for an unknown one; strongly consistent.

        The list entry is read before the items, so it may be older than the last of them.
        """

    def items(self, key: RunKey, after: int, limit: int) -> Sequence[StoredItem]:
        """Return at most `limit` items behind a sequence; strongly consistent."""

    def page(self, query: RunQuery) -> RunPage:
        """Return one page with one request; it may miss what was written within about the last second.

        A page that selects a strategy together with a stage or a status may hold fewer runs than `limit` and
        still have a next page.
        """

    def chains(self) -> Iterator[StoredChain]:
        """Yield the rows of every run, run by run; a run may be read while it grows."""


class RunsOfSnapshots(Protocol):
    """The runs by the snapshot that they were computed from."""

    def computed_from(self, world_id: str, snapshot: str, limit: int) -> Sequence[RunHead]:
        """Return at most `limit` runs of a snapshot (`snapshot_key`), oldest first; one request for up to 1 MB.

        It may miss a run that was created within about the last second.
        """


class MovedHeads(Protocol):
    """The items by the hour of their recording."""

    def recorded_in(self, hour: str) -> Iterator[ChainHead]:
        """Yield every item that was recorded in an hour, in any order.

        It may miss what was written within about the last second.
        """

    def recorded(self) -> Iterator[ChainHead]:
        """Yield every item of every run, in any order, with the same delay."""


class AnchorStore(Protocol):
    """Anchors and their leaves. Stored objects cannot change: only the first version of each is read."""

    def newest(self) -> StoredAnchor | None:
        """Return the anchor of the latest hour."""

    def first_hour(self, hour: str) -> str:
        """Store the hour of the first anchor unless one is stored; return the stored one."""

    def put_once(self, hour: str, data: bytes) -> bytes:
        """Store the anchor of an hour unless one exists; return the stored one."""

    def put_leaves(self, root: str, data: bytes) -> None:
        """Store the leaves of a root if they are not stored."""

    def anchors(self) -> Iterator[StoredAnchor]:
        """Yield all anchors in the order of their hours."""

    def leaves(self, root: str) -> bytes | None:
        """Return the leaves of a root."""
