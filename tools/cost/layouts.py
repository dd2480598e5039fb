"""Possible DynamoDB layouts of snapshots: the cost of a put and of a read of the latest in each (ADR-0003)."""

from collections.abc import Iterator
from dataclasses import dataclass

from tools.cost.calls import FULL_INDEXES, SMALL_INDEX_UNITS, read_units, write_units
from tools.cost.prices import PRICES

PARTITION_WRITE_UNITS_PER_SECOND = 1_000
COLLECTION_MAX_BYTES = 10 * 1024**3
SMALL_ROW_BYTES = 200
POINTER_UNITS = 1
TRANSACTION_FACTOR = 2
EVENTUAL_FACTOR = 0.5


@dataclass(frozen=True)
class Layout:
    """One layout for items of one size; units of one put, and of one read of the latest with its number of
    requests.
    """

    name: str
    put_units: int
    latest_units: float
    latest_requests: int
    lacks: str

    @property
    def put_dollars(self) -> float:
        """Return the cost of one put."""
        return self.put_units * PRICES.write_unit

    @property
    def latest_dollars(self) -> float:
        """Return the cost of one read."""
        return self.latest_units * PRICES.read_unit


def layouts(item_bytes: int) -> Iterator[Layout]:
    """Yield this layout and the rejected ones for items of a size."""
    put, read = write_units(item_bytes), read_units(item_bytes)
    yield Layout("this one", put * (1 + FULL_INDEXES) + SMALL_INDEX_UNITS, read, 1, "–")
    yield Layout(
        "pointer item, written in a transaction",
        TRANSACTION_FACTOR * (put + POINTER_UNITS),
        1 + read,
        2,
        "no lookup by `as_of`; conflicts in a hot world",
    )
    yield Layout(
        "keys-only indexes, then a get",
        put + 3 * SMALL_INDEX_UNITS,
        1 + read,
        2,
        "one additional request per read",
    )
    yield Layout(
        "global indexes",
        put * (1 + FULL_INDEXES) + SMALL_INDEX_UNITS,
        read * EVENTUAL_FACTOR,
        1,
        "latest may be stale",
    )


def posts_per_second(put_units: int) -> float:
    """Return how many puts a second one world accepts: its item collection is one partition."""
    return PARTITION_WRITE_UNITS_PER_SECOND / put_units


def snapshots_per_world(item_bytes: int) -> int:
    """Return how many snapshots fit into one world's item collection, indexes included."""
    return COLLECTION_MAX_BYTES // (item_bytes * (1 + FULL_INDEXES) + SMALL_ROW_BYTES)
