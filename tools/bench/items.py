"""Sizes of real items."""

import math
import random

from functions.hub.adapters.snapshot_item import compress, to_item
from tests.fakes.clock import START
from tests.fakes.samples import stored

WRITE_UNIT_BYTES = 1024


def book_item_bytes(assets: int) -> int:
    """Return the size of the table item of a book with so many random weights, as DynamoDB counts it, in bytes."""
    rng = random.Random(5)
    raw = [rng.random() for _ in range(assets)]
    weights = {f"ASSET{i:04}": value / math.fsum(raw) for i, value in enumerate(raw)}
    snapshot = stored(weights=weights)
    body, size = compress(snapshot.document)
    item = to_item(snapshot.sized(size), {"body": {"B": body}}, START)
    return sum(len(name) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: dict[str, str | bytes]) -> int:
    ((kind, content),) = value.items()
    return len(content) // 2 + 2 if kind == "N" else len(content)


def write_units(item_bytes: int) -> int:
    """Return the write units of one put of an item, its indexes aside."""
    return math.ceil(item_bytes / WRITE_UNIT_BYTES)
