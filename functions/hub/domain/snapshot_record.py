"""A snapshot as the hub keeps it: the contract's document and the hub's own fields."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from functions.hub.domain.ordering import time_order
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.snapshot.parse import Snapshot

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    """One immutable snapshot of a world.

    Attributes:
        document: the contract's fields, inline or by reference, JSON-ready.
        document_bytes: the document's size as JSON text, in bytes; 0 for a snapshot that was not read from a store.
        created_at: the hub's clock when the snapshot was accepted: its knowledge time.
        correlation_id: the producer's or the hub's id of the request that brought it.
        trace_header: the X-Ray header of that request, if it had one.
    """

    world_id: str
    version: str
    as_of: datetime
    stage: str
    actor: str
    content_hash: str
    ttl_sec: int
    created_at: datetime
    document: Document
    document_bytes: int = 0
    correlation_id: str | None = None
    trace_header: str | None = None

    @property
    def expires_at(self) -> datetime:
        """Return the first instant at which the snapshot no longer counts as current."""
        return self.created_at + timedelta(seconds=self.ttl_sec)

    @property
    def order(self) -> str:
        """Return the key that places the snapshot among its world's snapshots."""
        return time_order(self.as_of, self.created_at, self.version)

    def is_expired(self, at: datetime) -> bool:
        """Return whether the snapshot had expired at that instant of the hub's clock (INV-07)."""
        return self.expires_at <= at

    def retain_until(self, retention: timedelta) -> datetime:
        """Return the instant until which the store must keep the snapshot: retention, never freshness."""
        return max(self.created_at + retention, self.expires_at)

    def sized(self, document_bytes: int) -> "SnapshotRecord":
        """Return the same snapshot with the measured size of its document, in bytes."""
        return replace(self, document_bytes=document_bytes)

    def to_announcement(self) -> Document:
        """Return the document and the hub's own fields: identical for all readers and at all times."""
        return {
            **self.document,
            "as_of_utc": format_instant(self.as_of),
            "content_hash": self.content_hash,
            "created_at": format_instant(self.created_at),
            "expires_at": format_instant(self.expires_at),
        }

    def to_answer(self, at: datetime) -> Document:
        """Return the reader's view: the announcement, and whether the snapshot had expired at `at`."""
        return {**self.to_announcement(), "expired": self.is_expired(at)}


def accept(
    snapshot: Snapshot, created_at: datetime, correlation_id: str | None, trace_header: str | None
) -> SnapshotRecord:
    """Return the snapshot as the hub keeps it, known from `created_at` on."""
    return SnapshotRecord(
        world_id=snapshot.world_id,
        version=snapshot.version,
        as_of=snapshot.as_of,
        stage=snapshot.stage,
        actor=snapshot.actor,
        content_hash=snapshot.content_hash,
        ttl_sec=snapshot.ttl_sec,
        created_at=created_at,
        document=snapshot.to_document(),
        correlation_id=correlation_id,
        trace_header=trace_header,
    )
