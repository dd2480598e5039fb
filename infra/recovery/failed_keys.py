"""Records behind a message of the relay's failure queue.

The queue holds two kinds of message: one that the relay sent names its record's keys; one that Lambda
sent after the last retry of a batch gives only the batch's arrival time. The table is read for both, so an
expired stream does not matter (F10).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from risk_hub_contracts.base.times import parse_instant

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A record is put some time after its own instant, and arrival times are approximate.
ARRIVAL_MARGIN: Final = timedelta(seconds=60)
REPORT_INSTANTS: Final = ("evaluated_at", "emitted_at")
EVALUATED_AT: Final = "evaluated_at"
REPORT_KEY: Final = "evaluation_id"
VERSION_KEY: Final = "version"


class UnknownMessageError(Exception):
    """A message of neither kind, which does not identify a record to announce."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One record: a snapshot's version, or a report's id, in a world."""

    world_id: str
    attribute: str
    value: str


def record_keys(body: str, dynamodb: "DynamoDBClient") -> list[Key]:
    """Return the keys of a message's records.

    Raises:
        UnknownMessageError: the message is of neither kind.
    """
    try:
        message = json.loads(body)
        if "DDBStreamBatchInfo" in message:
            return list(_records_arrived_in(message["DDBStreamBatchInfo"], dynamodb))
        return [_key(message["keys"])]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise UnknownMessageError(f"it does not name a record ({type(error).__name__}: {error})") from error


def _key(attributes: Mapping[str, Any]) -> Key:
    name = REPORT_KEY if REPORT_KEY in attributes else VERSION_KEY
    return Key(attributes["world_id"]["S"], name, attributes[name]["S"])


def _records_arrived_in(batch: Mapping[str, Any], dynamodb: "DynamoDBClient") -> Iterator[Key]:
    """Yield the records put at about the batch's arrival: its own and possibly neighbours."""
    first = parse_instant(batch["approximateArrivalOfFirstRecord"]) - ARRIVAL_MARGIN
    last = parse_instant(batch["approximateArrivalOfLastRecord"]) + ARRIVAL_MARGIN
    return keys_put_between(dynamodb, batch["streamArn"].split("/")[1], first, last)


def keys_put_between(
    dynamodb: "DynamoDBClient",
    table: str,
    first: datetime,
    last: datetime,
) -> Iterator[Key]:
    """Yield the keys of the table's records that were put in a period, both ends included."""
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True, **_scan(table)):
        for item in page["Items"]:
            put_at = _put_at(item)
            if put_at is not None and first <= put_at <= last:
                yield _key(item)


def _scan(table: str) -> dict[str, Any]:
    """Return the scan's parameters: the items' keys and the attribute that holds the instant."""
    is_report_table = table.endswith("evaluations")
    instants = (REPORT_KEY, "report", EVALUATED_AT) if is_report_table else (VERSION_KEY, "created_at")
    fetched = ["world_id", *instants]
    aliases = {f"#{number}": name for number, name in enumerate(fetched)}
    return {"ProjectionExpression": ", ".join(aliases), "ExpressionAttributeNames": aliases}


def _put_at(item: Mapping[str, Any]) -> datetime | None:
    """Return the approximate time of an item's put.

    A signal, and a report of release 1.0, states it only in its document. None: the item is not a valid record;
    the relay has set it aside in a message that names its keys.
    """
    try:
        stated = item.get("created_at") or item.get(EVALUATED_AT)
        if stated is not None:
            return parse_instant(stated["S"])
        report = json.loads(item["report"]["S"])
        return parse_instant(next(report[name] for name in REPORT_INSTANTS if name in report))
    except (KeyError, ValueError, StopIteration):
        return None
