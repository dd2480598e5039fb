"""The mover under faults: run it again and again while snapshots arrive, then compare history with the tables."""

import threading
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from botocore.exceptions import HTTPClientError

from functions.history.adapters.dynamodb_ledger import DynamoDBLedger
from functions.history.adapters.dynamodb_segments import DynamoDBSegments
from functions.history.adapters.s3_segments import S3Segments
from functions.history.open_segment import read_segment
from functions.history.reconcile import Reconcile, ReconcileNote
from functions.history.segment import SegmentRow, digest_of
from functions.hub.domain.ordering import AFTER_ALL, BEFORE_ALL
from functions.hub.ports import DocumentError
from infra.local.aws import LocalAws
from infra.local.history_settings import HistorySettings
from infra.names import HOT_SECONDS, MOVE_SETTLE_SECONDS, physical_name, table_name

STAGE = "local"
MOVER = physical_name(STAGE, "snapshot_mover")
# The shortest window: the snapshots that the load sends late are outside it, and move as soon as they have settled.
SHORT_WINDOW = HistorySettings({HOT_SECONDS: "960", MOVE_SETTLE_SECONDS: "15"})
PAUSE_SECONDS = 1.0
COMPLETED, FAILED = "completed", "failed or killed"
RECONCILE_TIME = timedelta(minutes=10)


@dataclass(frozen=True)
class MovedCount:
    """Snapshots in history.

    Attributes:
        moved: snapshots of which the table holds the tombstone.
        segments: committed segments.
        runs: finished runs of the mover, by result.
        lost: tombstones whose snapshot is in no segment; must be empty.
        doubled: snapshots in two segments, or in a segment and whole in the table; must be empty.
        torn: segments that cannot be read, or hold other snapshots than their row says; must be empty.
        differences: what the reconciliation finds; must be empty.
        unanswered: moved snapshots that the hub does not answer; must be empty.
    """

    moved: int
    segments: int
    runs: dict[str, int]
    lost: list[str]
    doubled: list[str]
    torn: list[str]
    differences: list[str]
    unanswered: list[str]

    @property
    def wrong(self) -> list[str]:
        """Return everything that must be empty."""
        return [*self.lost, *self.doubled, *self.torn, *self.differences, *self.unanswered]


@dataclass
class Mover:
    """Invoke the mover until told to stop, one run at a time as its schedule does."""

    aws: LocalAws
    runs: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Start to invoke it."""
        self._client: Any = self.aws.client("lambda")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait for the run in progress."""
        self._stopped.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        client = self._client
        while not self._stopped.wait(PAUSE_SECONDS):
            try:
                answer = client.invoke(FunctionName=MOVER, Payload=b"{}")
            except client.exceptions.TooManyRequestsException:
                self.runs["waited for another run"] += 1
            except HTTPClientError:
                self.runs[FAILED] += 1
            else:
                self.runs[FAILED if "FunctionError" in answer else COMPLETED] += 1


@dataclass(frozen=True)
class HistoryObserver:
    """Read what the moves have left: the items of the table, and the rows and objects of segments."""

    aws: LocalAws
    bucket: str

    def due(self, items: list[dict[str, Any]], now: datetime) -> int:
        """Return how many snapshots the table holds that are outside the window."""
        start = now - timedelta(seconds=int(SHORT_WINDOW.given[HOT_SECONDS]))
        return sum(datetime.fromisoformat(i["time_order"]["S"].split("|")[0]) < start for i in whole(items))

    def count(
        self,
        items: list[dict[str, Any]],
        runs: dict[str, int],
        unanswered: Callable[[Collection[str]], list[str]],
    ) -> MovedCount:
        """Compare the committed items of the table with history."""
        rows = [
            row for world in sorted({item["world_id"]["S"] for item in items}) for row in self._rows(world)
        ]
        held, torn = Counter[str](), []
        for row in rows:
            versions = self._versions(row)
            torn += [] if versions is not None else [row.name]
            held.update(f"{row.world_id}/{version}" for version in versions or ())
        tombstones = {name(item) for item in items if "segment" in item}
        return MovedCount(
            moved=len(tombstones),
            segments=len(rows),
            runs=runs,
            lost=sorted(tombstones - held.keys()),
            doubled=sorted(
                {n for n, count in held.items() if count > 1} | held.keys() & set(map(name, whole(items)))
            ),
            torn=torn,
            differences=self._differences(items),
            unanswered=unanswered(sorted(tombstones)),
        )

    def _versions(self, row: SegmentRow) -> list[str] | None:
        """Return the versions in a segment; None if it is not what its row says."""
        first = row.first_order.rpartition("|")[2]
        try:
            snapshots = read_segment(self._objects, row.world_id, row.key, row.sha256, first)
        except DocumentError:
            return None
        whole_segment = (len(snapshots), digest_of(snapshots)) == (row.count, row.digest)
        return [each.version for each in snapshots] if whole_segment else None

    def _differences(self, items: list[dict[str, Any]]) -> list[str]:
        ledger = DynamoDBLedger(self.aws.client("dynamodb"), table_name(STAGE, "snapshots"))
        now = datetime.now(UTC)
        reconcile = Reconcile(ledger, self._index, self._objects, _NoNotes(), lambda: now)
        results = [
            (world, reconcile(world, now + RECONCILE_TIME))
            for world in sorted({item["world_id"]["S"] for item in items})
        ]
        unfinished = [f"{world}: a move is unfinished" for world, result in results if not result.finished]
        return unfinished + [
            f"{d.world_id} {d.day}: {d.detail}" for _, result in results for d in result.differences
        ]

    def _rows(self, world_id: str) -> list[SegmentRow]:
        return list(self._index.rows(world_id, BEFORE_ALL, AFTER_ALL, newest_first=False))

    @cached_property
    def _index(self) -> DynamoDBSegments:
        return DynamoDBSegments(self.aws.client("dynamodb"), table_name(STAGE, "segments"))

    @cached_property
    def _objects(self) -> S3Segments:
        return S3Segments(self.aws.client("s3"), self.bucket)


class _NoNotes:
    """Notes of a reconciliation that always begins at the first line."""

    def note(self, world_id: str) -> ReconcileNote:
        return ReconcileNote(world_id)

    def write(self, note: ReconcileNote) -> None:
        """Keep nothing."""


def whole(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the items that are not tombstones."""
    return [item for item in items if "segment" not in item]


def name(item: dict[str, Any]) -> str:
    """Return `world/version` of an item."""
    return f"{item['world_id']['S']}/{item['version']['S']}"
