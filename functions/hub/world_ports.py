"""What the world registry and the freshness monitor need of the world outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from functions.hub.domain.freshness import WorldRow

Note = Literal["expectation", "exit_policy"]
"""What an operator may write on the row of a world and stage."""


@dataclass(frozen=True, slots=True)
class Writing:
    """A note to be written: its JSON, when, and by the token of which id.

    Attributes:
        in_force: whether it holds from now on; while a note does not, no time counts for it.
    """

    text: str
    at: datetime
    by: str
    in_force: bool = True


@dataclass(frozen=True, slots=True)
class Noted:
    """One note as it lies on a row.

    Attributes:
        text: the note's JSON.
        since: since when it is in force without a break; of one that is not, when it was written.
        set_at: when it was last written.
        set_by: the id of the token that wrote it.
    """

    text: str
    since: datetime
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True)
class Written:
    """A note that was written, and whether there was none before."""

    noted: Noted
    created: bool


@dataclass(frozen=True, slots=True)
class RowPage:
    """Some rows of the table, in its own order; `after` of the last leads on, None behind the last page."""

    rows: Sequence[WorldRow]
    after: tuple[str, str] | None


class WorldRegistry(Protocol):
    """The notes on the worlds' rows, beside the heads that the relay keeps. Every method may raise UnavailableError."""

    def put(self, world_id: str, stage: str, note: Note, writing: Writing) -> Written:
        """Write the note in place of the one that lies there; the head is left alone."""

    def get(self, world_id: str, stage: str, note: Note) -> Noted | None:
        """Return the note, or None; strongly consistent."""

    def remove(self, world_id: str, stage: str, note: Note) -> None:
        """Remove the note, if there is one; the head is left alone."""

    def page(self, limit: int, after: tuple[str, str] | None = None) -> RowPage:
        """Return at most `limit` rows behind the row of (world, stage) `after`; of what `rows` yields."""

    def rows(self) -> Iterator[WorldRow]:
        """Yield every row with a head or an expectation, in one pass and as few calls as the store allows.

        A row that changes meanwhile may be old or new; one that cannot be read is yielded all the same, and says so.
        """


class MeteredWorlds(Protocol):
    """Which worlds have metrics of their own: a caller's words must not create any number of them."""

    def __call__(self, world_id: str, stage: str) -> bool:
        """Return whether this world and stage is one of them; never raises."""


def no_world(world_id: str, stage: str) -> bool:  # noqa: ARG001 - see MeteredWorlds
    """Return False: no world has metrics of its own."""
    return False


class QueueDepths(Protocol):
    """How many messages wait. May raise UnavailableError."""

    def depths(self) -> Mapping[str, int]:
        """Return the approximate number of waiting messages of each of the hub's queues."""
