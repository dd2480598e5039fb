"""Exits through the API: PUT of a policy, POST of snapshots, GET of the signals."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from events.envelope import CloudEvent
from functions.evaluation.exit_state import ExitState
from functions.evaluation.ports import RefusedWrite
from functions.evaluation.worker_steps import Outcome
from tests.fakes.hub import Hub
from tests.fakes.stores import MemoryReports

Result = TypeVar("Result")
VAR: dict[str, Any] = {
    "measure": "value_at_risk",
    "method": "parametric_normal",
    "confidence_bps": 9_900,
    "max_loss": 0.1,
}
NOT_PSD: dict[str, Any] = {
    "weights": {"AAPL": 0.5, "MSFT": 0.3, "PEP": 0.2},
    "covariance": {"ids": ["AAPL", "MSFT", "PEP"], "upper": [0.03, 0.027, -0.027, 0.03, 0.027, 0.03]},
}


def variance(daily: float) -> dict[str, Any]:
    """Return the covariance of a book of AAPL and MSFT that has this volatility per period."""
    return {"ids": ["AAPL", "MSFT"], "upper": [daily**2, daily**2, daily**2]}


def shocked(computed: float, **own: float) -> dict[str, Any]:
    return {"crash": {"shocks": {}, "default": -computed, **own}}


# A1


def test_a_limit_without_a_number_asks_to_hold_with_the_report_reason(hub: Hub) -> None:
    hub.put_policy(measures=[VAR])
    hub.publish(**NOT_PSD)
    signal = hub.only()
    assert (signal["action"], signal["ratio"]) == ("hold", 0.0)
    assert (signal["reason"], signal["cause"]) == ("limit_exceeded", "not_computed")
    assert signal["rule"] == "value_at_risk.parametric_normal.9900.reduce"
    assert signal["detail"] == (
        "value_at_risk.parametric_normal.9900 is not computed (covariance_not_psd); its limit is 0.1"
    )


@pytest.mark.parametrize(
    ("response", "ratio"), [("hold", 0.0), ("exit", 1.0), ("reduce", 0.25), ("ignore", None)]
)
def test_on_missing_decides_the_action_for_a_missing_number(
    hub: Hub, response: str, ratio: float | None
) -> None:
    put = hub.put_policy(measures=[{**VAR, "on_missing": response}], fallback_ratio=0.25)
    assert put.json["policy"]["measures"][0]["on_missing"] == response
    hub.publish(**NOT_PSD)
    assert [(each["action"], each["ratio"]) for each in hub.signals()] == (
        [] if ratio is None else [(response, ratio)]
    )


@pytest.mark.parametrize(
    ("limit", "rule"),
    [
        ({"measures": [VAR]}, "value_at_risk.parametric_normal.9900.reduce"),
        ({"measures": [{**VAR, "method": "historical_upper"}]}, "value_at_risk.historical_upper.9900.reduce"),
        ({"stress": [{"max_loss": 0.4}]}, "worst_stress.reduce"),
        ({"stress": [{"max_loss": 0.4, "scenario": "crash"}]}, "stress.crash.reduce"),
        ({"drawdown": [{"max_loss": 0.4, "window": 30}]}, "max_drawdown.30.reduce"),
    ],
)
def test_every_stored_limit_on_a_snapshot_without_inputs_asks_to_hold(
    hub: Hub, limit: dict[str, Any], rule: str
) -> None:
    hub.put_policy(**limit)
    hub.publish()
    assert (hub.only()["rule"], hub.only()["action"], hub.only()["cause"]) == (rule, "hold", "not_computed")


def test_stored_policy_may_ignore_inputs_that_are_not_sent(hub: Hub) -> None:
    hub.put_policy(measures=[VAR], stress=[{"max_loss": 0.4}], absent_inputs="ignore")
    hub.publish()
    assert hub.signals() == []


def test_default_policy_is_silent_about_inputs_that_are_not_sent(hub: Hub) -> None:
    hub.publish()
    assert hub.signals() == []


def test_default_policy_is_silent_about_a_covariance_that_is_not_sent_with_a_track_record(
    hub: Hub,
) -> None:
    hub.publish(realized_returns=[0.001, -0.002] * 60, stress=shocked(0.1))
    assert hub.signals() == []


def test_more_signals_than_one_write_stores_are_all_emitted_once(hub: Hub) -> None:
    assets = [f"A{number:03}" for number in range(150)]
    hub.put_policy(drain={"assets": assets})
    hub.publish("v1", 0, weights=dict.fromkeys(assets, 1 / 150))
    hub.publish("v2", 1, weights=dict.fromkeys(assets, 1 / 150))
    first = hub.signals()
    second = hub.api("GET", "/risk-hub/worlds/w1/exit-signals?order=desc&limit=100").json["signals"]
    assert {signal["asset"] for signal in [*first, *second]} == set(assets)
    assert len(hub.evaluations.states) == 1
    assert sum(record.kind == "exit" for record in hub.evaluations.rows.values()) == 150


def test_default_policy_asks_to_hold_if_a_sent_input_gives_no_number(hub: Hub) -> None:
    hub.publish(stress={"crash": {"shocks": {"AAPL": -0.1}}}, **NOT_PSD)
    assert {signal["rule"]: signal["action"] for signal in hub.signals()} == {
        "value_at_risk.parametric_normal.9900.reduce": "hold",
        "expected_shortfall.parametric_normal.9900.reduce": "hold",
        "worst_stress.reduce": "hold",
    }


def test_covered_loss_over_the_limit_signals_although_an_asset_has_no_shock(hub: Hub) -> None:
    hub.publish(weights={"AAPL": 0.99, "MSFT": 0.01}, stress={"crash": {"shocks": {"AAPL": -0.9}}})
    signal = hub.only()
    assert (signal["action"], signal["cause"]) == ("reduce", "limit_exceeded")
    assert signal["metrics"] == {"stress.crash": pytest.approx(0.891), "limit": 0.4}


def test_covered_loss_within_the_limit_asks_to_hold(hub: Hub) -> None:
    hub.put_policy(stress=[{"scenario": "crash", "max_loss": 0.4}])
    hub.publish(stress={"crash": {"shocks": {"AAPL": -0.5}}})
    assert (hub.only()["action"], hub.only()["cause"]) == ("hold", "not_computed")
    assert "(shocks_do_not_cover_weights)" in hub.only()["detail"]


@pytest.mark.parametrize("own", [{"loss": 0.9}, {"max_drawdown": 0.95}, {"max_drawdown": -0.95}])
@pytest.mark.parametrize("scenario", [None, "crash"])
def test_own_loss_of_the_producer_counts(hub: Hub, own: dict[str, float], scenario: str | None) -> None:
    limit = {"max_loss": 0.4, "action": "exit", **({} if scenario is None else {"scenario": scenario})}
    hub.put_policy(stress=[limit])
    hub.publish(stress={"crash": own})
    assert (hub.only()["action"], hub.only()["cause"]) == ("exit", "limit_exceeded")
    assert hub.only()["metrics"]["stress.crash"] == abs(next(iter(own.values())))


def test_worst_of_the_computed_and_the_own_loss_counts(hub: Hub) -> None:
    hub.publish("v1", 0, stress=shocked(0.5, loss=0.1))
    hub.publish("v2", 61, stress=shocked(0.1, loss=0.6))
    assert [signal["metrics"]["stress.crash"] for signal in hub.signals()] == [
        pytest.approx(0.5),
        pytest.approx(0.6),
    ]


def test_a_named_scenario_that_the_snapshot_lacks_asks_to_hold(hub: Hub) -> None:
    hub.put_policy(stress=[{"scenario": "crahs", "max_loss": 0.4}])
    hub.publish(stress=shocked(0.9))
    assert (hub.only()["rule"], hub.only()["cause"]) == ("stress.crahs.reduce", "not_computed")
    assert "(scenario_absent)" in hub.only()["detail"]


@pytest.mark.parametrize("confidence_bps", [9_500, 9_750])
def test_limit_on_the_headline_method_reads_the_tails_of_the_report(hub: Hub, confidence_bps: int) -> None:
    limit = {"measure": "value_at_risk", "method": "historical_upper", "confidence_bps": confidence_bps}
    hub.put_policy(measures=[{**limit, "max_loss": 0.04}])
    hub.publish(realized_returns=[0.01, 0.02, -0.05, 0.01] * 60)
    assert (hub.only()["cause"], hub.only()["action"]) == ("limit_exceeded", "reduce")
    assert hub.only()["metrics"][f"value_at_risk.historical_upper.{confidence_bps}"] == pytest.approx(0.05)


def test_drawdown_limit_uses_the_track_record_if_the_report_has_one(hub: Hub) -> None:
    hub.put_policy(drawdown=[{"window": 30, "max_loss": 0.2}])
    calm = [0.001 + 0.00001 * (place % 97) for place in range(100)]
    fallen = [*(0.02 if place % 2 else -0.018 - place / 100_000 for place in range(90)), *([-0.05] * 10)]
    hub.publish("v1", 0, realized_returns=fallen, portfolio_returns={"returns": calm})
    assert hub.signals() == []
    hub.publish("v2", 1, realized_returns=calm, portfolio_returns={"returns": fallen})
    assert (hub.only()["rule"], hub.only()["cause"]) == ("max_drawdown.30.reduce", "limit_exceeded")
    assert hub.only()["metrics"]["max_drawdown.30"] == pytest.approx(1 - 0.95**10)


# A3


def test_inv_16_a_worsening_book_signals_at_each_step(hub: Hub) -> None:
    hub.put_policy(measures=[VAR])
    for minute, volatility in enumerate((0.0435, 0.0436, 0.05, 0.1, 0.26)):
        hub.publish(f"v{minute}", minute, covariance=variance(volatility))
    ratios = [round(signal["ratio"], 3) for signal in hub.signals()]
    assert ratios == [0.012, 0.14, 0.57, 0.835]
    assert [signal["sequence"] for signal in hub.signals()] == [1, 2, 3, 4]


def test_a_missing_number_escalates_when_the_limit_is_then_broken(hub: Hub) -> None:
    hub.put_policy(measures=[VAR])
    hub.publish("v1", 0, **NOT_PSD)
    hub.publish("v2", 1, covariance=variance(0.2))
    hub.publish("v3", 2, **NOT_PSD)
    assert [signal["action"] for signal in hub.signals()] == ["hold", "reduce"]
    assert hub.outcomes[-2:] == [Outcome.REPEATED, Outcome.NO_SIGNAL]


def test_an_all_clear_follows_when_a_rule_no_longer_fires(hub: Hub) -> None:
    hub.put_policy(measures=[VAR])
    hub.publish("v1", 0, covariance=variance(0.2))
    hub.relay()
    hub.publish("v2", 1, covariance=variance(0.01))
    fired, cleared = hub.signals()
    assert (fired["cause"], cleared["cause"]) == ("limit_exceeded", "cleared")
    assert (cleared["rule"], cleared["action"], cleared["ratio"]) == (fired["rule"], "hold", 0.0)
    assert "within its limit of 0.1" in cleared["detail"]
    hub.publish("v3", 2, covariance=variance(0.01))
    assert len(hub.signals()) == 2


@pytest.mark.parametrize(
    ("policy", "reason", "cause"),
    [
        ({"stress": [{"max_loss": 0.3}]}, "limit_exceeded", "limit_exceeded"),
        ({"measures": [VAR]}, "limit_exceeded", "not_computed"),
        ({"on_warning": {"age_unknown": "hold"}}, "limit_exceeded", "warned"),
        ({"staleness": {"max_age_seconds": 30}}, "snapshot_stale", "snapshot_stale"),
        ({"freeze": {"assets": ["AAPL"]}}, "frozen", "frozen"),
        ({"drain": {"strategies": ["w1"]}}, "drained", "drained"),
    ],
)
def test_an_all_clear_has_the_reason_of_the_rule_that_it_ends_and_the_cause_cleared(
    hub: Hub, policy: dict[str, Any], reason: str, cause: str
) -> None:
    hub.put_policy(**policy)
    returns = {"AAPL": [0.01, -0.02] * 60, "MSFT": [0.02, -0.01] * 60}
    inputs = {"realized_returns": returns} if cause == "warned" else NOT_PSD
    hub.publish("v1", stress=shocked(0.5), **inputs)
    hub.put_policy(version="p2")
    hub.publish("v2", 1)
    fired, cleared = hub.signals()
    assert (fired["reason"], fired["cause"]) == (reason, cause)
    assert (cleared["rule"], cleared["action"], cleared["ratio"]) == (fired["rule"], "hold", 0.0)
    assert (cleared["reason"], cleared["cause"]) == (reason, "cleared")


def test_an_all_clear_is_never_announced_as_an_order(hub: Hub) -> None:
    hub.put_policy(measures=[VAR])
    types = []
    for minute, volatility in enumerate((0.2, 0.01)):
        hub.commit(f"v{minute}", minute, covariance=variance(volatility))
        for _ in range(3):
            events = hub.taken()
            types += [event.type for event in events if event.type.startswith("exit")]
            for event in events:
                hub.deliver(event)
            hub.relay()
    assert types == ["exit_signal_emitted", "exit_signal_cleared"]


def test_an_order_after_an_all_clear_is_sent_but_no_second_all_clear_in_the_window(hub: Hub) -> None:
    hub.put_policy(measures=[VAR])
    for minute, volatility in enumerate((0.2, 0.01) * 4):
        hub.publish(f"v{minute}", minute, covariance=variance(volatility))
    assert [signal["cause"] for signal in hub.signals()] == ["limit_exceeded", "cleared", "limit_exceeded"]
    hub.publish("next", 61, covariance=variance(0.01))
    assert hub.signals()[-1]["cause"] == "cleared"


def test_a_missing_number_that_is_ignored_clears_nothing(hub: Hub) -> None:
    hub.put_policy(measures=[{**VAR, "on_missing": "ignore"}])
    hub.publish("v1", 0, covariance=variance(0.2))
    hub.publish("v2", 1, **NOT_PSD)
    assert [signal["cause"] for signal in hub.signals()] == ["limit_exceeded"]


def test_a_rule_that_is_removed_from_the_policy_is_cleared(hub: Hub) -> None:
    hub.put_policy(drain={"assets": ["AAPL"]})
    hub.publish("v1", 0)
    hub.put_policy(version="p2")
    hub.publish("v2", 1)
    fired, cleared = hub.signals()
    assert (fired["rule"], fired["asset"], cleared["asset"]) == ("drain.asset.AAPL", "AAPL", "AAPL")
    assert cleared["detail"] == "the rule no longer fires under policy p2"


def test_inv_05_every_event_delivered_again_in_any_order_signals_nothing(hub: Hub) -> None:
    hub.put_policy(measures=[VAR], stress=[{"max_loss": 0.2}], drain={"assets": ["AAPL"]})
    events = []
    for minute, volatility in enumerate((0.05, 0.2, 0.01, 0.3)):
        hub.commit(f"v{minute}", minute, covariance=variance(volatility), stress=shocked(volatility))
        for _ in range(3):
            events += hub.bus.taken
            for event in hub.taken():
                hub.deliver(event)
            hub.relay()
    before = hub.signals()
    assert len(before) == 6
    for event in [*events, *reversed(events)]:
        hub.deliver(event)
    assert hub.signals() == before


class Crash(Exception):  # noqa: N818 - not an error of the hub
    """The process of a worker is killed; its message is delivered again."""


class RedeliveringHub(Hub):
    """A hub whose exit engine receives an event again after its process is killed."""

    def judge(self, event: CloudEvent) -> Outcome:
        try:
            return super().judge(event)
        except Crash:
            return self.judge(event)


class Crashing:
    """A journal whose process is killed at one call, before or after the call takes effect."""

    def __init__(self, reports: MemoryReports, call: int, *, after: bool) -> None:
        self.reports, self.left, self.after = reports, call, after

    def state(self, world_id: str, stage: str, strategy: str) -> ExitState:
        return self._crash_at(lambda: self.reports.state(world_id, stage, strategy))

    def commit(self, *write: Any) -> RefusedWrite | None:
        return self._crash_at(lambda: self.reports.commit(*write))

    def _crash_at(self, call: Callable[[], Result]) -> Result:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Crash
        result = call()
        if self.left == 0:
            raise Crash
        return result


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", range(1, 13))
def test_inv_16_crash_at_any_call_loses_and_repeats_no_signal(call: int, *, after: bool) -> None:
    emitted = []
    for crashing in (False, True):
        hub = RedeliveringHub()
        hub.put_policy(measures=[VAR], drain={"assets": ["AAPL"]})
        if crashing:
            hub.emit_signals = replace(hub.emit_signals, journal=Crashing(hub.evaluations, call, after=after))
        for minute, volatility in enumerate((0.05, 0.2, 0.01)):
            hub.publish(f"v{minute}", minute, covariance=variance(volatility))
        emitted.append(hub.signals())
    assert emitted[0] == emitted[1]


def test_reports_that_arrive_in_another_order_never_signal_an_older_book(hub: Hub) -> None:
    hub.put_policy(measures=[VAR])
    for minute, volatility in enumerate((0.2, 0.01)):
        hub.commit(f"v{minute}", minute, covariance=variance(volatility))
    for event in hub.taken():
        hub.deliver(event)
    hub.relay()
    for event in reversed(hub.taken()):
        hub.deliver(event)
    assert hub.signals() == []
    assert hub.outcomes.count(Outcome.SUPERSEDED) == 2


def test_a_signal_that_release_1_0_stored_is_not_repeated_but_escalates(hub: Hub) -> None:
    hub.put_policy(measures=[VAR])
    hub.publish("v1", 0, covariance=variance(0.05))
    hub.evaluations.states.clear()
    hub.publish("v2", 1, covariance=variance(0.05))
    assert len(hub.signals()) == 1
    hub.publish("v3", 2, covariance=variance(0.2))
    hub.publish("v4", 3, covariance=variance(0.01))
    assert [signal["sequence"] for signal in hub.signals()] == [1, 2, 3]
    assert hub.signals()[-1]["cause"] == "cleared"


# A4


def test_inv_15_documented_backfill_of_60_past_days_signals_nothing(hub: Hub) -> None:
    for day in range(60):
        past = {"stress": shocked(0.9), "ttl_sec": 86_400, "provenance": {"source": "backfill"}}
        hub.publish(f"day{day}", (day - 60) * 1_440, **past)
    assert hub.signals() == []
    assert set(hub.outcomes) == {Outcome.HISTORY}


def test_inv_15_a_snapshot_20_h_older_than_the_current_one_signals_nothing(hub: Hub) -> None:
    hub.publish("current", 0, stress=shocked(0.01))
    hub.publish("late", -20 * 60, stress=shocked(0.9), ttl_sec=86_400)
    assert hub.signals() == []
    assert hub.outcomes[-2:] == [Outcome.SUPERSEDED] * 2


def test_inv_15_latest_is_decided_for_each_stage(hub: Hub) -> None:
    hub.api.headers["X-Stage"] = "live"
    hub.publish("live", 10)
    hub.api.headers["X-Stage"] = "paper"
    hub.publish("paper", 0, stress=shocked(0.9))
    assert [(signal["stage"], signal["version"]) for signal in hub.signals()] == [("paper", "paper")]


def test_inv_15_replaying_a_period_signals_nothing(hub: Hub) -> None:
    for minute, loss in enumerate((0.5, 0.01, 0.9)):
        hub.publish(f"v{minute}", minute, stress=shocked(loss), ttl_sec=86_400)
    hub.commit("unevaluated", 4, stress=shocked(0.99), ttl_sec=86_400)
    hub.bus.taken.clear()
    before = hub.signals()
    period = {"world_id": "w1", "from": "2026-01-05T00:00:00Z", "to": "2026-01-06T00:00:00Z"}
    assert hub.replay(period).announced == 4
    hub.work()
    assert hub.signals() == before
    assert hub.outcomes[-2:] == [Outcome.REPLAY] * 2


# Numbers without meaning


CALM = [0.002 * (-1) ** place * (1 + place / 1_000) for place in range(120)]
OF_ANOTHER_SCALE: dict[str, Any] = {
    "realized_returns": {"AAPL": [40 * each for each in CALM], "MSFT": [40 * each for each in CALM]},
    "covariance": variance(0.001),
}
"""A covariance of 0.1 % with returns of 8 % a day: `scale_mismatch` makes every number meaningless."""


def test_a_number_without_meaning_within_its_limit_asks_to_hold(hub: Hub) -> None:
    hub.put_policy(measures=[VAR])
    hub.publish(**OF_ANOTHER_SCALE)
    signal = hub.only()
    assert (signal["action"], signal["cause"]) == ("hold", "not_computed")
    assert "has no meaning (scale_mismatch)" in signal["detail"]
    assert signal["metrics"]["value_at_risk.parametric_normal.9900"] < 0.01


def test_on_missing_decides_the_action_for_a_number_without_meaning(hub: Hub) -> None:
    hub.put_policy(measures=[{**VAR, "on_missing": "exit"}])
    hub.publish(**OF_ANOTHER_SCALE)
    assert (hub.only()["action"], hub.only()["cause"]) == ("exit", "not_computed")


def test_a_number_without_meaning_clears_no_rule(hub: Hub) -> None:
    hub.put_policy(measures=[VAR], on_warning={"scale_mismatch": "hold"})
    hub.publish("v1", 0, covariance=variance(0.2))
    hub.publish("v2", 1, **OF_ANOTHER_SCALE)
    assert [signal["cause"] for signal in hub.signals()] == ["limit_exceeded", "warned"]


def test_a_number_whose_warning_the_policy_ignores_meets_its_limit(hub: Hub) -> None:
    hub.put_policy(measures=[VAR], on_warning={"scale_mismatch": "ignore"})
    hub.publish("v1", 0, covariance=variance(0.2))
    hub.publish("v2", 1, **OF_ANOTHER_SCALE)
    assert [signal["cause"] for signal in hub.signals()] == ["limit_exceeded", "cleared"]


def test_a_number_without_meaning_over_its_limit_breaks_it(hub: Hub) -> None:
    hub.put_policy(measures=[{**VAR, "max_loss": 0.001}])
    hub.publish(**OF_ANOTHER_SCALE)
    assert hub.only()["cause"] == "limit_exceeded"


@pytest.mark.parametrize("method", ["historical", "historical_upper"])
def test_an_empirical_number_from_too_few_tail_observations_does_not_meet_its_limit(
    hub: Hub, method: str
) -> None:
    hub.put_policy(measures=[{**VAR, "method": method}])
    hub.publish(realized_returns={"AAPL": CALM, "MSFT": CALM})
    assert (hub.only()["action"], hub.only()["cause"]) == ("hold", "not_computed")
    assert "(too_few_tail_observations)" in hub.only()["detail"]


@pytest.mark.parametrize("move", [0.001, -0.01])
def test_a_track_record_that_ended_long_ago_breaks_a_drawdown_limit_but_does_not_meet_it(
    hub: Hub, move: float
) -> None:
    hub.put_policy(drawdown=[{"window": 30, "max_loss": 0.1}])
    days = [f"2024-{month:02}-{day:02}" for month in range(1, 7) for day in range(1, 29)]
    own = [move + 0.002 * (-1) ** place for place in range(len(days))]
    hub.publish(realized_returns=CALM, portfolio_returns={"returns": own, "dates": days})
    wanted = ("hold", "not_computed") if move > 0 else ("reduce", "limit_exceeded")
    assert (hub.only()["action"], hub.only()["cause"]) == wanted


@pytest.mark.parametrize(
    ("method", "count"), [("historical", 110), ("historical", 201), ("historical_upper", 110)]
)
def test_a_number_that_only_measures_hold_needs_three_losses_in_its_tail_as_well(
    hub: Hub, method: str, count: int
) -> None:
    """A snapshot that asks for 95 % alone still has the 99 % of the first release."""
    hub.put_policy(measures=[{**VAR, "method": method}])
    series = [0.002 * (-1) ** place * (1 + place / 1_000) for place in range(count)]
    report = hub.risk(realized_returns={"AAPL": series, "MSFT": series}, risk={"confidences_bps": [9500]})
    assert report["sufficiency"]["sufficient"] is (count == 201)
    assert [signal["action"] for signal in hub.signals()] == ["hold"] * (count != 201)


@pytest.mark.parametrize("source", ["track record", "pro forma"])
@pytest.mark.parametrize(
    ("move", "count", "wanted"), [(0.001, 19, "hold"), (0.001, 20, None), (-0.05, 19, "reduce")]
)
def test_the_drawdown_of_fewer_than_20_returns_breaks_a_limit_but_does_not_meet_it(
    hub: Hub, source: str, move: float, count: int, wanted: str | None
) -> None:
    """A track record that began yesterday does not show that the book cannot fall."""
    hub.put_policy(drawdown=[{"window": 90, "max_loss": 0.3}])
    short = [move + place / 100_000 for place in range(count)]
    if source == "track record":
        hub.publish(realized_returns=CALM, portfolio_returns={"returns": short})
    else:
        hub.publish(realized_returns=short)
    assert [signal["action"] for signal in hub.signals()] == [wanted] * (wanted is not None)
