"""From evaluation to exit signal: each rule, the cool-down, and no duplicate or unprompted signals."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from pydantic import ValidationError

from events.envelope import CloudEvent
from events.evaluated import evaluated
from events.exit_signal_emitted import exit_signal_emitted
from functions.announcing.announce_commits import AnnounceCommits
from functions.evaluation.exits.emit_exit_signals import EmitExitSignals
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.policies.exit_policy import (
    DEFAULT_POLICY,
    DrawdownLimit,
    ExitList,
    ExitPolicy,
    GrossLimit,
    MeasureLimit,
    StalenessLimit,
    StressLimit,
)
from risk_hub_contracts.reports.exit_signal import ExitSignal
from risk_hub_contracts.reports.risk import RiskMeasure, RiskReport, WindowStatistics
from risk_hub_contracts.reports.stress import StressLoss, StressReport
from tests.fakes.bus_and_tokens import MemoryBus
from tests.fakes.clock import START, FrozenClock
from tests.fakes.samples import stored
from tests.fakes.stores import MemoryReports, MemorySnapshots, MemoryWorlds

HASH = "sha256:" + "0" * 64
HOUR = timedelta(hours=1)
VAR_LIMIT = MeasureLimit(
    measure="value_at_risk", method="parametric_normal", confidence_bps=9_900, max_loss=0.05
)
VAR_RULE = "value_at_risk.parametric_normal.9900.reduce"


def policy(version: str = "p1", cool_down_seconds: int = 3_600, **rules: Any) -> ExitPolicy:
    return ExitPolicy(version=version, cool_down_seconds=cool_down_seconds, **rules)


class Engine:
    def __init__(self, rules: ExitPolicy | None = None, **snapshot: Any) -> None:
        self.clock, self.snapshots, self.worlds = FrozenClock(), MemorySnapshots(), MemoryWorlds()
        self.evaluations = MemoryReports()
        if rules is not None:
            self.worlds.policies["w1", "paper"] = rules
        self.run = EmitExitSignals(
            self.snapshots, self.worlds, self.evaluations, self.clock, timedelta(days=30)
        )
        self.snapshot = snapshot

    def facts(self, version: str, minutes: float) -> dict[str, Any]:
        """Publish a version whose as_of is this many minutes after the start; return its reports' facts."""
        as_of = START + timedelta(minutes=minutes)
        snapshot = stored(version, as_of=as_of, created_at=self.clock(), content_hash=HASH, **self.snapshot)
        self.snapshots.put_once(snapshot, snapshot.retain_until(timedelta(days=30)))
        return {
            "world_id": "w1",
            "version": version,
            "content_hash": HASH,
            "as_of": format_instant(as_of),
            "stage": "paper",
            "actor": "gateway",
            "engine_version": "1.0.0",
            "evaluated_at": format_instant(self.clock()),
            "status": "partial",
        }

    def risk(self, var: float | None = None, version: str = "v1", minutes: float = 0) -> CloudEvent:
        measure = RiskMeasure(
            measure="value_at_risk",
            method="parametric_normal",
            confidence_bps=9_900,
            horizon_periods=1,
            value=var,
            observations=None,
            coverage=None,
            reason=None if var is not None else "covariance_absent",
        )
        report = RiskReport(**self.facts(version, minutes), inputs=[], measures=[measure])
        return as_received(evaluated(report, correlation_id="c-1", trace_header="Root=1"))

    def fallen(self, drawdowns: dict[Any, float | None]) -> CloudEvent:
        windows = [
            WindowStatistics(
                length=length,
                basis="observations",
                observations=length,
                confidence_bps=9_500,
                sharpe=None,
                volatility=None,
                max_drawdown=drawdown,
                value_at_risk=None,
                expected_shortfall=None,
                hit_ratio=None,
                reasons={},
            )
            for length, drawdown in drawdowns.items()
        ]
        report = RiskReport(**self.facts("v1", 0), inputs=[], measures=[], windows=windows)
        return as_received(evaluated(report, correlation_id="c-1"))

    def stress(self, losses: dict[str, float | None], version: str = "v1") -> CloudEvent:
        rows = [
            StressLoss(
                scenario=name,
                value=value,
                covered_value=value,
                coverage=1.0,
                uncovered_count=0,
                reason=None if value is not None else "shocks_absent",
            )
            for name, value in losses.items()
        ]
        declared = {
            "kind": "stress",
            "source": "inline",
            "sha256": None,
            "coverage": None,
            "observations": None,
        }
        report = StressReport(
            **self.facts(version, 0),
            reason=None,
            input=declared,
            losses=rows,
            metrics=[],
            scenarios_omitted=0,
            metrics_omitted=0,
        )
        return as_received(evaluated(report, correlation_id="c-1"))

    @property
    def signals(self) -> list[ExitSignal]:
        return [record.report for record in self.evaluations.rows.values()]

    def only(self) -> ExitSignal:
        (signal,) = self.signals
        return signal


def as_received(event: CloudEvent) -> CloudEvent:
    return CloudEvent.model_validate_json(event.to_detail())


def test_measure_over_its_limit_signals_a_reduction_back_to_the_limit() -> None:
    engine = Engine(policy(measures=(VAR_LIMIT,)))
    event = engine.risk(0.08)
    assert engine.run(event) == "evaluated"
    signal = engine.only()
    assert (signal.rule, signal.action, signal.reason) == (VAR_RULE, "reduce", "limit_exceeded")
    assert signal.ratio == pytest.approx(1 - 0.05 / 0.08)
    assert signal.metrics == {"value_at_risk.parametric_normal.9900": 0.08, "limit": 0.05}
    assert (signal.version, signal.content_hash, signal.policy_version) == ("v1", HASH, "p1")
    assert signal.asset is None


@pytest.mark.parametrize("var", [0.05, 0.01], ids=["at the limit", "below"])
def test_a_measure_that_is_not_over_its_limit_gives_no_signal(var: float) -> None:
    engine = Engine(policy(measures=(VAR_LIMIT,)))
    assert engine.run(engine.risk(var)) == "no_signal"
    assert engine.signals == []


def test_drawdown_over_its_limit_signals_under_the_rule_of_its_window() -> None:
    engine = Engine(policy(drawdown=(DrawdownLimit(window=60, max_loss=0.2, action="exit"),)))
    assert engine.run(engine.fallen({30: 0.1, 60: 0.25, 90: 0.3})) == "evaluated"
    assert (engine.only().rule, engine.only().ratio) == ("max_drawdown.60.exit", 1.0)
    assert engine.only().metrics == {"max_drawdown.60": 0.25, "limit": 0.2}


def test_a_drawdown_at_its_limit_gives_no_signal() -> None:
    engine = Engine(policy(drawdown=(DrawdownLimit(window=60, max_loss=0.2),)))
    assert engine.run(engine.fallen({60: 0.2, 90: 0.5})) == "no_signal"


@pytest.mark.parametrize(("drawdowns", "reason"), [({60: None}, "not_in_report"), ({}, "not_in_report")])
def test_a_missing_drawdown_asks_to_hold(drawdowns: dict[Any, float | None], reason: str) -> None:
    engine = Engine(policy(drawdown=(DrawdownLimit(window=60, max_loss=0.2),)))
    assert engine.run(engine.fallen(drawdowns)) == "evaluated"
    assert (engine.only().action, engine.only().cause) == ("hold", "not_computed")
    assert f"({reason})" in engine.only().detail


@pytest.mark.parametrize("change", [{"confidence_bps": 9_500}, {"method": "historical"}])
def test_limit_applies_only_to_its_method_and_confidence(change: dict[str, Any]) -> None:
    engine = Engine(policy(measures=(VAR_LIMIT.model_copy(update={**change, "on_missing": "ignore"}),)))
    assert engine.run(engine.risk(0.5)) == "no_signal"


@pytest.mark.parametrize(
    ("limit", "action", "ratio"),
    [
        ({"action": "exit"}, "exit", 1.0),
        ({"action": "hold"}, "hold", 0.0),
        ({"action": "reduce", "ratio": 0.25}, "reduce", 0.25),
    ],
)
def test_signal_takes_action_and_ratio_from_the_policy(
    limit: dict[str, Any], action: str, ratio: float
) -> None:
    engine = Engine(policy(measures=(VAR_LIMIT.model_copy(update=limit),)))
    engine.run(engine.risk(0.08))
    assert (engine.only().action, engine.only().ratio) == (action, ratio)


def test_two_limits_on_one_measure_have_separate_cool_downs() -> None:
    harder = VAR_LIMIT.model_copy(update={"max_loss": 0.1, "action": "exit"})
    engine = Engine(policy(measures=(VAR_LIMIT, harder)))
    engine.run(engine.risk(0.08, "v1"))
    assert engine.run(engine.risk(0.081, "v2", minutes=1)) == "repeated"
    assert engine.run(engine.risk(0.2, "v3", minutes=2)) == "evaluated"
    assert [(signal.rule, signal.action) for signal in engine.signals] == [
        (VAR_RULE, "reduce"),
        (VAR_RULE, "reduce"),
        (VAR_RULE.replace("reduce", "exit"), "exit"),
    ]


LEVERED = {"weights": {"AAPL": 3.0, "MSFT": -2.0}}


def test_gross_exposure_over_its_limit_signals_a_reduction_back_to_the_limit() -> None:
    engine = Engine(policy(gross=(GrossLimit(max_gross=4.0),)), **LEVERED)
    assert engine.run(engine.risk(0.01)) == "evaluated"
    signal = engine.only()
    assert (signal.rule, signal.action, signal.reason) == (
        "gross_exposure.reduce",
        "reduce",
        "limit_exceeded",
    )
    assert signal.ratio == pytest.approx(1 - 4 / 5)
    assert signal.metrics == {"gross_exposure": 5.0, "limit": 4.0}
    assert signal.detail == "gross_exposure is 5, over its limit of 4"
    assert signal.asset is None


@pytest.mark.parametrize("max_gross", [5.0, 100.0], ids=["at the limit", "below"])
def test_a_gross_exposure_that_is_not_over_its_limit_gives_no_signal(max_gross: float) -> None:
    engine = Engine(policy(gross=(GrossLimit(max_gross=max_gross),)), **LEVERED)
    assert engine.run(engine.risk(0.01)) == "no_signal"


def test_gross_exposure_rule_fires_once_per_window_on_risk_or_stress_report() -> None:
    engine = Engine(policy(gross=(GrossLimit(max_gross=1.0, action="exit"),)), **LEVERED)
    assert engine.run(engine.stress({})) == "evaluated"
    assert engine.run(engine.risk(0.01)) == "repeated"
    assert (engine.only().rule, engine.only().ratio) == ("gross_exposure.exit", 1.0)


def test_two_limits_on_gross_exposure_must_ask_for_different_actions() -> None:
    with pytest.raises(ValidationError, match="two limits for \\(gross exposure, reduce\\)"):
        policy(gross=(GrossLimit(max_gross=2.0), GrossLimit(max_gross=3.0)))
    policy(gross=(GrossLimit(max_gross=2.0), GrossLimit(max_gross=3.0, action="exit")))


@pytest.mark.parametrize(
    "limit",
    [
        {"max_gross": 0},
        {"max_gross": -1},
        {"max_gross": float("inf")},
        {"max_gross": 1, "action": "hold", "ratio": 0.5},
    ],
)
def test_invalid_gross_exposure_limit_is_refused(limit: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GrossLimit.model_validate(limit)


def test_stress_loss_over_its_scenario_limit_signals() -> None:
    engine = Engine(policy(stress=(StressLimit(scenario="crash", max_loss=0.3, action="exit"),)))
    assert engine.run(engine.stress({"rates": 0.9, "crash": 0.31})) == "evaluated"
    assert engine.only().rule == "stress.crash.exit"
    assert engine.only().metrics == {"stress.crash": 0.31, "limit": 0.3}


def test_a_scenario_at_its_limit_gives_no_signal() -> None:
    engine = Engine(policy(stress=(StressLimit(scenario="crash", max_loss=0.3),)))
    assert engine.run(engine.stress({"crash": 0.3})) == "no_signal"


@pytest.mark.parametrize(
    ("losses", "reason"),
    [({"crash": None}, "shocks_absent"), ({"rates": 0.9}, "scenario_absent"), ({}, "scenario_absent")],
)
def test_a_scenario_without_a_loss_asks_to_hold(losses: dict[str, float | None], reason: str) -> None:
    engine = Engine(policy(stress=(StressLimit(scenario="crash", max_loss=0.3),)))
    assert engine.run(engine.stress(losses)) == "evaluated"
    assert (engine.only().rule, engine.only().action) == ("stress.crash.reduce", "hold")
    assert (engine.only().cause, engine.only().metrics) == ("not_computed", {"limit": 0.3})
    assert f"({reason})" in engine.only().detail


def test_limit_without_a_scenario_signals_the_worst_scenario() -> None:
    engine = Engine(policy(stress=(StressLimit(max_loss=0.3),)))
    engine.run(engine.stress({"a": 0.4, "b": 0.6, "c": None, "d": 0.1}))
    assert engine.only().rule == "worst_stress.reduce"
    assert engine.only().metrics == {"stress.b": 0.6, "limit": 0.3}


@pytest.mark.parametrize(("minutes", "outcome"), [(-10, "no_signal"), (-10.01, "evaluated")])
def test_staleness_is_the_snapshot_age_at_evaluation(minutes: float, outcome: str) -> None:
    engine = Engine(policy(staleness=StalenessLimit(max_age_seconds=600)))
    event = engine.risk(minutes=minutes)
    engine.clock.advance(seconds=800)
    assert engine.run(event) == outcome
    for signal in engine.signals:
        assert (signal.rule, signal.action, signal.reason) == ("staleness.hold", "hold", "snapshot_stale")
        assert signal.metrics == {"age_seconds": 600.6, "limit_seconds": 600.0}


@pytest.mark.parametrize(
    ("name", "action", "ratio", "reason"),
    [("freeze", "hold", 0.0, "frozen"), ("drain", "exit", 1.0, "drained")],
)
def test_frozen_and_drained_assets_signal_when_held_long_or_short(
    name: str, action: str, ratio: float, reason: str
) -> None:
    listed = ExitList(assets=("LONG", "SHORT", "NONE", "OTHER"))
    lists: dict[str, Any] = {name: listed}
    engine = Engine(policy(**lists), weights={"LONG": 1.3, "SHORT": -0.3, "NONE": 0.0})
    assert engine.run(engine.risk()) == "evaluated"
    assert {signal.asset: signal.metrics for signal in engine.signals} == {
        "LONG": {"weight": 1.3},
        "SHORT": {"weight": -0.3},
    }
    assert {(s.action, s.ratio, s.reason) for s in engine.signals} == {(action, ratio, reason)}


def test_an_asset_that_joins_the_drain_list_is_signalled_within_the_same_window() -> None:
    engine = Engine(policy(drain=ExitList(assets=("A",))), weights={"A": 0.5, "B": 0.5})
    engine.run(engine.risk(version="v1"))
    engine.worlds.policies["w1", "paper"] = policy("p2", drain=ExitList(assets=("A", "B")))
    assert engine.run(engine.risk(version="v2", minutes=1)) == "evaluated"
    assert [signal.asset for signal in engine.signals] == ["A", "B"]


def provenance(**given: Any) -> dict[str, Any]:
    return {"provenance": {"actor": "gateway", "stage": "paper", **given}}


def test_drained_strategy_gives_one_signal_without_an_asset() -> None:
    drained = policy(drain=ExitList(strategies=("momentum",)))
    engine = Engine(drained, **provenance(strategy_id="momentum"))
    engine.run(engine.risk())
    assert (engine.only().rule, engine.only().strategy, engine.only().asset) == (
        "drain.strategy",
        "momentum",
        None,
    )


@pytest.mark.parametrize(
    "given", [{}, {"strategy_id": 7}, {"strategy_id": "a/b"}, {"strategy_id": "x" * 129}]
)
def test_missing_or_malformed_strategy_id_falls_back_to_the_world_id(given: dict[str, Any]) -> None:
    engine = Engine(policy(measures=(VAR_LIMIT,)), **provenance(**given))
    engine.run(engine.risk(0.08))
    assert engine.only().strategy == "w1"


def test_strategies_of_one_world_have_separate_cool_downs() -> None:
    engine = Engine(policy(measures=(VAR_LIMIT,)))
    for name in ("one", "two"):
        engine.snapshot = provenance(strategy_id=name)
        assert engine.run(engine.risk(0.08, name)) == "evaluated"
    assert [signal.strategy for signal in engine.signals] == ["one", "two"]


def test_the_cool_down_admits_one_signal_per_rule_and_window() -> None:
    engine = Engine(policy(measures=(VAR_LIMIT,)))
    outcomes = [
        engine.run(engine.risk(0.08, f"v{minutes}", minutes)) for minutes in (0, 1, 59.99, 60, 119, -0.01)
    ]
    assert outcomes == ["evaluated", "repeated", "repeated", "evaluated", "repeated", "superseded"]
    windows = [signal.window for signal in engine.signals]
    assert windows == [format_instant(START + offset * HOUR) for offset in (0, 1)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_f7_duplicate_and_reordered_deliveries_give_one_signal(order: Sequence[int]) -> None:
    engine = Engine(policy(measures=(VAR_LIMIT,)))
    events = [engine.risk(0.06 + i / 1000, f"v{i}", i) for i in range(3)]
    for index in (*order, *order):
        engine.run(events[index])
    (key,) = engine.evaluations.rows
    assert key == ("w1", f"exit/paper/w1/{VAR_RULE}/2026-01-05T12:00:00.000000Z")
    (record,) = engine.evaluations.rows.values()
    assert exit_signal_emitted(record.report).id == exit_signal_emitted(engine.only()).id


def test_inv_15_a_replayed_event_is_not_judged() -> None:
    engine = Engine(policy(measures=(VAR_LIMIT,)))
    assert engine.run(engine.risk(0.08).model_copy(update={"replay": True})) == "replay"
    assert engine.evaluations.rows == {}


def test_inv_15_an_evaluation_that_was_not_the_latest_of_its_stage_gives_no_signal() -> None:
    engine = Engine(policy(measures=(VAR_LIMIT,)))
    assert engine.run(engine.risk(0.08).model_copy(update={"islatest": False})) == "superseded"
    assert engine.evaluations.rows == {}


def test_announced_signal_carries_the_id_of_its_causing_event() -> None:
    engine, bus = Engine(policy(measures=(VAR_LIMIT,))), MemoryBus()
    event = engine.risk(0.08)
    engine.run(event)
    announce = AnnounceCommits(engine.worlds, bus)
    announce(list(engine.evaluations.rows.values()))
    announce(list(engine.evaluations.rows.values()))
    first, again = bus.taken
    assert first == again
    assert (first.type, first.subject) == ("exit_signal_emitted", "w1")
    assert (first.causationid, first.correlationid, first.tracecontext) == (event.id, "c-1", "Root=1")


def test_exit_engine_refuses_an_exit_signal_event() -> None:
    engine = Engine(policy(measures=(VAR_LIMIT,)))
    engine.run(engine.risk(0.08))
    before = dict(engine.evaluations.rows)
    with pytest.raises(ValueError, match="exit_signal_emitted is not an evaluation"):
        engine.run(as_received(exit_signal_emitted(engine.only())))
    assert engine.evaluations.rows == before


def test_exit_engine_skips_an_expired_snapshot() -> None:
    engine = Engine(policy(measures=(VAR_LIMIT,)))
    event = engine.risk(0.08)
    engine.clock.advance(seconds=900)
    assert engine.run(event) == "expired"
    assert engine.signals == []


def test_default_policy_applies_when_none_is_stored() -> None:
    engine = Engine()
    assert engine.run(engine.risk(DEFAULT_POLICY.measures[0].max_loss + 0.01)) == "evaluated"
    assert {signal.policy_version for signal in engine.signals} == {"default_v1"}
    assert "value_at_risk.parametric_normal.9900.reduce" in {signal.rule for signal in engine.signals}


def test_exit_policy_applies_only_to_its_stage() -> None:
    engine = Engine(policy(measures=(VAR_LIMIT,)))
    engine.worlds.policies["w1", "live"] = engine.worlds.policies.pop(("w1", "paper"))
    engine.run(engine.risk(0.06))
    assert {signal.policy_version for signal in engine.signals} == {"default_v1"}


@pytest.mark.parametrize(
    "broken",
    [
        {"measures": [VAR_LIMIT.model_dump(), {**VAR_LIMIT.model_dump(), "max_loss": 0.1}]},
        {"stress": [{"max_loss": 0.1}, {"max_loss": 0.2}]},
        {"stress": [{"max_loss": 0.1, "action": "exit", "ratio": 0.5}]},
        {"stress": [{"max_loss": 0}]},
        {"cool_down_seconds": 0},
        {"cooldown": 5},
        {"staleness": {"max_age_seconds": 60, "action": "reduce"}},
        {"version": ""},
    ],
)
def test_invalid_exit_policy_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ExitPolicy.model_validate({"version": "p1", "cool_down_seconds": 60, **broken})
