"""Assignment of returns to the forecasts that they test."""

from typing import Any

import pytest

from functions.evaluation.backtest.days import BacktestSample, pair_with_returns
from risk_hub_contracts.base.limits import RETURN_MAX_ABS
from risk_hub_contracts.reports.forecast import Forecast
from tests.evaluation.backtest_samples import forecast

LOSS = {"A": -0.03, "B": 0.01}
GAIN = {"A": 0.01, "B": 0.01}


def judged(*forecasts: Forecast) -> BacktestSample:
    return pair_with_returns(reversed(forecasts), "parametric_normal", 9900, own_weights)


def own_weights(forecast: Forecast) -> dict[str, float] | None:
    return forecast.weights


def left_out(found: BacktestSample) -> dict[str, int]:
    return {reason: count for reason, count in found.left_out.items() if count}


def test_forecast_is_paired_with_the_next_days_return_at_its_own_weights() -> None:
    moved = {"A": 0.1, "B": 0.9}
    found = judged(forecast("01-05T21", GAIN), forecast("01-06T21", LOSS, weights=moved))
    [day] = found.days
    assert (day.date, day.version, day.value_at_risk) == ("2026-01-05", "v01-05T21", 0.01)
    assert (day.realized_date, day.realized_version) == ("2026-01-06", "v01-06T21")
    assert day.realized_return == pytest.approx(0.6 * -0.03 + 0.4 * 0.01, rel=1e-15)
    assert day.exceeded
    assert left_out(found) == {"no_realized_return": 1}


@pytest.mark.parametrize(("later", "gap_days"), [("01-06T21", 1), ("01-12T21", 7), ("02-04T21", 30)])
def test_gap_days_count_the_calendar_days_from_forecast_to_return(later: str, gap_days: int) -> None:
    assert judged(forecast("01-05T21"), forecast(later, -0.02)).days[0].gap_days == gap_days


def test_a_loss_as_large_as_the_forecast_does_not_exceed_it() -> None:
    found = judged(forecast("01-05T21"), forecast("01-06T21", -0.01), forecast("01-07T21", -0.010000001))
    assert [day.exceeded for day in found.days] == [False, True]


def test_portfolio_return_is_used_unweighted() -> None:
    assert judged(forecast("01-05T21"), forecast("01-06T21", -0.02)).days[0].realized_return == -0.02


def test_return_with_a_repeated_date_is_not_paired_and_the_earlier_forecast_is_replaced() -> None:
    friday = forecast("01-09T21", GAIN, dated="2026-01-09")
    saturday = forecast("01-10T21", GAIN, dated="2026-01-09")
    monday = forecast("01-12T21", LOSS, dated="2026-01-12")
    found = judged(friday, saturday, monday)
    assert [(day.version, day.realized_date) for day in found.days] == [("v01-10T21", "2026-01-12")]
    assert left_out(found) == {"replaced": 1, "no_realized_return": 1}


def test_morning_forecast_is_paired_with_the_same_days_return() -> None:
    morning = forecast("01-06T08", GAIN, dated="2026-01-05")
    next_morning = forecast("01-07T08", LOSS, dated="2026-01-06")
    [day] = judged(morning, next_morning).days
    assert (day.date, day.realized_date, day.exceeded) == ("2026-01-06", "2026-01-06", True)


def test_return_dated_before_the_forecast_is_not_paired() -> None:
    """The forecast of the 12th had seen the 5th; the 7th came late and is new, but does not test it."""
    seen_late = forecast("01-12T21", GAIN, dated="2026-01-05")
    found = judged(seen_late, forecast("01-13T21", LOSS, dated="2026-01-07"))
    assert (found.days, left_out(found)) == ([], {"replaced": 1, "no_realized_return": 1})
    for date in ("2026-01-12", "2026-01-13"):
        assert judged(seen_late, forecast("01-13T21", LOSS, dated=date)).days


def test_forecast_without_returns_is_only_paired_with_a_return_dated_after_it() -> None:
    bare = forecast("01-05T21")
    assert not judged(bare, forecast("01-06T21", LOSS, dated="2026-01-05")).days
    assert judged(bare, forecast("01-06T21", LOSS, dated="2026-01-06")).days


@pytest.mark.parametrize(
    ("before", "returns", "reason"),
    [
        ({"value_at_risk": None}, LOSS, "no_value_at_risk"),
        ({"tails": []}, LOSS, "no_value_at_risk"),
        ({}, {"A": -0.03}, "not_covered"),
        ({}, {"A": 1.5e308, "B": 1.5e308}, "not_covered"),
        ({}, {"A": 0.01, "B": -1e6 * (1 + 1e-15)}, "not_covered"),
        ({}, -1e10, "not_covered"),
        ({}, None, "replaced"),
    ],
)
def test_unpaired_forecasts_are_counted_by_reason(before: dict[str, Any], returns: Any, reason: str) -> None:
    found = judged(forecast("01-05T21", **before), forecast("01-06T21", returns))
    assert found.days == []
    assert left_out(found) == {reason: 1, "no_realized_return": 1}


def test_return_at_the_size_limit_is_paired() -> None:
    weights = {"A": 2.0, "B": -1.0}
    at_limit = {"A": RETURN_MAX_ABS, "B": -RETURN_MAX_ABS}
    [day] = judged(forecast("01-05T21", weights=weights), forecast("01-06T21", at_limit)).days
    assert day.realized_return == 3 * RETURN_MAX_ABS


def test_a_position_of_zero_needs_no_return() -> None:
    assert judged(forecast("01-05T21", weights={"A": 1.0, "B": 0.0}), forecast("01-06T21", {"A": 0.0})).days


def test_forecasts_of_another_method_or_confidence_are_not_paired() -> None:
    days = (forecast("01-06T21", LOSS), forecast("01-05T21"))
    assert not pair_with_returns(days, "historical", 9900, own_weights).days
    assert not pair_with_returns(days, "parametric_normal", 9500, own_weights).days


def test_forecasts_created_after_their_return_are_counted_as_in_hindsight() -> None:
    late = forecast("01-05T21", created_at="2026-01-06T21:00:00.000000Z")
    in_time = forecast("01-06T21", GAIN, created_at="2026-01-07T20:59:59.999999Z")
    found = judged(late, in_time, forecast("01-07T21", GAIN))
    assert (len(found.days), found.in_hindsight) == (2, 1)


def test_left_out_day_is_a_gap_in_the_hit_sequence() -> None:
    bare = forecast("01-06T21", LOSS, value_at_risk=None)
    found = judged(forecast("01-05T21"), bare, forecast("01-07T21", GAIN), forecast("01-08T21", GAIN))
    assert found.hits == [True, None, False, None]
    assert [day.exceeded for day in found.days] == [True, False]


def test_forecast_before_a_gap_is_paired_with_the_next_snapshots_last_return() -> None:
    """The hub does not know a producer's calendar: the dates show how long the silence was."""
    [day] = judged(forecast("01-05T21"), forecast("01-19T21", LOSS, dated="2026-01-19")).days
    assert (day.date, day.realized_date) == ("2026-01-05", "2026-01-19")


def test_no_forecasts_give_an_empty_result() -> None:
    assert judged() == BacktestSample("parametric_normal", 9900)
