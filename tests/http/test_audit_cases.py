"""Books that an audit sent, from POST to signal: the report, its warnings, its verdict and the exit policy agree.

A case of one warning, measure or limit alone is in the test file of that subject.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from tests.fakes.hub import SNAPSHOTS, Hub
from tests.http.report_facts import codes, tail, upper_covariance

DAILY_SIGMA = {"AAA": 0.010, "BBB": 0.014, "CCC": 0.008}
WEIGHTS = {"AAA": 0.5, "BBB": 0.3, "CCC": 0.2}
VAR_LIMIT = {
    "measure": "value_at_risk",
    "method": "historical_upper",
    "confidence_bps": 9500,
    "max_loss": 0.05,
}
VAR_POLICY: dict[str, Any] = {"version": "p1", "cool_down_seconds": 3600, "measures": [VAR_LIMIT]}


def business_days(count: int, last: date = date(2026, 1, 2)) -> list[str]:
    """Return dates, oldest first, without weekends."""
    days: list[date] = []
    while len(days) < count:
        if last.weekday() < 5:
            days.append(last)
        last -= timedelta(days=1)
    return [day.isoformat() for day in reversed(days)]


def returns_of(**sigmas: float) -> dict[str, list[float]]:
    """Return normal returns with a common factor; the same arguments give the same numbers."""
    random = Random(20260105)
    market = [random.gauss(0, 1) for _ in range(300)]
    return {
        asset: [sigma * (0.6 * factor + 0.8 * random.gauss(0, 1)) for factor in market]
        for asset, sigma in (sigmas or DAILY_SIGMA).items()
    }


def scaled(returns: dict[str, list[float]], factor: float) -> dict[str, list[float]]:
    return {asset: [factor * value for value in values] for asset, values in returns.items()}


def dated(**days: Any) -> dict[str, Any]:
    return {"frequency": "daily", "dates": business_days(300, **days)}


def sample_covariance(returns: dict[str, list[float]]) -> dict[str, Any]:
    ids = list(returns)
    means = {asset: sum(values) / len(values) for asset, values in returns.items()}
    rows = [
        [
            sum((x - means[a]) * (y - means[b]) for x, y in zip(returns[a], returns[b], strict=True))
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
    warned = [each for each in hub.signals() if each["cause"] == "warned"]
    assert [each["action"] for each in warned] == ["exit"]


def test_returns_in_percent_of_a_quiet_book_are_warned_of() -> None:
    """A hundred times 1 % a day: VaR 232 % in the audit, and complete without any warning."""
    report = Hub().risk(weights=WEIGHTS, realized_returns=scaled(returns_of(), 100), returns_meta=dated())
    assert_meaningless(report, "returns_look_like_percent")


def test_returns_in_percent_with_a_covariance_of_fractions_have_a_scale_mismatch() -> None:
    given = {**healthy(), "realized_returns": scaled(returns_of(), 100)}
    assert_meaningless(Hub().risk(**given), "scale_mismatch")


@pytest.mark.parametrize("last", [date(2023, 1, 4), date(2018, 1, 4)], ids=["three years", "eight years"])
def test_returns_that_end_years_before_as_of_are_warned_of(last: date) -> None:
    hub = Hub()
    assert hub.put_policy(**{**VAR_POLICY, "on_warning": {"inputs_stale": "hold"}}).status == 201
    report = hub.risk(**{**healthy(), "returns_meta": dated(last=last)})
    assert_meaningless(report, "inputs_stale")
    assert [each["action"] for each in hub.signals() if each["cause"] == "warned"] == ["hold"]


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
    assert {(each["action"], each["cause"]) for each in hub.signals()} == {("hold", "not_computed")}


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
