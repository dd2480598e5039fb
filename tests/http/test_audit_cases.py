"""Books that an audit sent: inputs that cannot be what they claim, and missing numbers, from POST to signal.

Each engine's own tests hold the details. These cases hold together: report, warnings, verdict and exit policy.
"""

from datetime import date, timedelta
from math import sqrt
from random import Random
from statistics import stdev
from typing import Any

import pytest

from tests.fakes.hub import SNAPSHOTS, Hub
from tests.http.report_facts import codes, number, tail, upper_covariance

DAILY_SIGMA = {"AAA": 0.010, "BBB": 0.014, "CCC": 0.008}
WEIGHTS = {"AAA": 0.5, "BBB": 0.3, "CCC": 0.2}
VAR_LIMIT = {
    "measure": "value_at_risk",
    "method": "historical_upper",
    "confidence_bps": 9500,
    "max_loss": 0.05,
}
VAR_POLICY: dict[str, Any] = {"version": "p1", "cool_down_seconds": 3600, "measures": [VAR_LIMIT]}


def business_days(count: int, last: date = date(2026, 1, 2), step_days: int = 1) -> list[str]:
    """Return dates, oldest first, without weekends; with `step_days` of 7, weekly ones."""
    days: list[date] = []
    while len(days) < count:
        if step_days > 1 or last.weekday() < 5:
            days.append(last)
        last -= timedelta(days=step_days)
    return [day.isoformat() for day in reversed(days)]


def returns_of(count: int = 300, **sigmas: float) -> dict[str, list[float]]:
    """Return normal returns with a common factor; the same arguments give the same numbers."""
    random = Random(20260105)
    market = [random.gauss(0, 1) for _ in range(count)]
    return {
        asset: [sigma * (0.6 * factor + 0.8 * random.gauss(0, 1)) for factor in market]
        for asset, sigma in (sigmas or DAILY_SIGMA).items()
    }


def scaled(returns: dict[str, list[float]], factor: float) -> dict[str, list[float]]:
    return {asset: [factor * value for value in values] for asset, values in returns.items()}


def dated(count: int = 300, **days: Any) -> dict[str, Any]:
    return {"frequency": "daily", "dates": business_days(count, **days)}


def sample_covariance(returns: dict[str, list[float]], factor: float = 1.0) -> dict[str, Any]:
    ids = list(returns)
    means = {asset: sum(values) / len(values) for asset, values in returns.items()}
    rows = [
        [
            factor
            * sum((x - means[a]) * (y - means[b]) for x, y in zip(returns[a], returns[b], strict=True))
            / (len(returns[a]) - 1)
            for b in ids
        ]
        for a in ids
    ]
    return upper_covariance(ids, rows)


def book_returns(returns: dict[str, list[float]]) -> list[float]:
    days = zip(*returns.values(), strict=True)
    return [sum(WEIGHTS[asset] * value for asset, value in zip(returns, day, strict=True)) for day in days]


def healthy() -> dict[str, Any]:
    """Return a book whose inputs are what they claim."""
    returns = returns_of()
    return {
        "weights": WEIGHTS,
        "covariance": sample_covariance(returns),
        "covariance_meta": {"estimated_at": "2026-01-03T00:00:00Z", "observations": 300},
        "realized_returns": returns,
        "returns_meta": dated(),
    }


def assert_meaningless(report: dict[str, Any], code: str) -> None:
    assert code in codes(report), report["warnings"]
    assert any(each["makes_insufficient"] for each in report["warnings"] if each["code"] == code)
    assert report["sufficiency"]["sufficient"] is False


def test_a_healthy_book_is_sufficient_and_has_no_warning() -> None:
    report = Hub().risk(**healthy())
    assert report["warnings"] == []
    assert report["sufficiency"]["sufficient"] is True
    assert report["status"] == "complete"


def test_returns_in_percent_are_warned_of_and_the_exit_policy_acts_on_the_warning() -> None:
    hub = Hub()
    assert hub.put_policy(**{**VAR_POLICY, "on_warning": {"returns_look_like_percent": "exit"}}).status == 201
    returns = scaled(returns_of(AAA=0.04, BBB=0.05, CCC=0.06), 100)
    report = hub.risk(weights=WEIGHTS, realized_returns=returns, returns_meta=dated())
    assert tail(report, "historical_upper", 9500)["value_at_risk"] > 1
    assert_meaningless(report, "returns_look_like_percent")
    warned = [each for each in hub.signals() if each["reason"] == "warned"]
    assert [each["action"] for each in warned] == ["exit"]


def test_returns_in_percent_of_a_quiet_book_are_warned_of() -> None:
    """A hundred times 1 % a day: VaR 232 % in the audit, and complete without any warning."""
    report = Hub().risk(weights=WEIGHTS, realized_returns=scaled(returns_of(), 100), returns_meta=dated())
    assert report["sufficiency"]["sufficient"] is False


def test_returns_in_percent_beside_a_covariance_of_fractions_name_both_scales() -> None:
    given = {**healthy(), "realized_returns": scaled(returns_of(), 100)}
    assert_meaningless(Hub().risk(**given), "scale_mismatch")


def test_prices_sent_as_returns_are_warned_of() -> None:
    prices = {
        asset: [100 + 10 * index + value for index, value in enumerate(values)]
        for asset, values in returns_of().items()
    }
    report = Hub().risk(weights=WEIGHTS, realized_returns=prices, returns_meta=dated())
    assert_meaningless(report, "returns_look_like_prices")
    assert "var_negative" in codes(report)


@pytest.mark.parametrize(
    ("factor", "cause"),
    [(252.0, "annualised"), (1e4, "percent"), (252.0 * 1e4, "annualised")],
    ids=["annualised covariance", "covariance in percent squared", "annualised and in percent squared"],
)
def test_a_covariance_of_another_scale_than_the_returns_is_warned_of(factor: float, cause: str) -> None:
    given = {**healthy(), "covariance": sample_covariance(returns_of(), factor)}
    report = Hub().risk(**given)
    assert_meaningless(report, "scale_mismatch")
    (warned,) = [each for each in report["warnings"] if each["code"] == "scale_mismatch"]
    assert cause in warned["likely_cause"]
    assert warned["evidence"]["ratio"] == pytest.approx(sqrt(factor), rel=1e-3)


def test_a_correlation_matrix_as_covariance_is_warned_of() -> None:
    correlations = [[1.0, 0.4, 0.4], [0.4, 1.0, 0.4], [0.4, 0.4, 1.0]]
    given = {**healthy(), "covariance": upper_covariance(list(WEIGHTS), correlations)}
    report = Hub().risk(**given)
    assert_meaningless(report, "scale_mismatch")
    assert any("correlation" in each["likely_cause"] for each in report["warnings"])


def test_a_loss_of_150_percent_on_a_long_only_asset_is_warned_of() -> None:
    returns = returns_of()
    returns["BBB"][150] = -1.5
    report = Hub().risk(**{**healthy(), "realized_returns": returns})
    assert_meaningless(report, "loss_exceeds_exposure")
    assert [each["subject"] for each in report["warnings"] if each["code"] == "loss_exceeds_exposure"] == [
        "BBB"
    ]


def test_the_same_loss_is_accepted_of_an_asset_that_may_lose_more_than_its_value() -> None:
    returns = returns_of()
    returns["BBB"][150] = -1.5
    given = {**healthy(), "realized_returns": returns, "portfolio": {"unlimited_loss": ["BBB"]}}
    assert "loss_exceeds_exposure" not in codes(Hub().risk(**given))


def test_a_price_that_never_moves_is_warned_of() -> None:
    returns = {**returns_of(), "CCC": [0.0] * 300}
    report = Hub().risk(**{**healthy(), "realized_returns": returns})
    assert_meaningless(report, "constant_prices")


@pytest.mark.parametrize("last", [date(2023, 1, 4), date(2018, 1, 4)], ids=["three years", "eight years"])
def test_returns_that_end_years_before_as_of_are_warned_of(last: date) -> None:
    hub = Hub()
    assert hub.put_policy(**{**VAR_POLICY, "on_warning": {"inputs_stale": "hold"}}).status == 201
    report = hub.risk(**{**healthy(), "returns_meta": dated(last=last)})
    assert_meaningless(report, "inputs_stale")
    assert [each["action"] for each in hub.signals() if each["reason"] == "warned"] == ["hold"]


def test_undated_returns_have_an_unknown_age_and_their_sharpe_ratio_is_not_annualised() -> None:
    returns = returns_of()
    report = Hub().risk(weights=WEIGHTS, realized_returns=returns)
    assert "age_unknown" in codes(report)
    assert report["sufficiency"]["sufficient"] is True
    (window,) = [each for each in report["windows"] if each["length"] == 90]
    last = book_returns(returns)[-90:]
    assert window["sharpe"] == pytest.approx(sum(last) / 90 / stdev(last), rel=1e-9)


def test_windows_of_a_weekly_book_have_enough_observations_and_52_periods_a_year() -> None:
    """500 days hold 72 weekly returns; the 30 days of a window hold only five of them."""
    returns = returns_of(72)
    report = Hub().risk(
        weights=WEIGHTS,
        realized_returns=returns,
        returns_meta={"frequency": "weekly", "dates": business_days(72, step_days=7)},
    )
    (window,) = [each for each in report["windows"] if each["length"] == 30]
    assert window["observations"] >= 20
    last = book_returns(returns)[-window["observations"] :]
    assert window["sharpe"] == pytest.approx(sum(last) / len(last) / stdev(last) * sqrt(52), rel=1e-9)


def test_a_window_of_30_days_in_january_has_a_sharpe_ratio() -> None:
    """Thirty calendar days hold 19 trading days around the new year; the statistics need 20."""
    holidays = {"2025-12-25", "2026-01-01", "2025-12-24", "2025-12-26"}
    days = [day for day in business_days(304) if day not in holidays]
    returns = returns_of(len(days))
    report = Hub().risk(
        weights=WEIGHTS, realized_returns=returns, returns_meta={"frequency": "daily", "dates": days}
    )
    (window,) = [each for each in report["windows"] if each["length"] == 30]
    assert window["sharpe"] is not None
    assert window["observations"] >= 20


def test_volatility_of_a_bill_heavy_book_is_the_sample_volatility_of_its_returns() -> None:
    """Shrinkage towards a scaled identity poured equity variance into bills: 56 times the deviation."""
    returns = returns_of(60, BILL=0.00005, AAA=0.02, BBB=0.02, CCC=0.02, DDD=0.02, EEE=0.02, FFF=0.02)
    weights = {"BILL": 0.994, **dict.fromkeys(("AAA", "BBB", "CCC", "DDD", "EEE", "FFF"), 0.001)}
    report = Hub().risk(weights=weights, realized_returns=returns, returns_meta=dated(60))
    days = zip(*returns.values(), strict=True)
    own = [sum(weights[asset] * value for asset, value in zip(returns, day, strict=True)) for day in days]
    sigma = number(report, "volatility", "parametric_normal", None)
    assert sigma == pytest.approx(stdev(own), rel=1e-9)
    (bill,) = [each for each in report["contributions"]["largest"] if each["id"] == "BILL"]
    assert abs(bill["component"]) < 0.5 * report["contributions"]["value_at_risk"]


def test_a_missing_observation_is_never_read_as_a_return_of_zero() -> None:
    returns: dict[str, Any] = returns_of()
    complete = {asset: values[:10] + values[11:] for asset, values in returns.items()}
    days = business_days(300)
    given: dict[str, Any] = {"weights": WEIGHTS, "returns_meta": {"frequency": "daily", "dates": days}}
    without = {**given, "returns_meta": {"frequency": "daily", "dates": days[:10] + days[11:]}}
    wanted = Hub().risk(**without, realized_returns=complete)
    returns["BBB"][10] = None
    found = Hub().risk(**given, realized_returns=returns)
    assert [row["value_at_risk"] for row in found["tails"]] == [
        row["value_at_risk"] for row in wanted["tails"]
    ]
    assert tail(found, "historical_upper", 9900)["observations"] == 299


@pytest.mark.parametrize("order", ["newest first", "shuffled"])
def test_the_drawdown_of_a_falling_book_does_not_depend_on_the_order_of_its_dates(order: str) -> None:
    """Dates from the newest to the oldest were dropped: a drawdown of 3.6 % instead of 37.8 %."""
    falling = {asset: [value - 0.005 for value in values] for asset, values in returns_of().items()}
    days = business_days(300)
    positions = list(range(300))[::-1] if order == "newest first" else Random(3).sample(range(300), 300)
    wanted = Hub().risk(
        weights=WEIGHTS, realized_returns=falling, returns_meta={"frequency": "daily", "dates": days}
    )
    found = Hub().risk(
        weights=WEIGHTS,
        realized_returns={asset: [values[each] for each in positions] for asset, values in falling.items()},
        returns_meta={"frequency": "daily", "dates": [days[each] for each in positions]},
    )
    assert found["windows"] == wanted["windows"]


def test_a_covariance_that_is_refused_holds_the_strategy() -> None:
    """Volatilities alone give a value at risk of 38 %, but the matrix is not positive semidefinite."""
    variance = 0.163**2
    indefinite = [
        [variance, variance, -variance],
        [variance, variance, variance],
        [-variance, variance, variance],
    ]
    hub = Hub()
    report = hub.risk(weights=WEIGHTS, covariance=upper_covariance(list(WEIGHTS), indefinite))
    assert report["status"] == "invalid_input"
    assert {(each["action"], each["reason"]) for each in hub.signals()} == {("hold", "not_computed")}


def test_a_covered_stress_loss_that_alone_passes_the_limit_fires() -> None:
    """One position of 1 % has no shock; the others lose 89 %."""
    hub = Hub()
    report = hub.stress(weights={"AAA": 0.99, "BBB": 0.01}, stress={"crash": {"shocks": {"AAA": -0.9}}})
    (loss,) = report["losses"]
    assert loss["value"] is None
    assert loss["covered_value"] == pytest.approx(0.891)
    fired = [each for each in hub.signals() if each["reason"] == "limit_exceeded"]
    assert [each["rule"].startswith("worst_stress") for each in fired] == [True]


def test_the_producers_own_loss_counts_against_the_stress_limit() -> None:
    hub = Hub()
    hub.stress(weights={"AAA": 1.0}, stress={"desk": {"loss": 0.9}})
    assert [each["reason"] for each in hub.signals()] == ["limit_exceeded"]


def test_a_book_of_cash_alone_has_no_risk_and_is_sufficient() -> None:
    report = Hub().risk(weights={"AAA": 0.0}, portfolio={"cash": 1})
    assert report["riskless"] is True
    assert report["sufficiency"]["sufficient"] is True
    assert {row["value_at_risk"] for row in report["tails"]} == {0.0}


def test_incremental_var_of_a_long_short_book_is_no_larger_than_the_position_alone() -> None:
    """The rescaled number was -91 % for a book whose VaR is a few percent."""
    weights = {"AAA": 1.0, "BBB": 0.95, "CCC": -0.95}
    report = Hub().risk(**{**healthy(), "weights": weights})
    for each in report["contributions"]["largest"]:
        alone = 2.3263478740408408 * abs(each["weight"]) * 0.02
        assert abs(each["incremental"]) <= alone


def test_a_misspelt_asset_in_the_shocks_is_warned_of() -> None:
    report = Hub().stress(weights={"AAA": 1.0}, stress={"crash": {"shocks": {"AAAA": -0.5}, "default": 0.0}})
    assert "shocks_unused" in codes(report)


def test_a_shock_of_minus_30_is_refused() -> None:
    answer = Hub().post(weights={"AAA": 1.0}, stress={"crash": {"shocks": {"AAA": -30.0}}})
    assert answer.status == 422
    assert answer.pointers == ["/stress/crash/shocks/AAA"]


@pytest.mark.parametrize(
    "limit",
    [
        {"measure": "value_at_risk", "method": "legacy_v1", "confidence_bps": 9900, "max_loss": 0.1},
        {"measure": "value_at_risk", "method": "historical", "max_loss": 0.1},
    ],
    ids=["a method that is off", "no confidence"],
)
def test_a_policy_that_can_never_fire_is_refused(limit: dict[str, Any]) -> None:
    policy = {"version": "p1", "cool_down_seconds": 60, "measures": [limit]}
    answer = Hub().api("PUT", "/risk-hub/worlds/w1/exit-policy?stage=paper", policy)
    assert answer.status == 422


def test_a_backtest_at_a_confidence_that_no_report_has_is_refused() -> None:
    hub = Hub()
    hub.publish(**healthy())
    answer = hub.api("GET", "/risk-hub/worlds/w1/risk/backtest?stage=paper&confidence_bps=9777")
    assert answer.status in {400, 404, 422}, answer.body


def test_a_snapshot_older_than_the_latest_gives_no_signal() -> None:
    hub = Hub()
    assert hub.put_policy(**{**VAR_POLICY, "measures": [{**VAR_LIMIT, "max_loss": 0.0001}]}).status == 201
    hub.publish("v2", **healthy())
    first = hub.signals()
    hub.publish("v1", **{**healthy(), "as_of": "2026-01-04T15:59:00Z", "returns_meta": dated()})
    assert hub.api("GET", f"{SNAPSHOTS}/v1/risk").status == 200
    assert first
    assert hub.signals() == first


def test_a_drawdown_limit_is_judged_on_the_track_record_and_not_on_todays_weights() -> None:
    """Today's weights would have fallen little; the portfolio itself lost 40 %."""
    hub = Hub()
    limit = {"window": 60, "max_loss": 0.2, "action": "exit"}
    assert hub.put_policy(cool_down_seconds=60, drawdown=[limit]).status == 201
    report = hub.risk(**healthy(), portfolio_returns={"nav": [100.0 - day for day in range(41)]})
    (pro_forma,) = [each for each in report["windows"] if each["length"] == 60]
    assert pro_forma["max_drawdown"] < 0.2
    assert pro_forma["returns_basis"] == "pro_forma"
    (record,) = [each for each in report["track_record"]["windows"] if each["length"] == 60]
    assert record["max_drawdown"] == pytest.approx(0.4)
    assert [(each["rule"], each["action"]) for each in hub.signals()] == [("max_drawdown.60.exit", "exit")]


def test_a_risk_that_grows_within_the_cool_down_signals_again() -> None:
    """A value at risk of 10.1 % asks to reduce by 1 %; three minutes later it is 60 %."""
    hub = Hub()
    for minute, var in ((0, 0.101), (3, 0.6)):
        covariance = upper_covariance(["AAA"], [[(var / 2.3263478740408408) ** 2]])
        as_of = f"2026-01-05T12:0{minute}:00Z"
        hub.publish(f"v{minute}", as_of=as_of, weights={"AAA": 1.0}, covariance=covariance)
        hub.clock.advance(minutes=3)
    ratios = [each["ratio"] for each in hub.signals() if each["rule"].startswith("value_at_risk")]
    assert ratios == [pytest.approx(1 - 0.1 / 0.101), pytest.approx(1 - 0.1 / 0.6)]


def test_backfilled_days_give_no_signal() -> None:
    """Forty past days gave forty signals to hold."""
    hub = Hub()
    for day in business_days(5, last=date(2025, 12, 31)):
        fields: dict[str, Any] = {"as_of": f"{day}T21:00:00Z", "provenance": {"source": "backfill"}}
        hub.publish(day, **fields, weights={"AAA": 1.0}, covariance=upper_covariance(["AAA"], [[0.04]]))
        assert hub.api("GET", f"{SNAPSHOTS}/{day}/risk").status == 200
    assert hub.signals() == []


def test_the_receipt_of_a_report_with_every_optional_input_verifies_bit_for_bit() -> None:
    hub, returns = Hub(), returns_of()
    indefinite = [[1e-4, 1e-4, 0.0], [1e-4, 1e-4, 1e-4], [0.0, 1e-4, 1e-4]]
    gaps: dict[str, Any] = {**returns, "BBB": [None, *returns["BBB"][1:]]}
    report = hub.risk(
        weights={asset: 0.9 * weight for asset, weight in WEIGHTS.items()},
        portfolio={"nav": 25_000_000, "currency": "EUR", "cash": 0.1, "unlimited_loss": ["CCC"]},
        covariance=upper_covariance(list(WEIGHTS), indefinite),
        covariance_meta={"estimated_at": "2026-01-03T00:00:00Z", "observations": 300},
        realized_returns=gaps,
        returns_meta=dated(),
        portfolio_returns={"returns": book_returns(returns)},
        risk={
            "confidences_bps": [9000, 9750],
            "covariance_repair": "nearest_correlation",
            "covariance_repair_max_change": 0.5,
            "missing": "available_case",
        },
    )
    assert report["repair"]["applied"] is True
    assert report["sufficiency"]["missing"]["dropped_periods"] == 1
    assert {row["confidence_bps"] for row in report["tails"]} == {9000, 9750}
    verified = hub.verify("w1", "v1")
    assert verified.equal, verified.differences
