"""One suite for every EvaluationStore, and for what its items become on the stream."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_evaluations import DynamoDBEvaluations
from functions.hub.adapters.stream_records import StreamRecords
from functions.hub.domain.evaluation import MODELS, Evaluation, Kind, Record
from functions.hub.ports import EvaluationStore
from tests.adapters.conftest import create_table
from tests.events.emitted import emitted, evaluation_record
from tests.fakes.clock import START
from tests.fakes.stores import MemoryEvaluations

UNTIL = START + timedelta(days=30)
EVENT_OF: dict[Kind, str] = {
    "risk": "risk_evaluated",
    "stress": "stress_evaluated",
    "exit": "exit_signal_emitted",
}
EMITTED = emitted()


@pytest.fixture(params=["memory", "dynamodb"])
def evaluations(request: pytest.FixtureRequest) -> Iterator[MemoryEvaluations | DynamoDBEvaluations]:
    if request.param == "memory":
        yield MemoryEvaluations()
        return
    with mock_aws():
        yield DynamoDBEvaluations(boto3.client("dynamodb"), create_table("evaluations"))


def record(kind: Kind, **changed: Any) -> Record:
    data = {**EMITTED[f"samples/{EVENT_OF[kind]}.json"]["data"], **changed}
    return Evaluation(MODELS[kind].model_validate(data), "c-1", "e-1", "Root=1")


@pytest.mark.parametrize("kind", EVENT_OF)
def test_inv_05_a_record_of_any_kind_is_stored_once(evaluations: EvaluationStore, kind: Kind) -> None:
    assert evaluations.put_once(record(kind), UNTIL)
    assert not evaluations.put_once(record(kind, actor="another"), UNTIL)


def test_records_of_different_kinds_and_rules_stand_beside_one_another(evaluations: EvaluationStore) -> None:
    different = [*(record(kind) for kind in EVENT_OF), record("exit", rule="drain.asset.a/b")]
    assert all(evaluations.put_once(each, UNTIL) for each in different)


def test_the_newest_engines_risk_report_is_read_whatever_else_is_stored(evaluations: EvaluationStore) -> None:
    for each in (record("stress"), record("exit"), record("risk"), record("risk", engine_version="2.1.0")):
        evaluations.put_once(each, UNTIL)
    report = record("risk").report
    found = evaluations.latest_risk(report.world_id, report.version)
    assert found == record("risk", engine_version="2.1.0").document()


@pytest.mark.parametrize(
    ("engines", "newest"),
    [
        (["2.0.0", "10.0.0", "9.0.0"], "10.0.0"),
        (["2.9.0", "2.10.0", "2.10.0-beta"], "2.10.0"),
        (["1.0.10", "1.0.9"], "1.0.10"),
    ],
)
def test_engine_versions_are_numbers_and_no_text(
    evaluations: EvaluationStore, engines: list[str], newest: str
) -> None:
    for engine in engines:
        evaluations.put_once(record("risk", engine_version=engine), UNTIL)
    report = record("risk").report
    found = evaluations.latest_risk(report.world_id, report.version)
    assert found is not None
    assert found["engine_version"] == newest


@pytest.mark.parametrize("unknown", [("us2", "v9"), ("us3", "rebalance-2026-01-05T11:59:58Z")])
def test_what_was_never_evaluated_has_no_report(
    evaluations: EvaluationStore, unknown: tuple[str, str]
) -> None:
    for kind in EVENT_OF:
        evaluations.put_once(record(kind), UNTIL)
    assert evaluations.latest_risk(*unknown) is None


@pytest.mark.parametrize("kind", EVENT_OF)
def test_a_record_is_found_by_its_key_as_it_was_put(
    evaluations: MemoryEvaluations | DynamoDBEvaluations, kind: Kind
) -> None:
    given = record(kind)
    evaluations.put_once(given, UNTIL)
    assert evaluations.get(given.report.world_id, given.evaluation_id) == given
    assert evaluations.get(given.report.world_id, given.evaluation_id + "0") is None


@pytest.mark.parametrize("kind", EVENT_OF)
def test_the_stream_gives_back_the_record_that_was_put(kind: Kind) -> None:
    stored = record(kind)
    assert StreamRecords(BodyStore(None, "")).commit(evaluation_record(stored)) == stored


@pytest.mark.parametrize("key", ["opinion/v1/1.0.0", "", "riskv1"])
def test_an_item_of_no_known_kind_is_a_bad_record(key: str) -> None:
    bad = evaluation_record(record("risk"))
    bad["dynamodb"]["NewImage"]["evaluation_id"] = {"S": key}
    with pytest.raises(ValueError, match="is of no known kind"):
        StreamRecords(BodyStore(None, "")).commit(bad)


def test_the_longest_names_make_a_key_that_dynamodb_takes() -> None:
    longest = {
        "strategy": "s" * 128,
        "stage": "s" * 32,
        "rule": "drain.asset." + "\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 128,
    }
    with mock_aws():
        store = DynamoDBEvaluations(boto3.client("dynamodb"), create_table("evaluations"))
        assert store.put_once(record("exit", **longest), UNTIL)
    assert len(record("exit", **longest).evaluation_id.encode()) <= 1_024
