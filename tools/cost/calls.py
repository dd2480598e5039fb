"""Every AWS call of a handler, with its billed units."""

import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import botocore.session

from infra.names import LOCAL_INDEXES, TABLE_KEYS
from tools.cost.prices import EVENT_CHUNK_BYTES, PRICES, READ_UNIT_BYTES, WRITE_UNIT_BYTES

Item = Mapping[str, Mapping[str, Any]]
EVENTUAL_FACTOR = 0.5
REQUEST_KEY = "cost_request"
"""Where a read's request waits for its answer, in the context that botocore gives to both hooks."""
SIZE_KEY = "cost_size_asked"
SMALL_WORLD_GIGABYTES = [0.0, 1.0]
TRANSACTION_FACTOR = 2
# The attributes of an item in the index of exit signals (ADR-0037).
EMISSION_INDEX = ("world_id", "evaluation_id", "signal_order", "report", "stage")


@dataclass(frozen=True)
class Call:
    """One call: its units, their cost in US dollars, the items or events that it wrote, the size of its object."""

    operation: str
    units: float
    dollars: float
    items: tuple[Item, ...] = ()
    events: tuple[dict[str, Any], ...] = ()
    object_bytes: int = 0

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
        return units + sum(write_units(item_bytes(entry)) for entry in index_entries(item))
    if "signal_order" not in item:
        return units
    return units + write_units(item_bytes(_copied(item, EMISSION_INDEX)))


def index_entries(item: Item) -> list[Item]:
    """Return the entries of a snapshot's item in the local indexes."""
    keys = TABLE_KEYS["snapshots"]
    return [_copied(item, (*keys, sort_key, *others)) for sort_key, others in LOCAL_INDEXES.values()]


def _copied(item: Item, names: Sequence[str]) -> Item:
    return {name: item[name] for name in names if name in item}


@dataclass
class Meter:
    """Hook into every botocore client created while it runs, and record the calls."""

    calls: list[Call] = field(default_factory=list)
    tells_collection_size: bool = False
    """Whether a put that asks for the size of its item collection is answered as DynamoDB does; moto omits it."""

    def take(self) -> list[Call]:
        """Return the calls since the last time."""
        taken, self.calls = self.calls, []
        return taken

    def before(self, model: Any, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        """Record a call that writes; the cost of a read is known from its request and its answer."""
        if model.name in REQUESTS:
            self.calls.append(REQUESTS[model.name](params))
        elif model.name in ANSWERS:
            context[REQUEST_KEY] = json.loads(params["body"])

    def after(self, model: Any, parsed: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        """Record a call that reads."""
        if model.name in ANSWERS:
            self.calls.append(ANSWERS[model.name](context[REQUEST_KEY], parsed))

    def note_size_request(self, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        """Note whether a put asks for the size of its item collection."""
        context[SIZE_KEY] = "ReturnItemCollectionMetrics" in json.loads(params["body"])

    def add_size(self, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        """Add the size of a small item collection to the answer of a put that asks for it."""
        if context[SIZE_KEY]:
            parsed["ItemCollectionMetrics"] = {"SizeEstimateRangeGB": SMALL_WORLD_GIGABYTES}


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


def _get_item(request: Mapping[str, Any], parsed: Mapping[str, Any]) -> Call:
    factor = 1 if request.get("ConsistentRead") else EVENTUAL_FACTOR
    return _read("GetItem", factor * read_units(item_bytes(parsed.get("Item", {}))))


def _batch_get_item(_: Mapping[str, Any], parsed: Mapping[str, Any]) -> Call:
    """Count each item by itself, as DynamoDB does."""
    found = [item for items in parsed.get("Responses", {}).values() for item in items]
    return _read("BatchGetItem", sum(read_units(item_bytes(item)) for item in found))


def _query(request: Mapping[str, Any], parsed: Mapping[str, Any]) -> Call:
    """Count the bytes of all items together; with a local index, its entries, and each fetched item by itself."""
    items = parsed.get("Items", [])
    if request.get("Select") != "ALL_ATTRIBUTES":
        return _read("Query", read_units(sum(map(item_bytes, items))))
    sort_key, others = LOCAL_INDEXES[request["IndexName"]]
    names = (*TABLE_KEYS["snapshots"], sort_key, *others)
    entries = read_units(sum(item_bytes(_copied(item, names)) for item in items))
    return _read("Query", entries + sum(read_units(item_bytes(item)) for item in items))


def _read(operation: str, units: float) -> Call:
    return Call(operation, units, units * PRICES.read_unit)


def _put_object(params: Mapping[str, Any]) -> Call:
    """Count an object, and measure it: botocore wraps bytes in a buffer if it computes a checksum."""
    body = params["body"]
    size = body.getbuffer().nbytes if isinstance(body, io.BytesIO) else len(body)
    return Call("PutObject", 1, PRICES.s3_put, object_bytes=size)


def _s3_read(operation: str) -> Callable[[Mapping[str, Any]], Call]:
    return lambda _: Call(operation, 1, PRICES.s3_get)


REQUESTS: Mapping[str, Callable[[Mapping[str, Any]], Call]] = {
    "PutItem": _put_item,
    "TransactWriteItems": _transact_write_items,
    "UpdateItem": _update_item,
    "PutEvents": _put_events,
    "PutObject": _put_object,
    "HeadObject": _s3_read("HeadObject"),
    "GetObject": _s3_read("GetObject"),
}
ANSWERS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Call]] = {
    "GetItem": _get_item,
    "BatchGetItem": _batch_get_item,
    "Query": _query,
}


@contextmanager
def metered(*, tells_collection_size: bool = False) -> Iterator[Meter]:
    """Meter all calls of this process while the block runs."""
    meter = Meter(tells_collection_size=tells_collection_size)
    original = botocore.session.Session.create_client

    def create_client(self: Any, *args: Any, **kwargs: Any) -> Any:
        client = original(self, *args, **kwargs)
        client.meta.events.register("before-call.*.*", meter.before)
        client.meta.events.register("after-call.*.*", meter.after)
        if meter.tells_collection_size:
            client.meta.events.register("before-call.dynamodb.PutItem", meter.note_size_request)
            client.meta.events.register("after-call.dynamodb.PutItem", meter.add_size)
        return client

    setattr(botocore.session.Session, "create_client", create_client)  # noqa: B010
    try:
        yield meter
    finally:
        setattr(botocore.session.Session, "create_client", original)  # noqa: B010
