"""In-memory marks on blobs, and the shelf on which the reaper finds them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from functions.hub.blob_ports import ShelvedBlob
from functions.hub.domain.blob_marks import Claim
from tests.fakes.stores import MemoryBlobs

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
Name = tuple[str, str]


@dataclass(frozen=True)
class Doom:
    owner: str
    until: datetime


class MemoryMarks:
    def __init__(self) -> None:
        self.rows: dict[Name, dict[str, Claim]] = {}
        self.dooms: dict[Name, Doom] = {}
        self.kept: str | None = None

    def claim(self, world_id: str, sha256: str, claim: Claim, retain_until: datetime) -> None:
        assert retain_until > claim.at
        self.rows.setdefault((world_id, sha256), {})[claim.key] = claim

    def is_doomed(self, world_id: str, sha256: str, now: datetime) -> bool:
        doom = self.dooms.get((world_id, sha256))
        return doom is not None and doom.until > now

    def claims(self, world_id: str, sha256: str) -> Sequence[Claim]:
        return list(self.rows.get((world_id, sha256), {}).values())

    def doom(self, world_id: str, sha256: str, owner: str, now: datetime, until: datetime) -> bool:
        standing = self.dooms.get((world_id, sha256))
        if standing is not None and standing.until > now and standing.owner != owner:
            return False
        self.dooms[world_id, sha256] = Doom(owner, until)
        return True

    def spare(self, world_id: str, sha256: str, owner: str) -> None:
        standing = self.dooms.get((world_id, sha256))
        if standing is not None and standing.owner == owner:
            del self.dooms[world_id, sha256]

    def withdraw(self, world_id: str, sha256: str, claim: Claim) -> None:
        rows = self.rows.get((world_id, sha256), {})
        if claim.key in rows and rows[claim.key].at == claim.at:
            del rows[claim.key]

    def place(self) -> str | None:
        return self.kept

    def keep_place(self, place: str | None) -> None:
        self.kept = place


@dataclass
class MemoryShelf:
    """The content of MemoryBlobs; a blob is old unless `stored_at` gives its time."""

    blobs: MemoryBlobs
    page: int = 2
    stored_at: dict[str, datetime] = field(default_factory=dict)

    def after(self, place: str | None) -> Sequence[ShelvedBlob]:
        refs = sorted(ref for ref in self.blobs.objects if place is None or ref > place)
        return [self._shelved(ref) for ref in refs[: self.page]]

    def place_of(self, blob: ShelvedBlob) -> str:
        return f"s3://{self.blobs.bucket}/risk-blobs/{blob.world_id}/{blob.sha256}"

    def remove(self, blob: ShelvedBlob) -> None:
        self.blobs.objects.pop(self.place_of(blob), None)

    def _shelved(self, ref: str) -> ShelvedBlob:
        world_id, sha256 = ref.split("/")[-2:]
        return ShelvedBlob(world_id, sha256, self.stored_at.get(ref, LONG_AGO))
