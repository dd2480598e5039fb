"""One suite for the ledger and the notes of the reconciliation: in memory, and on DynamoDB."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws

from functions.history.adapters.dynamodb_hot_table import DynamoDBHotTable
from functions.history.adapters.dynamodb_ledger import DynamoDBLedger
from functions.history.adapters.dynamodb_reconcile_notes import DynamoDBReconcileNotes
from functions.history.adapters.dynamodb_segments import DynamoDBSegments
from functions.history.ports import HotTable, SegmentIndex
from functions.history.reconcile import Ledger, LedgerLine, ReconcileNote, ReconcileNotes, Tally
from functions.history.segment import DIGEST_MODULUS, SegmentRow, compress_lines, encode_line, segment_row
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
from functions.hub.domain.ordering import AFTER_ALL, BEFORE_ALL
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import SnapshotStore
from tests.adapters.conftest import create_table
from tests.fakes.clock import START
from tests.fakes.history import MemoryHotTable, MemorySegments
from tests.fakes.reconciling import MemoryLedger, MemoryReconcileNotes
from tests.fakes.samples import WORLD, stored

KEEP = START + timedelta(days=180)
PAGE_OVERFLOWING_COUNT = 5
MEGABYTE = "x" * 300_000


@dataclass
class Stores:
    snapshots: SnapshotStore
    table: HotTable
    ledger: Ledger
    notes: ReconcileNotes
    index: SegmentIndex

    def put(self, *versions: str, world_id: str = WORLD) -> list[SnapshotRecord]:
        made = [stored(version, world_id=world_id) for version in versions]
        return [self.snapshots.put_once(each, KEEP).stored for each in made]

    def move(self, *snapshots: SnapshotRecord) -> SegmentRow:
        row = segment_row(snapshots, compress_lines(map(encode_line, snapshots)), KEEP)
        assert all(self.table.forget(each, row) for each in snapshots)
        return row

    def lines(self, world_id: str = WORLD, after: str | None = None) -> list[LedgerLine]:
        return list(self.ledger.lines(world_id, after))


@pytest.fixture(params=["memory", "aws"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "memory":
        hot = MemoryHotTable()
        yield Stores(hot, hot, MemoryLedger(hot), MemoryReconcileNotes(), MemorySegments())
        return
    with mock_aws():
        client, s3 = boto3.client("dynamodb"), boto3.client("s3")
        s3.create_bucket(Bucket="blobs")
        create_table("snapshots")
        create_table("segments")
        bodies = BodyStore(s3, "blobs")
        yield Stores(
            DynamoDBSnapshots(client, "snapshots", bodies),
            DynamoDBHotTable(client, "snapshots", bodies),
            DynamoDBLedger(client, "snapshots"),
            DynamoDBReconcileNotes(client, "segments"),
            DynamoDBSegments(client, "segments"),
        )


def test_ledger_lists_stored_and_moved_snapshots_of_one_world_in_the_order_of_versions(
    stores: Stores,
) -> None:
    c, a, b = stores.put("c", "a", "b")
    stores.put("d", world_id="other")
    row = stores.move(a, c)
    assert stores.lines() == [
        LedgerLine("a", a.content_hash, row.name, KEEP),
        LedgerLine("b", b.content_hash, None, KEEP),
        LedgerLine("c", c.content_hash, row.name, KEEP),
    ]
    assert stores.lines("unknown") == []


def test_ledger_continues_after_a_version(stores: Stores) -> None:
    stores.put("a", "b", "c")
    assert [line.version for line in stores.lines(after="a")] == ["b", "c"]
    assert [line.version for line in stores.lines(after="aa")] == ["b", "c"]
    assert stores.lines(after="c") == []


def test_ledger_yields_the_lines_of_every_page(stores: Stores) -> None:
    """Many of DynamoDB's pages have 1 MB."""
    for number in range(PAGE_OVERFLOWING_COUNT):
        snapshot = stored(f"v{number}", tags={"noise": MEGABYTE[: 200_000 + number]})
        stores.snapshots.put_once(snapshot, KEEP)
    assert [line.version for line in stores.lines()] == [f"v{n}" for n in range(PAGE_OVERFLOWING_COUNT)]


def test_note_of_an_unknown_world_is_empty(stores: Stores) -> None:
    assert stores.notes.note(WORLD) == ReconcileNote(WORLD)


@pytest.mark.parametrize(
    "note",
    [
        ReconcileNote(WORLD, finished_at=START),
        ReconcileNote(WORLD, finished_at=START, checked="2026-01-05/some segment"),
        ReconcileNote(
            WORLD,
            after="v17",
            days={
                "2026-01-05": Tally(3, DIGEST_MODULUS - 1),
                "2026-01-06": Tally(2**40, 0, ending=True),
            },
        ),
    ],
)
def test_note_is_read_as_it_was_written_and_replaces_the_one_before(
    stores: Stores, note: ReconcileNote
) -> None:
    stores.notes.write(ReconcileNote(WORLD, after="first", days={"2025-01-01": Tally(1, 1)}))
    stores.notes.write(note)
    stores.notes.write(replace(note, world_id="other", checked="elsewhere"))
    assert stores.notes.note(WORLD) == note


def test_note_is_not_among_the_rows_or_plans_of_segments(stores: Stores) -> None:
    stores.notes.write(ReconcileNote(WORLD, finished_at=START))
    assert list(stores.index.rows(WORLD, BEFORE_ALL, AFTER_ALL, newest_first=False)) == []
    assert list(stores.index.rows_by_expiry(WORLD, None, None)) == []
    assert stores.index.plan(WORLD) is None
