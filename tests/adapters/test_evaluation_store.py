"""One suite for every ReportStore, and for its items on the stream."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import orjson
import pytest
from moto import mock_aws

from functions.announcing.stream_records import StreamRecordDecoder
from functions.evaluation.derived_record import MODELS, AnyDerivedRecord, DerivedRecord, Kind, ReportKind
from functions.evaluation.ports import Reports, ReportStore, Signals
from functions.evaluation.signal_query import SignalPage, SignalQuery
from functions.evaluation.store.dynamodb_reports import (
    DICTIONARY_FILE,
    DynamoDBReports,
    from_item,
    stored_document,
    to_item,
)
from functions.hub.adapters.body_store import BodyStore
from risk_hub_contracts.base.times import format_instant, parse_instant
from tests.adapters.conftest import create_table
from tests.fakes.clients import as_client
from tests.fakes.clock import START
from tests.fakes.stores import MemoryReports
from tools.event_samples.emitted import emitted, evaluation_record

UNTIL = START + timedelta(days=30)
EVENT_OF: dict[Kind, str] = {
    "risk": "risk_evaluated",
    "stress": "stress_evaluated",
    "exit": "exit_signal_emitted",
}
EMITTED = emitted()


@pytest.fixture(params=["memory", "dynamodb"])
def evaluations(request: pytest.FixtureRequest) -> Iterator[MemoryReports | DynamoDBReports]:
    if request.param == "memory":
        yield MemoryReports()
        return
    with mock_aws():
        yield DynamoDBReports(boto3.client("dynamodb"), create_table("evaluations"))


def record(kind: Kind, **changed: Any) -> AnyDerivedRecord:
    data = {**EMITTED[f"samples/{EVENT_OF[kind]}.json"]["data"], **changed}
    return DerivedRecord(MODELS[kind].model_validate(data), "c-1", "e-1", "Root=1")


@pytest.mark.parametrize("kind", EVENT_OF)
def test_inv_05_a_record_of_any_kind_is_stored_once(evaluations: ReportStore, kind: Kind) -> None:
    assert evaluations.put_once(record(kind), UNTIL)
    assert not evaluations.put_once(record(kind, actor="another"), UNTIL)


@pytest.mark.parametrize("kind", ["risk", "stress"])
def test_report_is_stored_compressed_and_a_signal_as_text(kind: ReportKind) -> None:
    item = to_item(record(kind), UNTIL)
    assert len(item["report"]["B"]) < len(orjson.dumps(record(kind).document())) / 2
    assert from_item(item) == record(kind)
    signal_item = to_item(record("exit"), UNTIL)
    assert orjson.loads(signal_item["report"]["S"]) == record("exit").document()
    assert from_item(signal_item) == record("exit")


@pytest.mark.parametrize("kind", EVENT_OF)
def test_record_with_its_document_as_text_is_read_as_release_1_0_stored_it(kind: Kind) -> None:
    text = orjson.dumps(record(kind).document()).decode()
    assert from_item({**to_item(record(kind), UNTIL), "report": {"S": text}}) == record(kind)


@pytest.mark.parametrize("kind", ["risk", "stress"])
def test_report_item_holds_the_instant_in_its_document_only_and_is_read_with_the_former_copy(
    kind: Kind,
) -> None:
    stored = record(kind)
    item = to_item(stored, UNTIL)
    assert "evaluated_at" not in item
    assert stored_document(item)["evaluated_at"] == stored.document()["evaluated_at"]
    assert from_item({**item, "evaluated_at": {"S": stored.document()["evaluated_at"]}}) == stored


def test_dictionary_of_stored_reports_never_changes() -> None:
    assert (
        hashlib.sha256(DICTIONARY_FILE.read_bytes()).hexdigest()
        == "6f73ac2a9f618f46dbe4cff491c5a941d3117c966a829898f82f61d82076ef05"
    )


def test_records_of_different_kinds_and_rules_are_stored_separately(evaluations: ReportStore) -> None:
    different = [*(record(kind) for kind in EVENT_OF), record("exit", rule="drain.asset.a/b")]
    assert all(evaluations.put_once(each, UNTIL) for each in different)


def newest(evaluations: Reports, kind: ReportKind, known_at: datetime | None = None) -> dict[str, Any] | None:
    report = record(kind).report
    found = evaluations.newest_report(kind, report.world_id, report.version, known_at)
    return None if found is None else found.document


@pytest.mark.parametrize("kind", ["risk", "stress"])
def test_newest_report_of_a_kind_comes_from_the_newest_engine(
    evaluations: MemoryReports | DynamoDBReports, kind: ReportKind
) -> None:
    others = (record("stress"), record("exit"), record("risk"))
    for each in (*others, record(kind, engine_version="9.1.0")):
        evaluations.put_once(each, UNTIL)
    assert newest(evaluations, kind) == record(kind, engine_version="9.1.0").document()


@pytest.mark.parametrize(
    ("engines", "wanted"),
    [
        (["2.0.0", "10.0.0", "9.0.0"], "10.0.0"),
        (["2.9.0", "2.10.0", "2.10.0-beta"], "2.10.0"),
        (["1.0.10", "1.0.9"], "1.0.10"),
    ],
)
def test_engine_versions_are_compared_numerically(
    evaluations: MemoryReports | DynamoDBReports, engines: list[str], wanted: str
) -> None:
    for engine in engines:
        evaluations.put_once(record("risk", engine_version=engine), UNTIL)
    found = newest(evaluations, "risk")
    assert found is not None
    assert found["engine_version"] == wanted


def test_known_at_hides_reports_evaluated_later(
    evaluations: MemoryReports | DynamoDBReports,
) -> None:
    first = record("risk", engine_version="2.0.0", evaluated_at=format_instant(START))
    second = record("risk", engine_version="3.0.0", evaluated_at=format_instant(START + timedelta(days=1)))
    for each in (first, second):
        evaluations.put_once(each, UNTIL)
    assert newest(evaluations, "risk", START - timedelta(microseconds=1)) is None
    assert newest(evaluations, "risk", START) == first.document()
    assert newest(evaluations, "risk", START + timedelta(days=1)) == second.document()
    assert newest(evaluations, "risk") == second.document()


@pytest.mark.parametrize("unknown", [("us2", "v9"), ("us3", "rebalance-2026-01-05T11:59:58Z")])
def test_unknown_world_or_version_has_no_report(
    evaluations: MemoryReports | DynamoDBReports, unknown: tuple[str, str]
) -> None:
    for kind in EVENT_OF:
        evaluations.put_once(record(kind), UNTIL)
    assert evaluations.newest_report("risk", *unknown) is None
    assert evaluations.newest_report("stress", *unknown) is None


def signal(minute: int, rule: str = "r", stage: str = "paper", world_id: str = "w1") -> AnyDerivedRecord:
    emitted_at = START + timedelta(minutes=minute)
    window = format_instant(emitted_at)
    reported = {"rule": rule, "stage": stage, "world_id": world_id, "window": window}
    return record("exit", emitted_at=format_instant(emitted_at), **reported)


def minutes(page: SignalPage) -> list[int]:
    return [int((parse_instant(each["emitted_at"]) - START).total_seconds() // 60) for each in page.signals]


def filled(
    evaluations: MemoryReports | DynamoDBReports,
) -> MemoryReports | DynamoDBReports:
    """Return the store with four signals of the world, one of another world, and reports."""
    for each in (signal(2), signal(0), signal(1, stage="live"), signal(3), signal(2, world_id="w2")):
        evaluations.put_once(each, UNTIL)
    for kind in ("risk", "stress"):
        evaluations.put_once(record(kind, world_id="w1"), UNTIL)
    return evaluations


def test_exit_signals_of_a_world_are_listed_by_emission_time(
    evaluations: MemoryReports | DynamoDBReports,
) -> None:
    signals: Signals = filled(evaluations)
    assert minutes(signals.signals(SignalQuery("w1", limit=9))) == [3, 2, 1, 0]
    assert minutes(signals.signals(SignalQuery("w1", newest_first=False, limit=9))) == [0, 1, 2, 3]
    assert minutes(signals.signals(SignalQuery("w1", stage="live", limit=9))) == [1]
    assert minutes(signals.signals(SignalQuery("nowhere", limit=9))) == []


def test_emission_time_bounds_are_inclusive(
    evaluations: MemoryReports | DynamoDBReports,
) -> None:
    signals: Signals = filled(evaluations)
    start, end = START + timedelta(minutes=1), START + timedelta(minutes=2)
    found = signals.signals(SignalQuery("w1", emitted_from=start, emitted_to=end, limit=9))
    assert minutes(found) == [2, 1]
    assert signals.signals(SignalQuery("w1", emitted_from=end, emitted_to=start)).signals == []


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("only_stage", [None, "paper"])
def test_pages_of_signals_cover_the_list_once(
    evaluations: MemoryReports | DynamoDBReports, only_stage: str | None, *, newest_first: bool
) -> None:
    signals: Signals = filled(evaluations)
    query = SignalQuery("w1", stage=only_stage, newest_first=newest_first, limit=2)
    whole = minutes(signals.signals(replace(query, limit=9)))
    found, page = [], signals.signals(query)
    found += minutes(page)
    while page.last is not None:
        page = signals.signals(replace(query, after=page.last))
        found += minutes(page)
    assert found == whole


def test_signals_emitted_at_the_same_instant_are_paged_without_loss(
    evaluations: MemoryReports | DynamoDBReports,
) -> None:
    for rule in ("a", "b", "c"):
        evaluations.put_once(signal(0, rule), UNTIL)
    first = evaluations.signals(SignalQuery("w1", limit=2))
    second = evaluations.signals(SignalQuery("w1", limit=2, after=first.last))
    rules = [each["rule"] for each in (*first.signals, *second.signals)]
    assert sorted(rules) == ["a", "b", "c"]


@pytest.mark.parametrize("kind", EVENT_OF)
def test_stored_record_is_returned_by_its_key(
    evaluations: MemoryReports | DynamoDBReports, kind: Kind
) -> None:
    given = record(kind)
    evaluations.put_once(given, UNTIL)
    assert evaluations.get(given.report.world_id, given.evaluation_id) == given
    assert evaluations.get(given.report.world_id, given.evaluation_id + "0") is None


@pytest.mark.parametrize("kind", ["risk", "stress"])
def test_report_stored_as_history_is_returned_as_history(
    evaluations: MemoryReports | DynamoDBReports, kind: ReportKind
) -> None:
    current, past = record(kind, version="v1"), replace(record(kind, version="v2"), history=True)
    for each in (current, past):
        evaluations.put_once(each, UNTIL)
    world_id = current.report.world_id
    found = [evaluations.newest_report(kind, world_id, version) for version in ("v1", "v2")]
    assert [each and each.history for each in found] == [False, True]


@pytest.mark.parametrize("history", [True, False])
@pytest.mark.parametrize("is_latest", [True, False, None])
def test_table_and_stream_preserve_is_latest_and_history_flags(
    evaluations: MemoryReports | DynamoDBReports, *, is_latest: bool | None, history: bool
) -> None:
    given = replace(record("risk"), is_latest=is_latest, history=history)
    evaluations.put_once(given, UNTIL)
    assert evaluations.get(given.report.world_id, given.evaluation_id) == given
    assert StreamRecordDecoder(BodyStore(as_client(None), "")).commit(evaluation_record(given)) == given


@pytest.mark.parametrize("kind", EVENT_OF)
def test_stream_record_decodes_to_the_stored_record(kind: Kind) -> None:
    stored = record(kind)
    assert StreamRecordDecoder(BodyStore(as_client(None), "")).commit(evaluation_record(stored)) == stored


@pytest.mark.parametrize("key", ["opinion/v1/1.0.0", "", "riskv1"])
def test_item_of_unknown_kind_raises_value_error(key: str) -> None:
    bad = evaluation_record(record("risk"))
    bad["dynamodb"]["NewImage"]["evaluation_id"] = {"S": key}
    with pytest.raises(ValueError, match="has an unknown kind"):
        StreamRecordDecoder(BodyStore(as_client(None), "")).commit(bad)


def test_longest_names_fit_into_the_dynamodb_key_limit() -> None:
    longest = {
        "strategy": "s" * 128,
        "stage": "s" * 32,
        "rule": "drain.asset." + "\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 128,
    }
    with mock_aws():
        store = DynamoDBReports(boto3.client("dynamodb"), create_table("evaluations"))
        assert store.put_once(record("exit", **longest), UNTIL)
    assert len(record("exit", **longest).evaluation_id.encode()) <= 1_024
