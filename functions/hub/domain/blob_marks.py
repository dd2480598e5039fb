"""Marks by which writers and the reaper agree on a blob without a lock (ADR-0018).

Whoever wants a blob claims it first and looks for a doom second; the reaper dooms it first and looks for claims second.
Whatever the order of those four steps, one of the two sees the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# A doom outlives every run of the reaper (its function's time-out is far shorter), and a crashed run by minutes only.
DOOM_LEASE: Final = timedelta(minutes=5)
# A claim is removed by the table's retention well after the snapshot that it stands for.
CLAIM_MARGIN: Final = timedelta(days=31)
# The claim of an upload says where the blob came from: it outlives whatever snapshots will refer to the blob.
UPLOAD_RETENTION: Final = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody wants a blob to stay.

    Attributes:
        version: of the snapshot that is about to refer to it; None for an upload.
        content_hash: of that snapshot: the version may be taken by other content.
        at: the hub's clock when it was claimed.
        found: the blob was there first. Such a claim keeps it while it counts, and once it is dead it is no reason to
            remove it: a blob with no other claims is one whose marks nobody has.
    """

    version: str | None
    content_hash: str | None
    at: datetime
    found: bool = False

    @property
    def key(self) -> str:
        """What tells claims on one blob apart; the same snapshot published again renews its claim."""
        key = f"{self.version or ''}/{(self.content_hash or '').removeprefix('sha256:')}"
        return f"/found/{key}" if self.found else key

    def is_young(self, now: datetime, grace: timedelta) -> bool:
        """Whether whoever claimed may still be at work."""
        return self.at > now - grace


def oldest_first(claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims in the order in which they were made: an old one is the likeliest to have become a snapshot."""
    return sorted(claims, key=lambda claim: claim.at)
