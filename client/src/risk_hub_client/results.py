"""Results that the client returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from risk_hub_contracts.base.times import parse_instant

__all__ = ["HubContract", "Outcome", "Page", "Publication", "StoredSnapshot"]

Outcome = Literal["created", "replayed", "spooled"]


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A snapshot as the hub returns it.

    Attributes:
        world_id: its world.
        version: its version.
        as_of: the instant that it describes, UTC.
        weights: asset id -> share of the portfolio.
        content_hash: `sha256:<hex>`, the same for every form of the same content.
        created_at: the hub's clock when it accepted the snapshot, UTC.
        expires_at: the instant from which it counts as expired, UTC.
        document: the complete answer.
    """

    world_id: str
    version: str
    as_of: datetime
    weights: Mapping[str, float]
    content_hash: str
    created_at: datetime
    expires_at: datetime
    document: Mapping[str, Any]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Build a snapshot from the hub's answer."""
        return cls(
            document["world_id"],
            document["version"],
            parse_instant(document["as_of_utc"]),
            document["weights"],
            document["content_hash"],
            parse_instant(document["created_at"]),
            parse_instant(document["expires_at"]),
            document,
        )


@dataclass(frozen=True, slots=True)
class Publication:
    """The result of publishing a snapshot.

    Attributes:
        outcome: `created`; `replayed`, if the hub already held the same content; or `spooled`, kept on disk.
        world_id: its world.
        version: its version.
        content_hash: computed by the client; confirmed by the hub unless the outcome is `spooled`.
        snapshot: the stored snapshot; None while spooled.
        request_id: the id of the request in the hub's log; None while spooled.
    """

    outcome: Outcome
    world_id: str
    version: str
    content_hash: str
    snapshot: StoredSnapshot | None
    request_id: str | None

    def to_document(self) -> dict[str, Any]:
        """Return the publication as a JSON-ready dict."""
        return {
            "outcome": self.outcome,
            "world_id": self.world_id,
            "version": self.version,
            "content_hash": self.content_hash,
            "request_id": self.request_id,
            "snapshot": None if self.snapshot is None else dict(self.snapshot.document),
        }


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a world's snapshots; `next_cursor` is None on the last one."""

    snapshots: tuple[StoredSnapshot, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class HubContract:
    """The contract that a hub serves: its version, the stages that it accepts, and every limit by name."""

    version: str
    stages: tuple[str, ...]
    limits: Mapping[str, Any]

    @property
    def inline_max_entries(self) -> float:
        """The largest number of entries that the hub keeps inline; infinite if the hub converts nothing."""
        return float(self.limits["inline_cov_threshold"]) if self.limits["offload"] else float("inf")
