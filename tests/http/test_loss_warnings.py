"""Warnings about signs and units of stress scenarios over HTTP, and the exits that follow from them."""

from typing import Any

import pytest

from tests.fakes.hub import Hub
from tests.http.report_facts import codes, one_warning

HEDGED: dict[str, Any] = {"weights": {"AAPL": 1.2, "MSFT": -0.2}}
LIMIT = {"stress": [{"max_loss": 0.4}]}


def signals(stress: dict[str, Any], **fields: Any) -> list[tuple[str, str]]:
    hub = Hub()
    hub.put_policy(**LIMIT)
    hub.publish(stress=stress, **fields)
    return [(signal["action"], signal["cause"]) for signal in hub.signals()]


def test_positive_shocks_in_percent_make_the_loss_meaningless(hub: Hub) -> None:
    stress = {"up": {"shocks": {"AAPL": 30.0}, "default": 20.0}, "down": {"shocks": {}, "default": -0.3}}
    found = one_warning(hub.stress(stress=stress), "shock_looks_like_percent")
    assert (found["subject"], found["makes_insufficient"]) == ("up", True)
    assert signals(stress) == [("hold", "not_computed")]


def test_gain_of_seven_times_the_value_of_one_position_is_not_read_as_percent(hub: Hub) -> None:
    stress = {"crash": {"shocks": {"AAPL": 7.0, "MSFT": -0.3}}}
    assert "shock_looks_like_percent" not in codes(hub.stress(stress=stress))


def test_losses_as_positive_shocks_of_a_long_only_book_have_no_meaning(hub: Hub) -> None:
    stress = {"crash": {"shocks": {}, "default": 0.5}, "rates": {"shocks": {"AAPL": 0.1}, "default": 0.2}}
    found = one_warning(hub.stress(stress=stress), "no_scenario_loses")
    assert (found["makes_insufficient"], found["evidence"]["scenarios"]) == (True, 2.0)
    assert signals(stress) == [("hold", "not_computed")]


def test_a_hedged_book_that_gains_in_every_scenario_has_a_caution(hub: Hub) -> None:
    stress = {"crash": {"shocks": {"AAPL": 0.0, "MSFT": -0.5}}}
    found = one_warning(hub.stress(stress=stress, **HEDGED), "no_scenario_loses")
    assert found["makes_insufficient"] is False
    assert signals(stress, **HEDGED) == []


def test_a_rally_in_addition_to_a_crash_has_no_warning(hub: Hub) -> None:
    stress = {"crash": {"shocks": {}, "default": -0.3}, "rally": {"shocks": {}, "default": 0.3}}
    assert codes(hub.stress(stress=stress)) == []
    assert signals(stress) == []


@pytest.mark.parametrize(
    ("own", "signal"), [(-0.9, [("hold", "not_computed")]), (-0.1, []), (0.9, [("reduce", "limit_exceeded")])]
)
def test_a_negative_loss_beyond_the_limit_asks_to_hold(
    hub: Hub, own: float, signal: list[tuple[str, str]]
) -> None:
    report = hub.stress(stress={"crash": {"loss": own}})
    assert ("own_loss_negative" in codes(report, meaningless=False)) is (own < 0)
    assert signals({"crash": {"loss": own}}) == signal


def test_a_negative_own_loss_next_to_a_computed_loss_causes_no_signal() -> None:
    assert signals({"rally": {"shocks": {}, "default": -0.1, "loss": -0.9}}) == []


@pytest.mark.parametrize(("named", "meaningless"), [("aapl", True), ("AA-PL", True), ("APPL", False)])
def test_an_id_of_other_case_hidden_by_the_default_makes_the_loss_meaningless(
    hub: Hub, named: str, *, meaningless: bool
) -> None:
    stress = {"crash": {"shocks": {named: -0.9, "MSFT": -0.1}, "default": 0.0}}
    found = one_warning(hub.stress(stress=stress), "shocks_unused")
    assert found["makes_insufficient"] is meaningless
    assert signals(stress) == ([("hold", "not_computed")] if meaningless else [])


@pytest.mark.parametrize(
    ("metrics", "found"),
    [
        ({"Loss": 0.9}, {"metric": "Loss", "read": "loss", "value": 0.9}),
        ({"maxDrawdown": 0.9}, {"metric": "maxDrawdown", "read": "max_drawdown", "value": 0.9}),
        ({"los": 0.9, "loss": 0.1}, None),
        ({"loss": 0.1, "max_drawdown": 0.2, "pnl": -0.1}, None),
    ],
)
def test_a_number_that_no_limit_reads_because_of_its_name_is_a_caution(
    hub: Hub, metrics: dict[str, float], found: dict[str, Any] | None
) -> None:
    report = hub.stress(stress={"crash": metrics})
    warnings = [each for each in report["warnings"] if each["code"] == "metric_misspelt"]
    assert [each["evidence"] for each in warnings] == [found] * (found is not None)
    assert not any(each["makes_insufficient"] for each in warnings)
