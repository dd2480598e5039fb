"""Marks by which writers and the reaper agree on a blob without a lock (ADR-0018).

A writer records a claim, then checks for a deletion lease; the reaper takes the lease, then checks for
claims. In every interleaving of those four steps, at least one of the two sees the other's mark.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# Longer than any run of the reaper (its time-out is far shorter); ends minutes after a crashed run.
DELETION_LEASE_DURATION: Final = timedelta(minutes=5)
# The table's retention removes a claim well after the snapshot that it was made for.
CLAIM_MARGIN: Final = timedelta(days=31)
# An upload's claim records the blob's origin, so it outlives every snapshot that will refer to the blob.
UPLOAD_RETENTION: Final = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class Claim:
    """A request to keep a blob.

    Attributes:
        version: version of the snapshot that will refer to the blob; None for an upload.
        content_hash: content hash of that snapshot, because the version may be taken by other content.
        at: the hub's clock when the claim was made.
        found: the blob existed before the claim. Such a claim keeps the blob while it is valid; when it ends,
            it does not permit removal: the marks of a blob without any other claim are unknown.
    """

    version: str | None
    content_hash: str | None
    at: datetime
    found: bool = False

    @property
    def key(self) -> str:
        """Key of the claim among those on one blob; publishing the same snapshot again renews its claim."""
        key = f"{self.version or ''}/{(self.content_hash or '').removeprefix('sha256:')}"
        return f"/found/{key}" if self.found else key

    def is_within_grace(self, now: datetime, grace: timedelta) -> bool:
        """Return whether the process that made the claim may still be running."""
        return self.at > now - grace


def oldest_first(claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims by age, oldest first: an old claim most likely became a snapshot."""
    return sorted(claims, key=lambda claim: claim.at)
