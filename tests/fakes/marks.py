"""In-memory marks on blobs, and the inventory in which the reaper finds the blobs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from functions.hub.blob_ports import ListedBlob
from functions.hub.domain.blob_marks import Claim
from tests.fakes.stores import MemoryBlobs

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
Name = tuple[str, str]


@dataclass(frozen=True)
class DeletionLease:
    owner: str
    until: datetime


class MemoryMarks:
    def __init__(self) -> None:
        self.rows: dict[Name, dict[str, Claim]] = {}
        self.leases: dict[Name, DeletionLease] = {}
        self.saved_position: str | None = None

    def claim(self, world_id: str, sha256: str, claim: Claim, retain_until: datetime) -> None:
        assert retain_until > claim.at
        self.rows.setdefault((world_id, sha256), {})[claim.key] = claim

    def is_leased(self, world_id: str, sha256: str, now: datetime) -> bool:
        lease = self.leases.get((world_id, sha256))
        return lease is not None and lease.until > now

    def claims(self, world_id: str, sha256: str) -> Sequence[Claim]:
        return list(self.rows.get((world_id, sha256), {}).values())

    def lease(self, world_id: str, sha256: str, owner: str, now: datetime, until: datetime) -> bool:
        current = self.leases.get((world_id, sha256))
        if current is not None and current.until > now and current.owner != owner:
            return False
        self.leases[world_id, sha256] = DeletionLease(owner, until)
        return True

    def release(self, world_id: str, sha256: str, owner: str) -> None:
        current = self.leases.get((world_id, sha256))
        if current is not None and current.owner == owner:
            del self.leases[world_id, sha256]

    def remove_claim(self, world_id: str, sha256: str, claim: Claim) -> None:
        rows = self.rows.get((world_id, sha256), {})
        if claim.key in rows and rows[claim.key].at == claim.at:
            del rows[claim.key]

    def position(self) -> str | None:
        return self.saved_position

    def save_position(self, position: str | None) -> None:
        self.saved_position = position


@dataclass
class MemoryBlobInventory:
    """The content of MemoryBlobs; a blob is old unless `stored_at` gives its time."""

    blobs: MemoryBlobs
    page: int = 2
    stored_at: dict[str, datetime] = field(default_factory=dict)

    def after(self, position: str | None) -> Sequence[ListedBlob]:
        refs = sorted(ref for ref in self.blobs.objects if position is None or ref > position)
        return [self._listed_blob(ref) for ref in refs[: self.page]]

    def position_of(self, blob: ListedBlob) -> str:
        return f"s3://{self.blobs.bucket}/risk-blobs/{blob.world_id}/{blob.sha256}"

    def remove(self, blob: ListedBlob) -> None:
        self.blobs.objects.pop(self.position_of(blob), None)

    def _listed_blob(self, ref: str) -> ListedBlob:
        world_id, sha256 = ref.split("/")[-2:]
        return ListedBlob(world_id, sha256, self.stored_at.get(ref, LONG_AGO))
