"""ReportStore on DynamoDB: append-only records, put once each.

Reports are compressed with the text of an earlier report, because most of it is the same in each:
one write unit instead of 13 (ADR-0054). Signals are short and stay text, so that an operator can read them.
"""

import functools
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from functions.evaluation.derived_record import (
    AnyDerivedRecord,
    ReportKind,
    engine_order,
    parse_record,
    report_prefix,
)
from functions.evaluation.ports import StoredReport
from functions.evaluation.signal_query import SignalPage, SignalQuery, signal_order
from functions.hub.adapters.aws import Item, dependency
from functions.hub.adapters.conditional import put_once
from functions.hub.adapters.snapshot_item import DOCUMENT_MAX_BYTES, hash_attribute
from functions.hub.ports import Dependency
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.reports.exit_signal import ExitSignal

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryOutputTypeDef

STORE = Dependency.REPORT_STORE
FLAGS = ("is_latest", "history", "replay")
BY_EMISSION = "by_emission"
DICTIONARY_FILE: Final = Path(__file__).with_name("report_dictionary.json")
COMPRESSION_LEVEL: Final = 19
ORIGIN_ATTRIBUTES = ("correlation_id", "causation_id", "trace_header")


def to_item(record: AnyDerivedRecord, retain_until: datetime) -> Item:
    """Return the table item of one record of any kind; the kind is part of its key."""
    texts = {
        "world_id": record.report.world_id,
        "evaluation_id": record.evaluation_id,
        **{name: getattr(record, name) for name in ORIGIN_ATTRIBUTES},
        **_index_attributes(record),
    }
    flags = {
        "is_latest": record.is_latest,
        "history": record.history or None,
        "replay": record.replay or None,
    }
    return {
        **{name: {"S": text} for name, text in texts.items() if text is not None},
        **{name: {"BOOL": flag} for name, flag in flags.items() if flag is not None},
        "retain_until": {"N": str(int(retain_until.timestamp()))},
        **_document_attributes(record),
    }


def _document_attributes(record: AnyDerivedRecord) -> Item:
    """Return the attributes that hold the document: the text of a signal, or a compressed report."""
    text = orjson.dumps(record.document())
    if isinstance(record.report, ExitSignal):
        return {"report": {"S": text.decode()}, "content_hash": {"S": record.report.content_hash}}
    compressor = zstd.ZstdCompressor(COMPRESSION_LEVEL, zstd_dict=_dictionary())
    return {
        "report": {"B": compressor.compress(text, mode=compressor.FLUSH_FRAME)},
        "content_hash": hash_attribute(record.report.content_hash),
    }


def stored_document(item: Item) -> dict[str, Any]:
    """Return the document of a report or signal; release 1.0 stored all of them as text."""
    stored = item["report"]
    if "S" in stored:
        text: Any = stored["S"]
    else:
        decompressor = zstd.ZstdDecompressor(zstd_dict=_dictionary())
        text = decompressor.decompress(stored["B"], DOCUMENT_MAX_BYTES)
    document: dict[str, Any] = orjson.loads(text)
    return document


@functools.cache
def _dictionary() -> zstd.ZstdDict:
    """Return the dictionary. Its file never changes, because stored reports need it."""
    return zstd.ZstdDict(DICTIONARY_FILE.read_bytes(), is_raw=True)


def _index_attributes(record: AnyDerivedRecord) -> dict[str, str]:
    """Return the attributes that place signals in the index of emission; reports are not in it."""
    if not isinstance(record.report, ExitSignal):
        return {}
    order = signal_order(record.report.emitted_at, record.evaluation_id)
    return {"signal_order": order, "stage": record.report.stage}


def from_item(item: Item) -> AnyDerivedRecord:
    """Return the record in a table item."""
    origin = {name: item[name]["S"] for name in ORIGIN_ATTRIBUTES if name in item}
    origin |= {name: item[name]["BOOL"] for name in FLAGS if name in item}
    return parse_record(item["evaluation_id"]["S"], stored_document(item), **origin)


@dataclass(frozen=True, slots=True)
class DynamoDBReports:
    """The `evaluations` table."""

    dynamodb: "DynamoDBClient"
    table: str

    def put_once(self, record: AnyDerivedRecord, retain_until: datetime) -> bool:
        """See ReportStore."""
        return put_once(self.dynamodb, self.table, STORE, to_item(record, retain_until)) is None

    def get(self, world_id: str, evaluation_id: str) -> AnyDerivedRecord | None:
        """See StoredRecords."""
        key = {"world_id": {"S": world_id}, "evaluation_id": {"S": evaluation_id}}
        with dependency(STORE):
            answer = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    def newest_report(
        self, kind: ReportKind, world_id: str, version: str, known_at: datetime | None = None
    ) -> StoredReport | None:
        """See Reports. One page suffices: engine versions are few. Text order is not version order."""
        values = {":world": world_id, ":prefix": report_prefix(kind, version)}
        with dependency(STORE):
            answer = self.dynamodb.query(
                TableName=self.table,
                KeyConditionExpression="world_id = :world AND begins_with(evaluation_id, :prefix)",
                ExpressionAttributeValues={name: {"S": text} for name, text in values.items()},
                ConsistentRead=True,
            )
        newest_first = sorted(answer["Items"], key=_engine_of, reverse=True)
        reports = map(_stored_report, newest_first)
        return next((report for report in reports if _is_known(report, known_at)), None)

    def signals(self, query: SignalQuery) -> SignalPage:
        """See Signals."""
        lower, upper = query.bounds()
        if lower > upper:
            return SignalPage([], None)
        with dependency(STORE):
            answer = self.dynamodb.query(TableName=self.table, **_emission_query(query, lower, upper))
        return _page(answer, query.limit)


def _engine_of(item: Item) -> tuple[list[int], bool]:
    return engine_order(item["evaluation_id"]["S"])


def _stored_report(item: Item) -> StoredReport:
    return StoredReport(stored_document(item), history=item.get("history", {}).get("BOOL", False))


def _is_known(report: StoredReport, known_at: datetime | None) -> bool:
    return known_at is None or report.document["evaluated_at"] <= format_instant(known_at)


def _emission_query(query: SignalQuery, lower: str, upper: str) -> dict[str, Any]:
    """Return the request for a page.

    DynamoDB applies a filter after the limit, so a filtered request has only DynamoDB's own page size as its
    bound.
    """
    values = {":world": query.world_id, ":lower": lower, ":upper": upper}
    filtered = {} if query.stage is None else {"FilterExpression": "stage = :stage"}
    if query.stage is not None:
        values[":stage"] = query.stage
    return {
        "IndexName": BY_EMISSION,
        "KeyConditionExpression": "world_id = :world AND signal_order BETWEEN :lower AND :upper",
        "ExpressionAttributeValues": {name: {"S": text} for name, text in values.items()},
        "ScanIndexForward": not query.newest_first,
        **(filtered or {"Limit": query.limit}),
    }


def _page(answer: "QueryOutputTypeDef", limit: int) -> SignalPage:
    """Return the first `limit` items, and the key after which there may be more."""
    items = answer["Items"]
    shown = items[:limit]
    last = shown[-1] if len(shown) < len(items) else answer.get("LastEvaluatedKey")
    return SignalPage(
        [stored_document(item) for item in shown],
        None if last is None else last["signal_order"]["S"],
    )
