"""Remove blobs without a reference, and never one that a snapshot refers to (ADR-0018)."""

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from functions.hub.blob_ports import BlobInventory, BlobMarks, ListedBlob, StoredHashes
from functions.hub.domain.blob_marks import DELETION_LEASE_DURATION, Claim, oldest_first
from functions.hub.ports import Clock, DependencyUnavailableError

Verdict = Literal["young", "unmarked", "claimed", "referred", "contested", "reaped"]


@dataclass(frozen=True, slots=True)
class ReapBlobs:
    """Visit all blobs once, or as many as time allows; the next run continues from there.

    Attributes:
        grace: how long a new blob or claim is left alone; far longer than any handler runs.
        new_owner: returns the name of a run, so that no run releases the lease of another.
    """

    inventory: BlobInventory
    marks: BlobMarks
    snapshots: StoredHashes
    clock: Clock
    grace: timedelta
    new_owner: Callable[[], str]

    def __call__(self, stop_at: datetime) -> Counter[str]:
        """Return the number of blobs per verdict; visit no further blob after `stop_at`.

        Verdicts: `young`, `claimed` (recently), `referred` (by a stored snapshot), `unmarked` (no claim of
        its writer exists: the blob is kept permanently), `contested` (another run holds the lease), `reaped`.

        Raises:
            DependencyUnavailableError: a store did not answer. The next run continues from the blob that was reached; a
                lease that is still held expires.
            ExceptionGroup: the marks of some blobs could not be read. Those blobs were kept, and all others
                visited.
        """
        owner, verdicts, errors = self.new_owner(), Counter[str](), list[Exception]()
        with closing(self._blobs(stop_at)) as blobs:
            for blob in blobs:
                try:
                    verdicts[self._visit(blob, owner)] += 1
                except DependencyUnavailableError:
                    raise
                except Exception as error:  # noqa: BLE001  (after any error, the next blobs are visited)
                    error.add_note(f"blob {blob.sha256} of world {blob.world_id}")
                    errors.append(error)
        if errors:
            raise ExceptionGroup("blobs whose marks could not be read", errors)
        return verdicts

    def _blobs(self, stop_at: datetime) -> Generator[ListedBlob, None, None]:
        """Yield the blobs from the stored place on; store the place that was reached, even after an error."""
        position = self.marks.position()
        try:
            while blobs := self.inventory.after(position):
                for blob in blobs:
                    if self.clock() >= stop_at:
                        return
                    yield blob
                    position = self.inventory.position_of(blob)
            position = None
        finally:
            self.marks.save_position(position)

    def _visit(self, blob: ListedBlob, owner: str) -> Verdict:
        now = self.clock()
        if blob.stored_at > now - self.grace:
            return "young"
        keep_reason = self._reason_to_keep(blob, self.marks.claims(blob.world_id, blob.sha256), now)
        return keep_reason or self._reap(blob, owner)

    def _reap(self, blob: ListedBlob, owner: str) -> Verdict:
        now, name = self.clock(), (blob.world_id, blob.sha256)
        if not self.marks.lease(*name, owner, now, now + DELETION_LEASE_DURATION):
            return "contested"
        # A later claim sees the lease; an earlier claim is read here.
        claims = self.marks.claims(*name)
        keep_reason = self._reason_to_keep(blob, claims, self.clock())
        if keep_reason is None:
            self.inventory.remove(blob)
            for claim in claims:
                self.marks.remove_claim(*name, claim)
        self.marks.release(*name, owner)
        return keep_reason or "reaped"

    def _reason_to_keep(
        self, blob: ListedBlob, claims: Sequence[Claim], now: datetime
    ) -> Literal["unmarked", "claimed", "referred"] | None:
        if all(claim.found for claim in claims):
            return "unmarked"
        if any(claim.is_within_grace(now, self.grace) for claim in claims):
            return "claimed"
        refers = any(self._became_a_snapshot(blob.world_id, claim) for claim in oldest_first(claims))
        return "referred" if refers else None

    def _became_a_snapshot(self, world_id: str, claim: Claim) -> bool:
        if claim.version is None:
            return False
        return self.snapshots.content_hash(world_id, claim.version) == claim.content_hash
