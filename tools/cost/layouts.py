"""Possible layouts of snapshots: the cost of a put and of a read of the latest in each (ADR-0054)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tools.cost.calls import EVENTUAL_FACTOR, Call, index_entries, item_bytes, read_units, write_units
from tools.cost.prices import PRICES

PARTITION_WRITE_UNITS_PER_SECOND = 1_000
COLLECTION_MAX_BYTES = 10 * 1024**3
# What DynamoDB adds to the stored size of an item, and of an entry of a local index.
OVERHEAD_BYTES = 100
# Name of the attribute that locates a body; its value is a digest of 32 bytes, or 64 characters.
BODY_NAME_BYTES = 4
POINTER_UNITS = 1
TRANSACTION_FACTOR = 2
# Partitions read for the latest snapshot of a world that is split by day: the newest one may hold none.
BUCKETS_ASKED = 2


@dataclass(frozen=True)
class SnapshotSize:
    """Stored bytes of one snapshot: its item without the body, its entries in the local indexes, its body."""

    attributes: int
    entries: tuple[int, ...]
    body: int
    body_in_bucket: bool

    @property
    def item(self) -> int:
        """Return the size of the item as stored."""
        return self.attributes if self.body_in_bucket else self.with_body

    @property
    def with_body(self) -> int:
        """Return the size of an item that holds the body."""
        return self.attributes + BODY_NAME_BYTES + self.body

    @property
    def collection_bytes(self) -> int:
        """Return the bytes that the snapshot takes of its world's item collection."""
        return sum(size + OVERHEAD_BYTES for size in (self.item, *self.entries))

    @property
    def forget_units(self) -> int:
        """Return the write units of replacing the item by its tombstone, which no index has."""
        return write_units(self.item) + sum(map(write_units, self.entries))


def snapshot_size(calls: list[Call]) -> SnapshotSize:
    """Return the sizes of the snapshot that a POST has put."""
    put = next(call for call in calls if call.item and "time_order" in call.item)
    item = put.item or {}
    body = {name: value for name, value in item.items() if name == "body"}
    entries = tuple(map(item_bytes, index_entries(item)))
    attributes = item_bytes(item) - item_bytes(body)
    if body:
        return SnapshotSize(attributes, entries, item_bytes(body) - BODY_NAME_BYTES, body_in_bucket=False)
    stored = max(call.object_bytes for call in calls if call.operation == "PutObject")
    return SnapshotSize(attributes, entries, stored, body_in_bucket=True)


@dataclass(frozen=True)
class Layout:
    """One layout for a snapshot of one size.

    Attributes:
        name: of the layout.
        put_units: write units of one put, indexes included.
        latest_units: read units of one read of the latest.
        latest_requests: requests of that read.
        lacks: its drawback.
        objects_put: objects that one put writes to S3.
        objects_read: objects that one read of the latest gets from S3.
        lists: listings of S3 of that read.
    """

    name: str
    put_units: int
    latest_units: float
    latest_requests: int
    lacks: str
    objects_put: int = 0
    objects_read: int = 0
    lists: int = 0

    @property
    def put_dollars(self) -> float:
        """Return the cost of one put."""
        return self.put_units * PRICES.write_unit + self.objects_put * PRICES.s3_put

    @property
    def latest_dollars(self) -> float:
        """Return the cost of one read."""
        objects = self.objects_read * PRICES.s3_get + self.lists * PRICES.s3_list
        return self.latest_units * PRICES.read_unit + objects


def layouts(size: SnapshotSize) -> Iterator[Layout]:
    """Yield this layout and the rejected ones for a snapshot of a size; only this one has bodies in the bucket."""
    whole, entries = write_units(size.with_body), sum(map(write_units, size.entries))
    entry_read, read = read_units(max(size.entries)), read_units(size.with_body)
    yield this_layout(size)
    yield Layout(
        "two indexes with whole items (until ADR-0054)", 3 * whole + 1, read, 1, "three copies of the body"
    )
    yield Layout("body always in the item", whole + entries, entry_read + read, 1, "large books")
    yield Layout("keys-only indexes, then a get", whole + entries, entry_read + read, 2, "a second request")
    yield Layout(
        "pointer item, written in a transaction",
        TRANSACTION_FACTOR * (whole + POINTER_UNITS),
        1 + read,
        2,
        "no lookup by `as_of`; conflicts in a hot world",
    )
    yield Layout(
        "a partition per world and day",
        whole + entries + POINTER_UNITS,
        BUCKETS_ASKED * entry_read + read,
        BUCKETS_ASKED,
        "a silent world asks day after day; a second item keeps versions unique",
    )
    yield Layout("global indexes", 3 * whole + 1, read * EVENTUAL_FACTOR, 1, "latest may be stale")
    yield Layout(
        "everything in S3, ordered by key",
        1,
        0,
        2,
        "no conditional order of events; 15 to 30 ms more for each read",
        objects_put=1,
        objects_read=1,
        lists=1,
    )


def this_layout(size: SnapshotSize) -> Layout:
    """Return the layout in use: entries below one unit, the body in the item up to ITEM_BODY_MAX_BYTES."""
    units = write_units(size.item) + sum(map(write_units, size.entries))
    objects = int(size.body_in_bucket)
    read = read_units(max(size.entries)) + read_units(size.item)
    return Layout("this one", units, read, 1 + objects, "–", objects_put=objects, objects_read=objects)


def break_even_bytes(size: SnapshotSize) -> int:
    """Return the size from which a body costs less in the bucket than in the item, writes only."""
    object_units = math.floor(PRICES.s3_put / PRICES.write_unit)
    return (write_units(size.attributes) + object_units) * 1024 - size.attributes - BODY_NAME_BYTES


def posts_per_second(put_units: int) -> float:
    """Return how many puts a second one world accepts: its item collection is one partition."""
    return PARTITION_WRITE_UNITS_PER_SECOND / put_units


def snapshots_per_world(size: SnapshotSize) -> int:
    """Return how many snapshots fit into one world's item collection, indexes included."""
    return COLLECTION_MAX_BYTES // size.collection_bytes
