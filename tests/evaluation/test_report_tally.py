"""Counts of evaluation outcomes by stage and status: once for each, from closed lists."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import pytest

from events.envelope import CloudEvent
from functions.telemetry.health import ReportTally, WorkerName
from risk_hub_contracts.reports.risk import RiskStatus
from tests.evaluation.test_exit_signals import VAR_LIMIT, Engine, policy
from tests.fakes.evaluated_world import EvaluatedWorld

NON_PSD = {"ids": ["C", "A", "B"], "matrix": [[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]]}
PSD = {"ids": ["C", "A", "B"], "matrix": [[0.04, 0.0, 0.0], [0.0, 0.04, 0.0], [0.0, 0.0, 0.04]]}
STAGES = frozenset({"paper", "live"})


@dataclass
class RecordedTally:
    """Record the counts."""

    statuses: list[tuple[str, RiskStatus]] = field(default_factory=list)

    def __call__(self, event: CloudEvent, stage: str, status: RiskStatus) -> None:
        assert event.data["world_id"] == "w1"
        self.statuses.append((stage, status))


@pytest.fixture(autouse=True)
def _deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "RiskSignalHub/local")


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"covariance": NON_PSD}, "invalid_input"), ({}, "insufficient"), ({"covariance": PSD}, "partial")],
)
def test_risk_reports_are_counted_by_status(fields: dict[str, Any], status: str) -> None:
    world, recorded = EvaluatedWorld(), RecordedTally()
    evaluate = replace(world.evaluate_risk, tally=recorded)
    assert evaluate(world.announced(**fields)) == "evaluated"
    assert recorded.statuses == [("paper", status)]


def test_a_report_that_was_stored_before_is_not_counted_again() -> None:
    world, recorded = EvaluatedWorld(), RecordedTally()
    evaluate = replace(world.evaluate_risk, tally=recorded)
    event = world.announced()
    assert [evaluate(event), evaluate(event)] == ["evaluated", "repeated"]
    assert len(recorded.statuses) == 1


def test_expired_snapshot_is_not_counted_as_a_report() -> None:
    world, recorded = EvaluatedWorld(), RecordedTally()
    event = world.announced(ttl_sec=1)
    world.clock.advance(seconds=2)
    assert replace(world.evaluate_risk, tally=recorded)(event) == "expired"
    assert recorded.statuses == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [({}, "insufficient"), ({"stress": {"crash": {"shocks": {}, "default": -0.1}}}, "complete")],
)
def test_stress_reports_are_counted_by_their_status(fields: dict[str, Any], status: str) -> None:
    world, recorded = EvaluatedWorld(), RecordedTally()
    engine = replace(world.evaluate_stress, tally=recorded)
    event = world.announced(**fields)
    assert [engine(event), engine(event)] == ["evaluated", "repeated"]
    assert recorded.statuses == [("paper", status)]


@pytest.mark.parametrize(("var", "status"), [(0.01, "complete"), (0.5, "complete"), (None, "insufficient")])
def test_exit_evaluations_are_counted_by_availability_of_limit_inputs(var: float | None, status: str) -> None:
    engine, recorded = Engine(policy(measures=(VAR_LIMIT,))), RecordedTally()
    replace(engine.run, tally=recorded)(engine.risk(var))
    assert recorded.statuses == [("paper", status)]


@pytest.fixture
def event() -> CloudEvent:
    return EvaluatedWorld().announced()


@pytest.mark.parametrize("status", get_args(RiskStatus))
def test_report_count_has_worker_stage_and_status_dimensions(
    event: CloudEvent, capsys: pytest.CaptureFixture[str], status: RiskStatus
) -> None:
    ReportTally("stress_engine", STAGES)(event, "live", status)
    (line,) = written(capsys)
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["stage", "status", "worker"]]
    assert (line["worker"], line["stage"], line["status"]) == ("stress_engine", "live", status)
    assert line["risk_hub_reports_total"] == [1]


@pytest.mark.parametrize(
    ("status", "percent"), [("complete", 100), ("partial", 100), ("insufficient", 0), ("invalid_input", 0)]
)
def test_validation_success_is_100_percent_for_complete_and_partial_risk_reports(
    event: CloudEvent, capsys: pytest.CaptureFixture[str], status: RiskStatus, percent: int
) -> None:
    ReportTally("risk_engine", STAGES)(event, "live", status)
    _, line = written(capsys)
    assert line["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [
        {"Name": "risk_hub_validation_success_percent", "Unit": "Percent"}
    ]
    assert (line["stage"], line["risk_hub_validation_success_percent"]) == ("live", [percent])


def test_f30_report_of_an_undeployed_stage_is_not_counted(
    event: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    ReportTally("risk_engine", STAGES)(event, "made-up-by-a-caller", "complete")
    assert written(capsys) == []


def test_f28_report_on_a_replayed_event_is_not_counted(
    event: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    ReportTally("exit_engine", STAGES)(event.model_copy(update={"replay": True}), "live", "insufficient")
    assert written(capsys) == []


@pytest.mark.parametrize("worker", ["risk_engine", "stress_engine", "exit_engine"])
def test_each_engine_counts_under_its_own_name(
    worker: WorkerName, event: CloudEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    ReportTally(worker, STAGES)(event, "paper", "complete")
    assert written(capsys)[0]["worker"] == worker
