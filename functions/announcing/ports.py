"""Ports of the relay: the event bus, and the queue for records that cannot be announced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from events.envelope import CloudEvent


class EventBus(Protocol):
    """The bus to which the hub sends its announcements."""

    def publish(self, events: Sequence[CloudEvent]) -> Sequence[CloudEvent]:
        """Send the events in batches within the bus's limits; return the events that the bus refused.

        Raises:
            UnavailableError: the bus could not be reached at all; any of the events may have been sent.
        """


class FailureQueue(Protocol):
    """Queue for records that cannot be announced, with the data needed to repair them."""

    def isolate(self, record: dict[str, Any], reason: str) -> None:
        """Store the record's keys and the reason. May raise UnavailableError."""
