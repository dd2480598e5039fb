"""The hub's ports to its dependencies, and the errors that they raise.

Every adapter and every fake of a port passes the same test suite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from functions.hub.domain.snapshot_query import SnapshotQuery
    from functions.hub.domain.snapshot_record import SnapshotRecord
    from risk_hub_contracts.base.tokens import Token
    from risk_hub_contracts.blob.refs import BlobRef
    from risk_hub_contracts.blob.types import BlobKind
    from risk_hub_contracts.policies.exit_policy import ExitPolicy

Clock = Callable[[], datetime]
"""Returns the hub's own time, aware, in UTC."""


class Dependency(StrEnum):
    """Dependencies of the functions, as error texts name them."""

    ANCHOR_STORE = "the store of anchors"
    BLOB_MARK_STORE = "the store of blob marks"
    BLOB_STORE = "the blob store"
    EVENT_BUS = "the event bus"
    FAILURE_QUEUE = "the relay's failure queue"
    HISTORY = "the table of history's segments"
    POLICY_STORE = "the policy store"
    QUEUES = "the queues"
    REPORT_STORE = "the report store"
    RUN_STORE = "the run store"
    SNAPSHOT_STORE = "the snapshot store"
    TOKEN_STORE = "the token store"  # noqa: S105 - a name
    WORLD_STORE = "the world store"


class DependencyUnavailableError(Exception):
    """A dependency did not answer, throttled or timed out. No partial write was made; a retry may succeed."""

    def __init__(self, dependency: Dependency, reason: str) -> None:
        super().__init__(f"{dependency} is unavailable: {reason}")
        self.dependency = dependency


class WorldFullError(Exception):
    """The store accepts no further item of a world until an operator frees space. Nothing was written.

    A retry fails in the same way; reads, and writes of other worlds, still succeed.
    """

    def __init__(self, dependency: Dependency, world_id: str) -> None:
        super().__init__(f"world {world_id!r} is full: {dependency} accepts no further item of it")
        self.dependency = dependency
        self.world_id = world_id


class BlobError(Exception):
    """A blob is missing, unreadable or differs from its reference; no number is computed on it (INV-06)."""

    def __init__(self, ref: BlobRef, reason: str) -> None:
        super().__init__(f"{ref.ref}: {reason}")
        self.ref = ref
        self.reason = reason


class DocumentError(Exception):
    """The document of a stored record is missing, unreadable or damaged; nothing of it is used (INV-06).

    Attributes:
        world_id: the record's world.
        version: the snapshot's version, or the version that the forecast belongs to.
        reason: what is wrong, with the object that holds the document.
    """

    def __init__(self, world_id: str, version: str, reason: str) -> None:
        super().__init__(f"version {version!r} of world {world_id!r}: {reason}")
        self.world_id = world_id
        self.version = version
        self.reason = reason


class SnapshotMovedError(Exception):
    """The table holds only the tombstone of this snapshot: history holds the snapshot (ADR-0055).

    Attributes:
        content_hash: the snapshot's content hash.
        segment: the name of the segment that holds it.
        sha256: the digest of the segment's object.
    """

    def __init__(self, world_id: str, version: str, content_hash: str, segment: str, sha256: str) -> None:
        super().__init__(
            f"version {version!r} of world {world_id!r} was moved to history; this function reads only the table"
        )
        self.world_id = world_id
        self.version = version
        self.content_hash = content_hash
        self.segment = segment
        self.sha256 = sha256


@dataclass(frozen=True, slots=True)
class PutOutcome:
    """Result of a put: the snapshot now stored under the key, either the new one or an earlier one.

    Attributes:
        stored: the snapshot under the key.
        created: whether this put stored it.
        world_gigabytes: the greatest size that the world's items in the store may have after this put, in GB; None if
            the store gave no estimate.
    """

    stored: SnapshotRecord
    created: bool
    world_gigabytes: float | None = None


class SnapshotStore(Protocol):
    """The immutable snapshots.

    Every method may raise DependencyUnavailableError, and every method that returns snapshots DocumentError.
    """

    def put_once(self, snapshot: SnapshotRecord, retain_until: datetime) -> PutOutcome:
        """Store the snapshot if its (world, version) is free, else return the existing one (INV-01).

        It is one call to the store.

        Raises:
            WorldFullError: the store has no space for a further snapshot of this world.
        """

    def get(self, world_id: str, version: str) -> SnapshotRecord | None:
        """Return one version, expired or not; strongly consistent."""

    def select(self, query: SnapshotQuery) -> Sequence[SnapshotRecord]:
        """Return at most `query.limit` snapshots that match, in the query's order; strongly consistent."""

    def last_expiry(self, world_id: str, known_at: datetime | None = None) -> datetime | None:
        """Return the latest `expires_at` of the world's snapshots, past or future; None without a snapshot.

        With `known_at`, only snapshots known by then count, so that the answer about a past moment never
        changes; strongly consistent.
        """


@dataclass(frozen=True, slots=True)
class BlobStat:
    """Size, digest and kind of a blob, known without reading it."""

    sha256: str | None
    size_bytes: int
    kind: str | None


@dataclass(frozen=True, slots=True)
class BlobHead:
    """The beginning of a stored blob, read without the rest.

    Attributes:
        size_bytes: the size of the whole blob.
        kind: the kind it was stored as; None for an object that this hub did not store.
        sha256: the digest if it is known without reading the whole blob, else None.
        data: the first bytes, at least to the end of the first line unless that exceeds the requested size.
    """

    size_bytes: int
    kind: str | None
    sha256: str | None
    data: bytes


class BlobStore(Protocol):
    """Content-addressed blobs of the worlds. Every method may raise DependencyUnavailableError."""

    @property
    def bucket(self) -> str:
        """Return the name of the bucket that references must name."""

    def put(self, world_id: str, kind: BlobKind, sha256: str, data: bytes) -> BlobRef:
        """Store the blob under its digest; leave an existing blob unchanged."""

    def stat(self, ref: BlobRef) -> BlobStat | None:
        """Return the blob's size, digest and kind, or None when it does not exist."""

    def head(self, ref: BlobRef, max_bytes: int) -> BlobHead | None:
        """Return the beginning of the blob, at most `max_bytes` of it, or None when the blob is missing.

        Raises:
            BlobError: the blob is stored but cannot be read.
        """

    def load(self, ref: BlobRef) -> bytes:
        """Return the blob's bytes, verified.

        Raises:
            BlobError: the blob is missing or cannot be read, or its digest differs (INV-06).
        """

    def download_url(self, ref: BlobRef) -> str:
        """Return a short-lived URL from which the reader can fetch the blob."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest announced snapshot of one world and stage."""

    world_id: str
    stage: str
    order: str


class WorldStore(Protocol):
    """Rows with expectation and head, one per world and stage. Every method may raise DependencyUnavailableError."""

    def advance_head(self, snapshot: SnapshotRecord) -> bool:
        """Move the head forward to the snapshot, never backwards; return whether it is now the head."""

    def heads(self, world_id: str) -> Sequence[Head | None]:
        """Return one entry per row of the world, None before an announcement; empty for an unknown world."""


class ExitPolicies(Protocol):
    """The exit policies that operators stored. May raise DependencyUnavailableError."""

    def exit_policy(self, world_id: str, stage: str) -> ExitPolicy | None:
        """Return the policy of one world and stage, None when none is stored; strongly consistent.

        Raises:
            ValueError: the stored policy is not valid; no other policy may replace it.
        """


class TokenStore(Protocol):
    """The live bearer tokens."""

    def tokens(self) -> Sequence[Token]:
        """Return the current list, at most a minute old; while the secret store is down, the last good list.

        Raises:
            DependencyUnavailableError: the secret store is down and no list has been read yet.
        """
