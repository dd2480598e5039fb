"""One suite for every ExitJournal: a state and its signals are stored together, once per revision."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.announcing.stream_records import StreamRecordDecoder
from functions.evaluation.derived_record import DerivedRecord
from functions.evaluation.exit_state import ExitState, with_judged, with_signal
from functions.evaluation.exits.emit_exit_signals import SIGNALS_PER_WRITE_MAX_COUNT
from functions.evaluation.ports import ExitJournal, RefusedWrite, StateWrite
from functions.evaluation.store.dynamodb_exit_journal import DynamoDBExitJournal
from functions.hub.adapters.body_store import BodyStore
from functions.hub.ports import DependencyUnavailableError
from risk_hub_contracts.reports.exit_signal import ExitSignal
from tests.adapters.conftest import create_table
from tests.adapters.counting import Requests
from tests.fakes.clients import as_client
from tests.fakes.clock import START
from tests.fakes.stores import MemoryReports
from tools.event_samples.emitted import emitted

UNTIL = START + timedelta(days=30)
SAMPLE = ExitSignal.model_validate(emitted()["samples/exit_signal_emitted.json"]["data"])


@pytest.fixture(params=["memory", "dynamodb"])
def journal(request: pytest.FixtureRequest) -> Iterator[ExitJournal]:
    if request.param == "memory":
        yield MemoryReports()
        return
    with mock_aws():
        yield DynamoDBExitJournal(boto3.client("dynamodb"), create_table("evaluations"))


def record(rule: str = "r.reduce", **changed: Any) -> DerivedRecord[ExitSignal]:
    return DerivedRecord(SAMPLE.model_copy(update={"rule": rule, **changed}), "c-1", "e-1", is_latest=True)


def after(state: ExitState, *records: DerivedRecord[ExitSignal]) -> StateWrite:
    for each in records:
        state = with_signal(state, each.report, "risk", "o1")
    state = with_judged(state, "risk", "o1", SAMPLE.window)
    return StateWrite(SAMPLE.world_id, SAMPLE.stage, SAMPLE.strategy, state)


def read(journal: ExitJournal) -> ExitState:
    return journal.state(SAMPLE.world_id, SAMPLE.stage, SAMPLE.strategy)


def test_state_is_empty_at_first_and_read_as_it_was_committed(journal: ExitJournal) -> None:
    assert read(journal) == ExitState()
    written = after(ExitState(), record())
    assert journal.commit(written, [record()], UNTIL) is None
    assert read(journal) == written.state.model_copy(update={"revision": 1})
    assert journal.state(SAMPLE.world_id, "live", SAMPLE.strategy) == ExitState()


def test_commit_of_an_older_revision_is_refused_and_stores_nothing(journal: ExitJournal) -> None:
    first = after(ExitState(), record())
    assert journal.commit(first, [record()], UNTIL) is None
    before = read(journal)
    assert journal.commit(after(ExitState(), record("other")), [record("other")], UNTIL) == RefusedWrite()
    assert journal.commit(after(ExitState()), [], UNTIL) == RefusedWrite()
    assert read(journal) == before
    assert journal.commit(after(before, record("other")), [record("other")], UNTIL) is None


def test_signal_that_exists_refuses_the_commit_and_is_returned(journal: ExitJournal) -> None:
    assert journal.commit(after(ExitState(), record()), [record()], UNTIL) is None
    state = read(journal)
    refused = journal.commit(after(state, record()), [record("new"), record(detail="changed")], UNTIL)
    assert refused is not None
    assert list(refused.existing) == [record().report]
    assert read(journal) == state
    assert journal.commit(after(state, record("new")), [record("new")], UNTIL) is None


def test_further_signal_of_a_window_has_its_own_key(journal: ExitJournal) -> None:
    assert journal.commit(after(ExitState(), record()), [record()], UNTIL) is None
    second = record(sequence=2)
    assert journal.commit(after(read(journal), second), [second], UNTIL) is None
    assert record().evaluation_id == f"exit/paper/momentum/r.reduce/{SAMPLE.window}"
    assert second.evaluation_id == f"{record().evaluation_id}/2"


def test_greatest_number_of_signals_is_one_transaction(journal: ExitJournal) -> None:
    records = [record(f"r{number}") for number in range(SIGNALS_PER_WRITE_MAX_COUNT)]
    assert journal.commit(after(ExitState(), *records), records, UNTIL) is None
    assert len(read(journal).signals) == SIGNALS_PER_WRITE_MAX_COUNT


@pytest.fixture
def table() -> Iterator[DynamoDBExitJournal]:
    with mock_aws():
        yield DynamoDBExitJournal(boto3.client("dynamodb"), create_table("evaluations"))


def test_state_is_not_announced(table: DynamoDBExitJournal) -> None:
    table.commit(after(ExitState()), [], UNTIL)
    (item,) = table.dynamodb.scan(TableName="evaluations")["Items"]
    image = {"eventName": "INSERT", "dynamodb": {"NewImage": item}}
    assert StreamRecordDecoder(BodyStore(as_client(None), "")).commit(image) is None
    assert item["retain_until"] == {"N": str(int(UNTIL.timestamp()))}


@pytest.mark.parametrize(("signals", "operation"), [(0, "PutItem"), (2, "TransactWriteItems")])
def test_an_evaluation_costs_one_read_and_one_write(
    table: DynamoDBExitJournal, signals: int, operation: str
) -> None:
    requests = Requests()
    counted = replace(table, dynamodb=requests.watch(boto3.client("dynamodb")))
    records = [record(f"r{number}") for number in range(signals)]
    counted.commit(after(read(counted), *records), records, UNTIL)
    assert list(requests.operations) == ["GetItem", operation]


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_throttled_transaction_raises_unavailable_error(
    table: DynamoDBExitJournal, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def canceled(**_: Any) -> None:
        response: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": code}, {"Code": "None"}],
        }
        raise ClientError(response, "TransactWriteItems")

    monkeypatch.setattr(table.dynamodb, "transact_write_items", canceled)
    with pytest.raises(DependencyUnavailableError, match=code):
        table.commit(after(ExitState(), record()), [record()], UNTIL)


def test_transaction_that_meets_another_one_is_refused(
    table: DynamoDBExitJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def canceled(**_: Any) -> None:
        response: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
        }
        raise ClientError(response, "TransactWriteItems")

    monkeypatch.setattr(table.dynamodb, "transact_write_items", canceled)
    assert table.commit(after(ExitState(), record()), [record()], UNTIL) == RefusedWrite()
