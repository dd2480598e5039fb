"""Records of a newer release can be read: it may have been rolled back since it wrote them (ADR-0027)."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import boto3
import pytest
from moto import mock_aws
from pydantic import ValidationError

from events.envelope import CloudEvent
from functions.entrypoints.queue import queue_worker
from functions.evaluation.derived_record import parse_record
from functions.evaluation.exit_state import EXIT_STATE_KEY_PREFIX
from functions.evaluation.forecast_key import forecast_id
from functions.evaluation.input_note import InputNote, returns_note_id
from functions.evaluation.store.dynamodb_forecasts import DynamoDBForecasts
from functions.evaluation.store.dynamodb_input_notes import DynamoDBInputNotes
from functions.evaluation.store.dynamodb_policy_versions import (
    POLICY_VERSION_KEY_PREFIX,
    DynamoDBPolicyVersions,
)
from functions.evaluation.store.dynamodb_reports import DynamoDBReports, to_item
from functions.evaluation.worker_steps import Outcome
from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.dynamodb_registry import DynamoDBRegistry
from functions.hub.adapters.dynamodb_worlds import DynamoDBWorlds
from functions.hub.adapters.secret_tokens import SecretTokens
from functions.hub.adapters.snapshot_item import compress
from functions.hub.use_cases.register_policies import RegisterPolicies
from functions.hub.use_cases.register_worlds import RegisterWorlds
from functions.hub.world_ports import ScenarioNames
from risk_hub_contracts.policies.exit_policy import ExitPolicy, StressLimit
from risk_hub_contracts.reports.exit_signal import ExitCause, ExitSignal
from risk_hub_contracts.reports.forecast import Forecast, TailForecast
from risk_hub_contracts.worlds.expectation import Expectation
from tests.adapters.conftest import create_table
from tests.fakes.clients import as_client
from tests.fakes.clock import START, FrozenClock
from tests.fakes.hub import Hub
from tools.event_samples.emitted import queue_message
from tools.upgrades.checked_out_release import HistoryError, Release, check_out_last_release
from tools.upgrades.rollback import plan_for, run_reader
from tools.upgrades.wire import Wire

SAMPLES = Path(__file__).parents[2] / "events" / "samples"
WORLD, STAGE = "w1", "paper"
UNTIL = START + timedelta(days=30)
POLICY = ExitPolicy(version="p1", cool_down_seconds=60, stress=(StressLimit(max_loss=0.3),))
WANTED = Expectation(owner="desk-a", warn_seconds=5)
FORECAST = Forecast(
    world_id=WORLD,
    version="v1",
    content_hash="sha256:" + "0" * 64,
    stage=STAGE,
    as_of="2026-01-05T11:59:58.000000Z",
    created_at="2026-01-05T12:00:00.000000Z",
    engine_version="2.0.0",
    weights={"A": 1.0},
    tails=[
        TailForecast(
            method="historical", confidence_bps=9900, value_at_risk=0.03, expected_shortfall=0.04, reason=None
        )
    ],
    realized=None,
)
# The two books of `hub_with_signals_of_every_cause` break each of these rules.
RULES: dict[str, Any] = {
    "measures": [{"measure": "volatility", "method": "parametric_normal", "max_loss": 0.1}],
    "stress": [{"max_loss": 0.3}],
    "staleness": {"max_age_seconds": 30, "action": "hold"},
    "on_warning": {"age_unknown": "hold"},
    "freeze": {"assets": ["AAPL"]},
    "drain": {"assets": ["MSFT"]},
}
# Maps with free names: an additional name in one of these is content, not a new member.
MAPS = frozenset(
    {"weights", "by_id", "metrics", "min_observations", "methods", "inputs", "reasons", "on_warning"}
    | {"units", "evidence", "warning_thresholds"}
)


def widened(value: Any) -> Any:
    """Return a document as written by a release that has one more member in every object."""
    if isinstance(value, Mapping):
        inner = {name: part if name in MAPS else widened(part) for name, part in value.items()}
        return {**inner, "added_by_a_newer_release": {"deep": 1}}
    return [widened(part) for part in value] if isinstance(value, list) else value


def text(model: Expectation | ExitPolicy) -> str:
    return json.dumps(widened(model.model_dump(mode="json", by_alias=True, exclude_none=True)))


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("dynamodb")


@pytest.fixture
def written(dynamodb: Any) -> Callable[..., None]:
    def write(table: str, **attributes: Any) -> None:
        item = {"added_by_a_newer_release": {"S": "x"}, "world_id": {"S": WORLD}, **attributes}
        dynamodb.put_item(TableName=create_table(table), Item=item)

    return write


@pytest.mark.parametrize(
    "event_type", ["risk_evaluated", "stress_evaluated", "exit_signal_emitted", "exit_signal_cleared"]
)
def test_report_or_signal_with_unknown_members_is_read_without_them(
    event_type: str, dynamodb: Any, written: Callable[..., None]
) -> None:
    report = json.loads((SAMPLES / f"{event_type}.json").read_text(encoding="utf-8"))["data"]
    kind = event_type.partition("_")[0]
    evaluation = parse_record(f"{kind}/…", report)
    written(
        "evaluations",
        evaluation_id={"S": evaluation.evaluation_id},
        content_hash={"S": evaluation.report.content_hash},
        report={"S": json.dumps(widened(report))},
    )
    found = DynamoDBReports(dynamodb, "evaluations").get(WORLD, evaluation.evaluation_id)
    assert found is not None
    assert found.report == evaluation.report


def test_forecast_with_unknown_members_is_read_without_them(
    dynamodb: Any, written: Callable[..., None]
) -> None:
    body, _ = compress(widened(FORECAST.model_dump(mode="json")))
    key = forecast_id(FORECAST)
    written("evaluations", evaluation_id={"S": key}, body={"B": body})
    store = DynamoDBForecasts(dynamodb, "evaluations", BodyStore(as_client(None), "bodies"))
    assert store.load(WORLD, [key]) == [FORECAST]


def test_input_note_with_unknown_members_is_read_without_them(
    dynamodb: Any, written: Callable[..., None]
) -> None:
    key, note = returns_note_id("0" * 64), {"first_as_of": "2026-01-05T12:00:00.000000Z", "margin": 0.5}
    written("evaluations", evaluation_id={"S": key}, note={"S": json.dumps(widened(note))})
    assert DynamoDBInputNotes(dynamodb, "evaluations").get(WORLD, key) == InputNote(**note)  # type: ignore[arg-type]


def test_policy_with_unknown_members_is_shown_but_never_applied(
    dynamodb: Any, written: Callable[..., None]
) -> None:
    written("worlds", stage={"S": STAGE}, exit_policy={"S": text(POLICY)})
    policies = RegisterPolicies(
        DynamoDBRegistry(dynamodb, "worlds"),
        DynamoDBPolicyVersions(dynamodb, create_table("evaluations")),
        lambda _world_id, _stage: ScenarioNames(),
        FrozenClock(),
    )
    shown = policies.policy(WORLD, STAGE)
    assert shown["policy"] == POLICY.model_dump(mode="json", exclude_none=True)
    # A limit unknown to this release would not be checked: the message waits for a release that knows it.
    with pytest.raises(ValidationError):
        DynamoDBWorlds(dynamodb, "worlds").exit_policy(WORLD, STAGE)


def test_expectation_with_unknown_members_is_read_without_them(
    dynamodb: Any, written: Callable[..., None]
) -> None:
    written("worlds", stage={"S": STAGE}, expectation={"S": text(WANTED)})
    registry = DynamoDBRegistry(dynamodb, "worlds")
    (row,) = registry.rows()
    assert (row.expectation, row.readable) == (WANTED, True)
    shown = RegisterWorlds(registry, FrozenClock()).expectation(WORLD, STAGE)
    assert shown["expectation"] == WANTED.model_dump(mode="json", by_alias=True)


def test_tokens_with_unknown_members_are_read_without_them() -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    token = {"id": "a", "sha256": digest, "scopes": ["snapshots:read"], "actors": ["*"], "not_after": None}
    with mock_aws():
        secretsmanager = boto3.client("secretsmanager")
        secretsmanager.create_secret(Name="tokens", SecretString=json.dumps(widened({"tokens": [token]})))
        (found,) = SecretTokens(secretsmanager, "tokens", FrozenClock()).tokens()
    assert (found.id, found.sha256) == ("a", digest)


def test_worker_accepts_an_event_with_an_unknown_attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "stress_engine")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "RiskSignalHub")
    event = CloudEvent.model_validate_json(
        (SAMPLES / "risk_snapshot_updated.json").read_text(encoding="utf-8")
    )
    message = queue_message(event, "stress-engine")
    body = json.loads(message["Records"][0]["body"])
    message["Records"][0]["body"] = json.dumps(body | {"detail": body["detail"] | {"addedlater": "x"}})
    taken: list[CloudEvent] = []

    def work(announced: CloudEvent) -> Outcome:
        taken.append(announced)
        return Outcome.EVALUATED

    reply = queue_worker("stress_engine", work, FrozenClock(), frozenset({STAGE}))(
        message, SimpleNamespace(aws_request_id="r")
    )
    assert reply == {"batchItemFailures": []}
    assert taken == [event]


@pytest.mark.parametrize("prefix", [EXIT_STATE_KEY_PREFIX, POLICY_VERSION_KEY_PREFIX])
def test_a_rolled_back_relay_ignores_states_of_exit_rules_and_versions_of_policies(prefix: str) -> None:
    unannounced_by_release_1_0 = ("forecast/", "psd/", "seen/")
    assert f"{prefix}/paper/s1".startswith(unannounced_by_release_1_0)


def hub_with_signals_of_every_cause() -> Hub:
    """Publish a book that breaks rules, and one that ends most of them but has no volatility."""
    hub = Hub()
    assert hub.put_policy(**RULES).status == 201
    returns = {"AAPL": [0.01, -0.02] * 60, "MSFT": [0.02, -0.01] * 60}
    hub.publish("v1", stress={"crash": {"shocks": {}, "default": -0.5}}, realized_returns=returns)
    hub.publish("v2", 1, stress={"crash": {"shocks": {}, "default": -0.1}})
    return hub


@pytest.fixture(scope="module")
def last_release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    try:
        return check_out_last_release(tmp_path_factory.mktemp("released"))
    except HistoryError as error:
        pytest.skip(str(error))


def test_the_relay_of_the_last_release_reads_a_signal_of_every_cause(
    last_release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "RiskSignalHub")
    rows = hub_with_signals_of_every_cause().evaluations.rows.values()
    signals = [row for row in rows if isinstance(row.report, ExitSignal)]
    assert {signal.report.cause for signal in signals} == set(get_args(ExitCause))
    items = [to_item(signal, UNTIL) for signal in signals]
    stored: dict[str, Any] = {"tables": {"snapshots": [], "evaluations": items}, "objects": []}
    (tmp_path / "plan.json").write_text(json.dumps(plan_for(Wire([], [], [], stored))), encoding="utf-8")
    assert run_reader(last_release, tmp_path / "plan.json", tmp_path / "answers.json") is None
