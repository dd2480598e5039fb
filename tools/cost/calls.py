"""Every AWS call of a handler, with its billed units."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import botocore.session

from tools.cost.prices import EVENT_CHUNK_BYTES, PRICES, READ_UNIT_BYTES, WRITE_UNIT_BYTES

Item = Mapping[str, Mapping[str, Any]]
# Of the local indexes of `snapshots`, two hold whole items and one a few attributes: one unit (ADR-0003).
FULL_INDEXES = 2
SMALL_INDEX_UNITS = 1
TRANSACTION_FACTOR = 2
# The attributes of an item in the index of exit signals (ADR-0037).
EMISSION_INDEX = ("world_id", "evaluation_id", "signal_order", "report", "stage")


@dataclass(frozen=True)
class Call:
    """One call: its units, their cost in US dollars, and the items or events that it wrote."""

    operation: str
    units: int
    dollars: float
    items: tuple[Item, ...] = ()
    events: tuple[dict[str, Any], ...] = ()

    @property
    def item(self) -> Item | None:
        """The item of a put, None for other calls."""
        return self.items[0] if len(self.items) == 1 else None


def item_bytes(item: Item) -> int:
    """Return an item's size as DynamoDB counts it: names in UTF-8, binaries as bytes, numbers at two digits a byte."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "BOOL":
        return 1
    if kind == "N":
        return len(content) // 2 + 2
    return len(content) * 3 // 4 if kind == "B" else len(content.encode())


def write_units(size_bytes: int) -> int:
    """Return the units of one write of one copy."""
    return max(1, math.ceil(size_bytes / WRITE_UNIT_BYTES))


def read_units(size_bytes: int) -> int:
    """Return the units of one strongly consistent read."""
    return max(1, math.ceil(size_bytes / READ_UNIT_BYTES))


def put_units(table: str, item: Item) -> int:
    """Return the units of a put with all its copies in indexes."""
    units = write_units(item_bytes(item))
    if table == "snapshots":
        return units * (1 + FULL_INDEXES) + SMALL_INDEX_UNITS
    if "signal_order" not in item:
        return units
    copied = {name: item[name] for name in EMISSION_INDEX if name in item}
    return units + write_units(item_bytes(copied))


@dataclass
class Meter:
    """Hook into every botocore client created while it runs, and record the calls."""

    calls: list[Call] = field(default_factory=list)

    def take(self) -> list[Call]:
        """Return the calls since the last time."""
        taken, self.calls = self.calls, []
        return taken

    def before(self, model: Any, params: Mapping[str, Any], **_: Any) -> None:
        """Record a call that writes; the cost of a read is known from its answer."""
        if model.name in REQUESTS:
            self.calls.append(REQUESTS[model.name](params))

    def after(self, model: Any, parsed: Mapping[str, Any], **_: Any) -> None:
        """Record a call that reads."""
        if model.name in ANSWERS:
            self.calls.append(ANSWERS[model.name](parsed))


def _put_item(params: Mapping[str, Any]) -> Call:
    request = json.loads(params["body"])
    units = put_units(request["TableName"], request["Item"])
    return Call("PutItem", units, units * PRICES.write_unit, (request["Item"],))


def _transact_write_items(params: Mapping[str, Any]) -> Call:
    """Count twice the units of the puts: a transaction prepares each one before it commits."""
    puts = [each["Put"] for each in json.loads(params["body"])["TransactItems"]]
    units = TRANSACTION_FACTOR * sum(put_units(put["TableName"], put["Item"]) for put in puts)
    items = tuple(put["Item"] for put in puts)
    return Call("TransactWriteItems", units, units * PRICES.write_unit, items)


def _update_item(_: Mapping[str, Any]) -> Call:
    """Count one unit: a world's row is far below 1 KiB."""
    return Call("UpdateItem", 1, PRICES.write_unit)


def _put_events(params: Mapping[str, Any]) -> Call:
    entries = json.loads(params["body"])["Entries"]
    chunks = sum(
        math.ceil(sum(len(value.encode()) for value in each.values()) / EVENT_CHUNK_BYTES) for each in entries
    )
    return Call("PutEvents", chunks, chunks * PRICES.event_chunk, events=tuple(entries))


def _read(operation: str, items: list[Item]) -> Call:
    units = read_units(sum(map(item_bytes, items)))
    return Call(operation, units, units * PRICES.read_unit)


def _s3(operation: str, price: float) -> Callable[[Mapping[str, Any]], Call]:
    return lambda _: Call(operation, 1, price)


REQUESTS: Mapping[str, Callable[[Mapping[str, Any]], Call]] = {
    "PutItem": _put_item,
    "TransactWriteItems": _transact_write_items,
    "UpdateItem": _update_item,
    "PutEvents": _put_events,
    "PutObject": _s3("PutObject", PRICES.s3_put),
    "HeadObject": _s3("HeadObject", PRICES.s3_get),
    "GetObject": _s3("GetObject", PRICES.s3_get),
}
ANSWERS: Mapping[str, Callable[[Mapping[str, Any]], Call]] = {
    "GetItem": lambda parsed: _read("GetItem", [parsed["Item"]] if "Item" in parsed else []),
    "Query": lambda parsed: _read("Query", parsed.get("Items", [])),
}


@contextmanager
def metered() -> Iterator[Meter]:
    """Meter all calls of this process while the block runs."""
    meter, original = Meter(), botocore.session.Session.create_client

    def create_client(self: Any, *args: Any, **kwargs: Any) -> Any:
        client = original(self, *args, **kwargs)
        client.meta.events.register("before-call.*.*", meter.before)
        client.meta.events.register("after-call.*.*", meter.after)
        return client

    setattr(botocore.session.Session, "create_client", create_client)  # noqa: B010
    try:
        yield meter
    finally:
        setattr(botocore.session.Session, "create_client", original)  # noqa: B010
