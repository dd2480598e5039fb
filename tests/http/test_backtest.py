"""GET …/risk/backtest over HTTP."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import product
from math import log
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from functions.evaluation.backtest import backtest_risk
from functions.evaluation.backtest.backtest_risk import StoredWeights
from risk_hub_contracts.base.problems import ProblemError
from risk_hub_contracts.base.times import format_instant
from risk_hub_contracts.reports.forecast import CrossSection
from tests.evaluation.backtest_samples import forecast
from tests.fakes.clock import START
from tests.fakes.gateway import Answer, Gateway
from tests.fakes.hub import Hub
from tests.fakes.samples import stored

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "contracts" / "schemas" / "backtest-report.json").read_text(encoding="utf-8")
)
PATH = "/risk-hub/worlds/w1/risk/backtest"
UNTIL = START + timedelta(days=30)
DAYS = 252


def read(api: Gateway, query: str = "stage=paper") -> Answer:
    return api("GET", f"{PATH}?{query}")


@pytest.fixture
def history(hub: Hub) -> Hub:
    """A year of forecasts, exceeded by every fiftieth return and by the last but one."""
    for number in range(DAYS):
        day = f"{date(2026, 1, 5) + timedelta(days=number):%m-%dT21}"
        loss = -0.02 if number % 50 == 49 or number == DAYS - 2 else 0.001
        hub.forecasts.put_once(forecast(day, {"A": loss, "B": loss}), UNTIL)
    return hub


def test_backtest_report_has_every_test_statistic(history: Hub) -> None:
    document = read(history.gateway()).json
    assert (document["observations"], document["exceedances"]) == (DAYS - 1, 6)
    assert document["expected_exceedances"] == pytest.approx(2.51)
    assert document["left_out"] == {
        "no_value_at_risk": 0,
        "no_realized_return": 1,
        "replaced": 0,
        "not_covered": 0,
    }
    assert document["kupiec"]["statistic"] == pytest.approx(3.5, abs=0.1)
    assert document["kupiec"]["reason"] is None
    stays, breaks, ends, lasts = 239, 5, 5, 1
    two_rates = (
        stays * log(stays / 244) + breaks * log(breaks / 244) + ends * log(ends / 6) + lasts * log(1 / 6)
    )
    one_rate = 244 * log(244 / 250) + 6 * log(6 / 250)
    assert document["independence"]["statistic"] == pytest.approx(2 * (two_rates - one_rate))
    total = document["kupiec"]["statistic"] + document["independence"]["statistic"]
    assert document["conditional_coverage"]["statistic"] == pytest.approx(total)
    assert (document["basel"]["zone"], document["basel"]["multiplier_increase"]) == ("yellow", 0.5)
    assert [day["date"] for day in document["days"]] == sorted(day["date"] for day in document["days"])


def test_backtest_reads_the_book_of_a_forecast_without_weights_only_for_returns_by_asset(hub: Hub) -> None:
    own = CrossSection(date=None, by_id=None, portfolio=-0.02)
    for day, version in (("01-05T21", "v1"), ("01-06T21", "v2")):
        given = forecast(day).model_copy(update={"weights": None, "realized": own, "version": version})
        hub.forecasts.put_once(given, UNTIL)
    hub.forecasts.put_once(forecast("01-07T21", {"A": -0.03, "B": 0.01}), UNTIL)
    without = read(hub.gateway()).json
    assert [day["realized_return"] for day in without["days"]] == [-0.02]
    assert without["left_out"]["not_covered"] == 1
    hub.snapshots.put_once(stored("v2", weights={"A": 0.5, "B": 0.5}), UNTIL)
    found = read(hub.gateway()).json
    assert [day["realized_return"] for day in found["days"]] == [-0.02, pytest.approx(-0.01)]


def test_backtest_refuses_a_period_that_needs_too_many_books_of_snapshots(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backtest_risk, "BACKTEST_KEY_READS_MAX_COUNT", 1)
    counted = StoredWeights(hub.snapshots)
    without = forecast("01-05T21").model_copy(update={"weights": None})
    assert counted(without) is None
    with pytest.raises(ProblemError, match="shorter period"):
        counted(without)


@pytest.mark.parametrize("query", ["stage=paper", "stage=paper&to=2026-02-28T00:00:00Z", "stage=live"])
def test_backtest_report_matches_the_published_schema(history: Hub, query: str) -> None:
    history.worlds.register("w1", "paper")
    jsonschema.validate(read(history.gateway(), query).json, SCHEMA)


def test_stored_return_that_overflows_leaves_its_day_out_of_the_backtest(
    history: Hub,
) -> None:
    """A forecast stored before such returns were rejected must not make the route fail permanently."""
    whole = read(history.gateway()).json
    key, stored = sorted(history.forecasts.rows.items())[100]
    huge = CrossSection(date=None, by_id={"A": 1.5e308, "B": -1.5e308}, portfolio=None)
    history.forecasts.rows[key] = stored.model_copy(update={"realized": huge})
    before = sorted(history.forecasts.rows)[99]
    history.forecasts.rows[before] = history.forecasts.rows[before].model_copy(
        update={"weights": {"A": 2.0, "B": -1.0}}
    )
    answer = read(history.gateway())
    assert answer.status == 200
    assert answer.json["observations"] == whole["observations"] - 1
    assert answer.json["independence"]["statistic"] != whole["independence"]["statistic"]
    assert answer.json["left_out"] == {**whole["left_out"], "not_covered": 1}


def test_too_few_days_give_counts_and_no_verdict(history: Hub) -> None:
    document = read(history.gateway(), "stage=paper&to=2026-02-28T00:00:00Z").json
    assert (document["observations"], document["exceedances"]) == (53, 1)
    for test in ("kupiec", "independence", "conditional_coverage"):
        assert document[test]["statistic"] is document[test]["p_value"] is None
        assert document[test]["reason"] == "too_few_observations"
    assert document["basel"]["zone"] is None


def test_basel_multiplier_increase_is_null_at_95_percent_confidence(hub: Hub) -> None:
    tail = {"method": "historical", "confidence_bps": 9500, "expected_shortfall": None, "reason": None}
    for number in range(DAYS):
        day = f"{date(2026, 1, 5) + timedelta(days=number):%m-%dT21}"
        hub.forecasts.put_once(forecast(day, 0.0, tails=[{**tail, "value_at_risk": 0.01}]), UNTIL)
    document = read(hub.gateway(), "stage=paper&method=historical&confidence_bps=9500").json
    assert (document["basel"]["zone"], document["basel"]["multiplier_increase"]) == ("green", None)
    assert document["kupiec"]["p_value"] < 1e-5
    assert document["independence"]["reason"] == "no_exceedance_has_a_next_day"


def test_c13_default_method_is_historical_upper_at_every_stored_confidence() -> None:
    """Thirty days from POST through the engine; each report has 100 returns, the last of them new."""
    world = Hub()
    returns = [0.01, -0.02, 0.005, 0.0, -0.004] * 26
    for day in range(30):
        world.clock.now = START + timedelta(days=day)
        as_of = format_instant(world.clock.now)
        world.risk(f"v{day}", as_of=as_of, realized_returns=returns[day : day + 100])
    for query, method, bps, value in (
        ("", "historical_upper", 9900, 0.02),
        ("&confidence_bps=9750", "historical_upper", 9750, 0.02),
        ("&method=historical&confidence_bps=9750", "historical", 9750, 0.02),
        ("&method=historical&confidence_bps=9500", "historical", 9500, 0.02),
    ):
        document = read(world.api, f"stage=paper{query}").json
        assert (document["method"], document["confidence_bps"]) == (method, bps)
        assert (document["observations"], document["left_out"]["no_realized_return"]) == (29, 1)
        assert document["days"][0]["value_at_risk"] == pytest.approx(value)


def test_c13_default_method_without_an_upper_value_is_parametric_normal(history: Hub) -> None:
    """Forecasts of an engine before 3.0 have no historical_upper."""
    assert read(history.gateway()).json["method"] == "parametric_normal"
    assert read(history.gateway(), "stage=live").status == 404


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("confidence_bps=9750", "/confidence_bps"),
        ("confidence_bps=9500", "/confidence_bps"),
        ("method=historical_upper", "/method"),
        ("method=legacy_v1", "/method"),
    ],
)
def test_c13_confidence_or_method_that_no_forecast_has_is_422_listing_the_stored_ones(
    history: Hub, query: str, pointer: str
) -> None:
    answer = read(history.gateway(), f"stage=paper&{query}")
    assert (answer.status, answer.slug, answer.pointers) == (422, "forecast-not-stored", [pointer])
    assert "stored in these forecasts: parametric_normal at 9900" in answer.json["detail"]


def test_confidence_that_only_a_superseded_forecast_has_is_422_saying_that_the_last_one_is_tested(
    hub: Hub,
) -> None:
    tail = {"method": "parametric_normal", "value_at_risk": 0.01, "expected_shortfall": None, "reason": None}
    for day in ("01-05", "01-06"):
        for hour, confidences in (("09", (9_750, 9_900)), ("21", (9_900,))):
            tails = [{**tail, "confidence_bps": bps} for bps in confidences]
            hub.forecasts.put_once(forecast(f"{day}T{hour}", 0.0, tails=tails), UNTIL)
    answer = read(hub.gateway(), "stage=paper&confidence_bps=9750")
    assert (answer.status, answer.slug) == (422, "forecast-not-stored")
    assert answer.json["detail"].startswith(
        "/confidence_bps: only the last forecast of each UTC date is tested, and none of the period has "
        "parametric_normal at 9750 basis points; stored in these forecasts: parametric_normal at 9900"
    )


def test_c13_stored_value_that_is_null_is_left_out_and_not_refused(hub: Hub) -> None:
    for day in ("01-05T21", "01-06T21"):
        hub.forecasts.put_once(forecast(day, 0.0, value_at_risk=None), UNTIL)
    document = read(hub.gateway()).json
    assert (document["observations"], document["left_out"]["no_value_at_risk"]) == (0, 1)
    assert document["largest_gap_days"] is None


def test_c13_forecasts_superseded_on_their_date_are_counted(hub: Hub) -> None:
    for day, hour in product(("01-05", "01-06", "01-07"), ("09", "15", "21")):
        hub.forecasts.put_once(forecast(f"{day}T{hour}", 0.0), UNTIL)
    document = read(hub.gateway()).json
    assert (document["observations"], document["superseded_same_date"]) == (2, 6)
    bounded = read(hub.gateway(), "stage=paper&from=2026-01-06T12:00:00Z").json
    assert (bounded["observations"], bounded["superseded_same_date"]) == (1, 3)
    hub.forecasts.page_rows = 0
    assert read(hub.gateway()).json["superseded_same_date"] is None


def test_c13_gap_of_thirty_days_is_shown_with_its_day(hub: Hub) -> None:
    for day in ("01-05T21", "01-06T21", "02-05T21", "02-06T21"):
        hub.forecasts.put_once(forecast(day, 0.0), UNTIL)
    document = read(hub.gateway()).json
    assert [day["gap_days"] for day in document["days"]] == [1, 30, 1]
    assert document["largest_gap_days"] == 30


def test_backtest_does_not_depend_on_the_page_size(history: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read(history.gateway()).json
    for size in (1, 7, DAYS, DAYS + 1):
        monkeypatch.setattr(backtest_risk, "PAGE_FORECASTS", size)
        assert read(history.gateway()).json == whole


def test_year_of_hourly_forecasts_is_backtested_on_the_last_of_each_day(hub: Hub) -> None:
    """6,000 forecasts, of which 250 are read: the limits apply to those."""
    given = forecast("01-05T00", {"A": 0.001, "B": 0.001})
    for hours in range(250 * 24):
        as_of = format_instant(datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=hours))
        changed = {"as_of": as_of, "created_at": as_of, "version": f"v{hours}"}
        hub.forecasts.put_once(given.model_copy(update=changed), UNTIL)
    answer = read(hub.gateway())
    assert (answer.status, answer.json.get("observations")) == (200, 249)
    assert {int(day["version"][1:]) % 24 for day in answer.json["days"]} == {23}


def test_a_period_that_takes_too_many_reads_is_refused(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for day, hour in product(("01-05", "01-06", "01-07"), ("09", "21")):
        hub.forecasts.put_once(forecast(f"{day}T{hour}", 0.0), UNTIL)
    monkeypatch.setattr(backtest_risk, "BACKTEST_KEY_READS_MAX_COUNT", 4)
    assert read(hub.gateway()).json["observations"] == 2
    monkeypatch.setattr(backtest_risk, "BACKTEST_KEY_READS_MAX_COUNT", 3)
    answer = read(hub.gateway())
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/from")


def test_from_and_to_bound_the_forecasts(history: Hub) -> None:
    query = "stage=PAPER&from=2026-01-06T21:00:00Z&to=2026-01-08T21:00:00Z"
    document = read(history.gateway(), query).json
    assert [day["date"] for day in document["days"]] == ["2026-01-06", "2026-01-07"]


def test_backtest_of_a_stage_without_forecasts_is_empty(history: Hub) -> None:
    history.worlds.register("w1", "paper")
    document = read(history.gateway(), "stage=live").json
    assert (document["observations"], document["days"]) == (0, [])


def test_backtest_of_an_unknown_world_is_404(hub: Hub) -> None:
    answer = read(hub.gateway())
    assert (answer.status, answer.json["type"]) == (404, "urn:risk-hub:problem:world-unknown")


@pytest.mark.parametrize(
    ("limit", "enough"),
    [("BACKTEST_FORECASTS_MAX_COUNT", DAYS), ("BACKTEST_POSITIONS_MAX_COUNT", 2 * DAYS)],
)
def test_period_with_too_many_forecasts_or_positions_is_refused(
    history: Hub, monkeypatch: pytest.MonkeyPatch, limit: str, enough: int
) -> None:
    monkeypatch.setattr(backtest_risk, limit, enough)
    assert read(history.gateway()).status == 200
    monkeypatch.setattr(backtest_risk, limit, enough - 1)
    answer = read(history.gateway())
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/from")
    assert "send a shorter period" in answer.json["detail"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "/stage"),
        ("stage=pa per", "/stage"),
        ("stage=paper&method=guess", "/method"),
        ("stage=paper&confidence_bps=0.99", "/confidence_bps"),
        ("stage=paper&confidence_bps=10000", "/confidence_bps"),
        ("stage=paper&confidence_bps=0", "/confidence_bps"),
        ("stage=paper&from=2026-01-05", "/from"),
        ("stage=paper&actor=gateway", "/actor"),
    ],
)
def test_invalid_backtest_query_is_400_naming_the_parameter(api: Gateway, query: str, pointer: str) -> None:
    answer = api("GET", f"{PATH}?{query}".rstrip("?"))
    errors: list[dict[str, Any]] = answer.json["errors"]
    assert (answer.status, [error["pointer"] for error in errors]) == (400, [pointer])


def test_backtest_needs_a_token(api: Gateway) -> None:
    assert api("GET", f"{PATH}?stage=paper", headers={"Authorization": None}).status == 401
