"""Ports of the world registry and the freshness monitor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from functions.hub.domain.freshness import WorldRow

NoteKind = Literal["expectation", "exit_policy"]
"""What an operator may write on the row of a world and stage."""


@dataclass(frozen=True, slots=True)
class NoteWrite:
    """A note to write: its JSON text, the time, and the id of the operator's token.

    Attributes:
        in_force: whether it applies from now on; time before it applies is not counted.
    """

    text: str
    at: datetime
    by: str
    in_force: bool = True


@dataclass(frozen=True, slots=True)
class StoredNote:
    """One stored note: the expectation or the exit policy of a world and stage.

    Attributes:
        text: the note's JSON.
        since: start of the uninterrupted period in which it applies; if it does not apply, when it was
            written.
        set_at: when it was last written.
        set_by: the id of the token that wrote it.
    """

    text: str
    since: datetime
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True)
class NoteWriteResult:
    """A written note, and whether none existed before."""

    stored_note: StoredNote
    created: bool


@dataclass(frozen=True, slots=True)
class RowPage:
    """Rows of the table in its own order; `after` is the key to continue from, None on the last page."""

    rows: Sequence[WorldRow]
    after: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class PolicyVersionNote:
    """One stored version of an exit policy, as it was first written."""

    version: str
    text: str
    set_at: datetime
    set_by: str


class PolicyVersions(Protocol):
    """Every version of the exit policies, kept permanently. Every method may raise DependencyUnavailableError."""

    def put_once(self, world_id: str, stage: str, note: PolicyVersionNote) -> PolicyVersionNote:
        """Store the version if it is new; return the stored one, new or existing."""

    def get(self, world_id: str, stage: str, version: str) -> PolicyVersionNote | None:
        """Return one version, or None; strongly consistent."""

    def list(self, world_id: str, stage: str) -> Sequence[PolicyVersionNote]:
        """Return every version, oldest first, without the texts; strongly consistent."""


@dataclass(frozen=True, slots=True)
class ScenarioNames:
    """Names of the stress scenarios of the latest snapshot of a world and stage.

    Attributes:
        version: the snapshot; None without a snapshot or without a stress report on it.
        complete: false if its report omits scenarios.
    """

    version: str | None = None
    names: frozenset[str] = frozenset()
    complete: bool = True


class LatestScenarios(Protocol):
    """Scenarios that a policy can name. May raise DependencyUnavailableError."""

    def __call__(self, world_id: str, stage: str) -> ScenarioNames:
        """Return the names in the stress report on the latest snapshot of the world and stage."""


class WorldRegistry(Protocol):
    """Notes on the worlds' rows, which also hold the heads. Every method may raise DependencyUnavailableError."""

    def put(self, world_id: str, stage: str, note: NoteKind, writing: NoteWrite) -> NoteWriteResult:
        """Write the note in place of an existing one; leave the head unchanged."""

    def get(self, world_id: str, stage: str, note: NoteKind) -> StoredNote | None:
        """Return the note, or None; strongly consistent."""

    def remove(self, world_id: str, stage: str, note: NoteKind) -> None:
        """Remove the note if it exists; leave the head unchanged."""

    def page(self, limit: int, after: tuple[str, str] | None = None) -> RowPage:
        """Return at most `limit` of the rows that `rows` yields, starting after (world, stage) `after`."""

    def rows(self) -> Iterator[WorldRow]:
        """Yield every row with a head or an expectation, in one pass and as few calls as the store allows.

        A row that changes during the pass may be yielded in its old or new state. An unreadable row is
        yielded too, with `readable` False.
        """


class QueueDepths(Protocol):
    """Numbers of waiting messages. May raise DependencyUnavailableError."""

    def depths(self) -> Mapping[str, int]:
        """Return the approximate number of waiting messages of each of the hub's queues."""
