"""Anchor the heads of all chains that moved, hour by hour.

The leaves are stored before the anchor that states their root, so a crash leaves at most unused leaves. Two
runs at the same time, or a repeated one, store one anchor: the first, which the next anchor is linked to. The
hour of the first anchor is stored once too, so runs with different clocks do not begin two chains.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from functions.evaluation.runs.ports import AnchorStore, MovedHeads
from functions.hub.ports import Clock
from risk_hub_contracts.base.canonical import sha256_hex
from risk_hub_contracts.runs.anchor import (
    Anchor,
    AnchorError,
    encode_leaves,
    following_hour,
    hour_of,
    hour_start,
    is_hour,
    merkle_root,
    newest_heads,
    read_anchor,
)
from risk_hub_contracts.runs.chain import ChainHead
from risk_hub_contracts.runs.verification import StoredAnchor

ANCHOR_SETTLE: Final = timedelta(minutes=5)
"""Time until the items of an hour are visible: clock skew, a writer's time limit, delay of the index."""
HOURS_MAX_COUNT: Final = 100
"""Most hours that one invocation anchors: after an outage, the next invocations anchor the rest."""


class AnchorConflictError(Exception):
    """The stored anchor of this hour does not follow from the anchor before: this use case did not write it.

    Attributes:
        hour: the hour of the anchor.
    """

    def __init__(self, hour: str, reason: str) -> None:
        super().__init__(f"the stored anchor of {hour} does not continue the chain of anchors: {reason}")
        self.hour = hour


@dataclass(frozen=True, slots=True)
class AnchoredHour:
    """An anchored hour, and the number of heads in its anchor."""

    hour: str
    count: int


@dataclass(frozen=True, slots=True)
class AnchorRuns:
    """Store the anchor of every hour that has ended, also of hours in which no chain moved."""

    moved: MovedHeads
    anchors: AnchorStore
    clock: Clock

    def __call__(self) -> list[AnchoredHour]:
        """Anchor the hours since the newest anchor, oldest first.

        The first anchor is that of the last hour that has ended, and covers every earlier item.

        Raises:
            AnchorConflictError: an anchor in the store was not made by this use case.
            DependencyUnavailableError: the hours before are anchored; the next run continues.
        """
        previous = self.anchors.newest()
        if previous is not None and previous.hour > hour_of(self.clock()):
            raise AnchorConflictError(previous.hour, "its hour is in the future")
        done = []
        for hour in self._due(previous):
            anchor = self._anchor(hour, previous)
            previous = StoredAnchor(hour, anchor.data())
            done.append(AnchoredHour(hour, anchor.count))
        return done

    def _due(self, previous: StoredAnchor | None) -> Iterator[str]:
        """Yield the hours to anchor."""
        last = last_settled_hour(self.clock)
        hour = self._first_hour(last) if previous is None else following_hour(previous.hour)
        for _ in range(HOURS_MAX_COUNT):
            if hour_start(hour) > hour_start(last):
                return
            yield hour
            hour = following_hour(hour)

    def _first_hour(self, last: str) -> str:
        """Return the stored hour of the first anchor; without one, store the last hour that has ended."""
        hour = self.anchors.first_hour(last)
        if not is_hour(hour):
            raise AnchorConflictError(last, f"the stored first hour is {hour!a}, which is not an hour")
        return hour

    def _anchor(self, hour: str, previous: StoredAnchor | None) -> Anchor:
        """Store the leaves and the anchor of an hour; return the anchor that is then stored."""
        heads = newest_heads(self.moved.recorded() if previous is None else self._recorded_by(hour))
        root = merkle_root(heads)
        self.anchors.put_leaves(root, encode_leaves(heads))
        digest = None if previous is None else sha256_hex(previous.data)
        made = Anchor(hour=hour, previous_sha256=digest, root=root, count=len(heads))
        return _checked(self.anchors.put_once(hour, made.data()), made)

    def _recorded_by(self, hour: str) -> Iterator[ChainHead]:
        for each in (following_hour(hour, -1), hour):
            yield from self.moved.recorded_in(each)


def last_settled_hour(clock: Clock) -> str:
    """Return the last hour whose items are visible."""
    return following_hour(hour_of(clock() - ANCHOR_SETTLE), -1)


def _checked(stored: bytes, made: Anchor) -> Anchor:
    """Return the stored anchor of the hour: this one, or that of another run of this use case."""
    try:
        anchor = read_anchor(stored)
    except AnchorError as error:
        raise AnchorConflictError(made.hour, str(error)) from error
    if stored != anchor.data():
        raise AnchorConflictError(made.hour, "its bytes are not canonical")
    if (anchor.hour, anchor.previous_sha256) != (made.hour, made.previous_sha256):
        raise AnchorConflictError(made.hour, f"it states the anchor {anchor.previous_sha256} before it")
    return anchor
