"""The hub's ports to its dependencies, and the errors that they raise.

Every adapter and every fake of a port passes the same test suite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from events.envelope import CloudEvent
    from functions.hub.domain.evaluation import Record, ReportKind
    from functions.hub.domain.input_note import InputNote
    from functions.hub.domain.signal_query import SignalPage, SignalQuery
    from functions.hub.domain.snapshot_query import SnapshotQuery
    from functions.hub.domain.stored_snapshot import StoredSnapshot
    from risk_hub_contracts.blob import BlobKind
    from risk_hub_contracts.exit_policy import ExitPolicy
    from risk_hub_contracts.forecast import Forecast
    from risk_hub_contracts.refs import BlobRef
    from risk_hub_contracts.risk import RiskStatus
    from risk_hub_contracts.tokens import Token

Clock = Callable[[], datetime]
"""Returns the hub's own time, aware, in UTC."""


class Tally(Protocol):
    """Counts an evaluation by its status."""

    def __call__(self, event: CloudEvent, stage: str, status: RiskStatus) -> None:
        """Count an evaluation that `event` caused, of a snapshot of `stage`."""


def no_tally(event: CloudEvent, stage: str, status: RiskStatus) -> None:
    """Count nothing: the default where no metrics are wanted."""


class UnavailableError(Exception):
    """A dependency did not answer, throttled or timed out. No partial write was made; a retry may succeed."""

    def __init__(self, dependency: str, reason: str) -> None:
        super().__init__(f"{dependency} is unavailable: {reason}")
        self.dependency = dependency


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


@dataclass(frozen=True, slots=True)
class PutOutcome:
    """Result of a put: the snapshot now stored under the key, either the new one or an earlier one."""

    stored: StoredSnapshot
    created: bool


class SnapshotStore(Protocol):
    """The immutable snapshots.

    Every method may raise UnavailableError, and every method that returns snapshots DocumentError.
    """

    def put_once(self, snapshot: StoredSnapshot, retain_until: datetime) -> PutOutcome:
        """Store the snapshot if its (world, version) is free, else return the existing one (INV-01).

        It is one call to the store.
        """

    def get(self, world_id: str, version: str) -> StoredSnapshot | None:
        """Return one version, expired or not; strongly consistent."""

    def select(self, query: SnapshotQuery) -> Sequence[StoredSnapshot]:
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
    """Content-addressed blobs of the worlds. Every method may raise UnavailableError."""

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
    """Rows with expectation and head, one per world and stage. Every method may raise UnavailableError."""

    def advance_head(self, snapshot: StoredSnapshot) -> bool:
        """Move the head forward to the snapshot, never backwards; return whether it is now the head."""

    def heads(self, world_id: str) -> Sequence[Head | None]:
        """Return one entry per row of the world, None before an announcement; empty for an unknown world."""


class ExitPolicies(Protocol):
    """The exit policies that operators stored. May raise UnavailableError."""

    def exit_policy(self, world_id: str, stage: str) -> ExitPolicy | None:
        """Return the policy of one world and stage, None when none is stored; strongly consistent.

        Raises:
            ValueError: the stored policy is not valid; no other policy may replace it.
        """


class EvaluationStore(Protocol):
    """Append-only evaluation records. Every method may raise UnavailableError."""

    def put_once(self, evaluation: Record, retain_until: datetime) -> bool:
        """Store the record if its key is free (INV-05); return whether it was stored."""


@dataclass(frozen=True, slots=True)
class FoundReport:
    """A report as a JSON document, and whether its snapshot was past and evaluated on purpose."""

    document: dict[str, Any]
    history: bool


class Reports(Protocol):
    """The reports on snapshots. May raise UnavailableError."""

    def newest_report(
        self, kind: ReportKind, world_id: str, version: str, known_at: datetime | None = None
    ) -> FoundReport | None:
        """Return the report of the newest engine version on a snapshot, or None; strongly consistent.

        With `known_at` only reports that were evaluated by then count.
        """


class Signals(Protocol):
    """The exit signals in the order of their emission. May raise UnavailableError."""

    def signals(self, query: SignalQuery) -> SignalPage:
        """Return one page with one request; it may miss signals emitted within about the last second.

        A page of one stage may hold fewer signals than `limit` and still have a next page.
        """


class StoredEvaluations(Protocol):
    """The same records by their keys. May raise UnavailableError."""

    def get(self, world_id: str, evaluation_id: str) -> Record | None:
        """Return one record, or None; strongly consistent.

        Raises:
            ValueError, KeyError: the item under this key is not a record of this hub.
        """


class Forecasts(Protocol):
    """Forecasts and the returns known to them, in time order.

    Every method may raise UnavailableError, and `load` DocumentError.
    """

    def put_once(self, forecast: Forecast, retain_until: datetime) -> bool:
        """Store the forecast if its snapshot has none (INV-05); return whether it was stored."""

    def newest_ids(
        self, world_id: str, stage: str, start: datetime, end: datetime, *, limit: int
    ) -> Sequence[str]:
        """Return the `forecast_id` of each forecast with `start <= as_of <= end`, newest first.

        Strongly consistent. At most `limit`; fewer mean that there are no more.
        """

    def load(self, world_id: str, ids: Sequence[str]) -> Sequence[Forecast]:
        """Return the forecasts of these distinct ids, in their order; removed forecasts are left out."""


class InputNotes(Protocol):
    """Notes on the blobs of the worlds. Every method may raise UnavailableError."""

    def get(self, world_id: str, note_id: str) -> InputNote | None:
        """Return the note under a key, or None; strongly consistent."""

    def put_once(self, world_id: str, note_id: str, note: InputNote, retain_until: datetime) -> InputNote:
        """Store the note if its key is free; return the note that is then stored."""


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


class TokenStore(Protocol):
    """The live bearer tokens."""

    def tokens(self) -> Sequence[Token]:
        """Return the current list, at most a minute old; while the secret store is down, the last good list.

        Raises:
            UnavailableError: the secret store is down and no list has been read yet.
        """
