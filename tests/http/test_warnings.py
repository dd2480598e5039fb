"""Warnings of a risk report over HTTP: inputs that cannot be what they claim, and real books that are fine."""

import json
from datetime import date, timedelta
from math import sqrt
from typing import Any

import numpy as np
import pytest

from infra.local.sample import SAMPLE_FILE
from risk_hub_contracts.blob.write import encode_returns
from tests.fakes.hub import Hub
from tests.http.report_facts import codes, one_warning

SAMPLE = json.loads(SAMPLE_FILE.read_text(encoding="utf-8"))
WEIGHTS: dict[str, float] = SAMPLE["weights"]
IDS = list(WEIGHTS)
RETURNS = np.array([SAMPLE["realized_returns"][asset] for asset in IDS])
COVARIANCE = np.cov(RETURNS)
AGE_CODES = {"age_unknown", "covariance_age_unknown"}


def real(returns: Any = RETURNS, covariance: Any = COVARIANCE, **fields: Any) -> dict[str, Any]:
    """Return the real book of 20 equities; None leaves an input out."""
    given = {"weights": WEIGHTS, **fields}
    if returns is not None:
        given["realized_returns"] = dict(zip(IDS, np.asarray(returns).tolist(), strict=True))
    if covariance is not None:
        given["covariance"] = {"ids": IDS, "matrix": np.asarray(covariance).tolist()}
    return given


def with_series(asset: str, values: Any) -> Any:
    changed = RETURNS.copy()
    changed[IDS.index(asset)] = values
    return changed


def test_real_book_has_only_cautions_about_age(hub: Hub) -> None:
    report = hub.risk(**real())
    assert set(codes(report)) == AGE_CODES
    assert codes(report, meaningless=True) == []
    assert report["sufficiency"]["sufficient"] is True


@pytest.mark.parametrize("days", [20, 60, 250])
def test_no_regime_of_the_real_book_makes_its_report_insufficient(hub: Hub, days: int) -> None:
    """The sample holds the crash of March 2020: 20 days of it against the covariance of three years."""
    for number, end in enumerate(range(days, RETURNS.shape[1], 47)):
        report = hub.risk(version=f"v{number}", **real(RETURNS[:, end - days : end]))
        assert codes(report, meaningless=True) == []


def test_half_or_double_volatility_gives_no_scale_mismatch(hub: Hub) -> None:
    for version, factor in (("calm", 4.0), ("turbulent", 0.25)):
        report = hub.risk(version=version, **real(covariance=COVARIANCE * factor))
        assert "scale_mismatch" not in codes(report)


@pytest.mark.parametrize(
    ("factor", "cause"),
    [
        (252, "the covariance is annualised and the returns are daily"),
        (1e4, "the covariance is in percent squared and the returns are fractions"),
        (252e4, "the covariance is annualised and in percent squared"),
        (1e8, "the covariance is in basis points squared and the returns are fractions"),
        (1e-4, "the returns are in percent and the covariance is of fractions"),
        (400, "the covariance is annualised and the returns are daily"),
    ],
)
def test_covariance_of_another_scale_is_named_and_makes_the_report_insufficient(
    hub: Hub, factor: float, cause: str
) -> None:
    report = hub.risk(**real(covariance=COVARIANCE * factor))
    found = one_warning(report, "scale_mismatch")
    assert (found["subject"], found["likely_cause"], found["makes_insufficient"]) == (
        "covariance",
        cause,
        True,
    )
    assert found["evidence"]["ratio"] == pytest.approx(sqrt(factor), rel=1e-5)
    assert (found["evidence"]["ratio_max"], found["evidence"]["assets_compared"]) == (3.0, 20)
    assert report["sufficiency"]["sufficient"] is False


def test_scale_between_a_regime_and_nonsense_is_a_caution(hub: Hub) -> None:
    report = hub.risk(**real(covariance=COVARIANCE * 52))
    found = one_warning(report, "scale_mismatch")
    assert (found["makes_insufficient"], found["likely_cause"]) == (
        False,
        "the covariance is annualised from weekly returns",
    )
    assert report["sufficiency"]["sufficient"] is True


@pytest.mark.parametrize("returns", [RETURNS, None], ids=["with returns", "without returns"])
def test_correlation_matrix_as_covariance_makes_the_report_insufficient(hub: Hub, returns: Any) -> None:
    report = hub.risk(**real(returns, np.corrcoef(RETURNS)))
    found = one_warning(report, "scale_mismatch")
    assert found["likely_cause"] == "the covariance is a correlation matrix: every variance is 1"
    assert found["makes_insufficient"] is True
    assert report["sufficiency"]["sufficient"] is False


def of_another_scale(asset: str, factor: float) -> Any:
    sizes = np.ones(len(IDS))
    sizes[IDS.index(asset)] = factor
    return COVARIANCE * np.outer(sizes, sizes)


def test_one_position_of_another_scale_is_a_caution_that_names_it(hub: Hub) -> None:
    report = hub.risk(**real(covariance=of_another_scale("KO", 0.01)))
    found = one_warning(report, "scale_mismatch")
    assert (found["subject"], found["makes_insufficient"]) == ("KO", False)
    assert found["evidence"]["ratio"] == pytest.approx(0.01, rel=1e-5)


@pytest.mark.parametrize(("factor", "meaningless"), [(100.0, False), (1_000.0, True)])
def test_one_position_whose_scale_decides_the_volatility_of_the_book_is_named_with_the_book(
    hub: Hub, factor: float, *, meaningless: bool
) -> None:
    report = hub.risk(**real(covariance=of_another_scale("KO", factor)))
    asset, whole = (each for each in report["warnings"] if each["code"] == "scale_mismatch")
    assert (asset["subject"], asset["makes_insufficient"]) == ("KO", False)
    assert (whole["subject"], whole["makes_insufficient"]) == (None, meaningless)
    ratio = whole["evidence"]["given_deviation"] / whole["evidence"]["realized_deviation"]
    assert whole["evidence"]["ratio"] == pytest.approx(ratio, rel=1e-4)
    assert report["sufficiency"]["sufficient"] is not meaningless


def test_prices_as_returns_make_the_report_insufficient(hub: Hub) -> None:
    prices = 100 * np.cumprod(1 + RETURNS, axis=1)
    report = hub.risk(**real(prices, None))
    found = [each for each in report["warnings"] if each["code"] == "returns_look_like_prices"]
    assert len(found) == 10
    assert {each["evidence"]["assets_affected"] for each in found} == {20}
    assert "var_negative" in codes(report)
    assert report["sufficiency"]["sufficient"] is False


def test_one_price_series_among_returns_is_named(hub: Hub) -> None:
    report = hub.risk(**real(with_series("KO", 50 * np.cumprod(1 + RETURNS[0]))))
    found = one_warning(report, "returns_look_like_prices")
    assert (found["subject"], found["makes_insufficient"]) == ("KO", True)
    assert found["evidence"]["median_return_max"] == 0.2


def test_returns_in_percent_make_the_report_insufficient(hub: Hub) -> None:
    report = hub.risk(**real(100 * RETURNS, 1e4 * COVARIANCE))
    found = [each for each in report["warnings"] if each["code"] == "returns_look_like_percent"]
    assert found
    assert {each["makes_insufficient"] for each in found} == {True}
    assert "loss_exceeds_exposure" in codes(report, meaningless=True)
    assert report["sufficiency"]["sufficient"] is False


def test_bare_series_in_percent_makes_the_report_insufficient(hub: Hub) -> None:
    series = (100 * RETURNS.mean(axis=0)).tolist()
    report = hub.risk(weights=WEIGHTS, realized_returns=series)
    found = one_warning(report, "returns_look_like_percent")
    assert (found["subject"], found["makes_insufficient"]) == ("realized_returns", True)


def test_loss_beyond_the_value_of_an_asset_makes_the_report_insufficient(hub: Hub) -> None:
    series = RETURNS[IDS.index("KO")].copy()
    series[300] = -1.5
    report = hub.risk(**real(with_series("KO", series)))
    found = one_warning(report, "loss_exceeds_exposure")
    assert (found["subject"], found["makes_insufficient"]) == ("KO", True)
    assert found["evidence"]["least_return"] == -1.5
    assert found["evidence"]["least_return_min"] == -1.0
    assert report["sufficiency"]["sufficient"] is False


def test_value_at_risk_beyond_the_gross_exposure_makes_the_report_insufficient(hub: Hub) -> None:
    report = hub.risk(**real(None, COVARIANCE * 2e3))
    found = one_warning(report, "loss_exceeds_exposure")
    assert found["evidence"]["value_at_risk"] > found["evidence"]["gross_exposure"] == pytest.approx(1)
    assert (found["evidence"]["method"], found["evidence"]["confidence_bps"]) == ("parametric_normal", 9900)
    assert report["sufficiency"]["sufficient"] is False


def test_money_market_book_has_a_caution_about_its_negative_value_at_risk(hub: Hub) -> None:
    bills = (0.0001 + 0.00002 * np.sin(np.arange(250))).tolist()
    report = hub.risk(weights={"BIL": 1.0}, realized_returns={"BIL": bills})
    assert codes(report, meaningless=True) == []
    found = one_warning(report, "var_negative")
    assert found["evidence"]["value_at_risk"] < 0
    assert report["sufficiency"]["sufficient"] is True


def test_price_that_never_moves_despite_its_variance_makes_a_large_position_meaningless(hub: Hub) -> None:
    weights = {**{asset: weight * 0.8 for asset, weight in WEIGHTS.items()}}
    weights["KO"] = 1 - sum(weight for asset, weight in weights.items() if asset != "KO")
    report = hub.risk(**{**real(with_series("KO", 0.0)), "weights": weights})
    found = one_warning(report, "constant_prices")
    assert (found["subject"], found["makes_insufficient"]) == ("KO", True)
    assert found["evidence"]["zero_share"] == 1.0
    assert report["sufficiency"]["sufficient"] is False


def test_cash_with_a_variance_of_zero_has_no_constant_prices_warning(hub: Hub) -> None:
    ids, weights = [*IDS, "USD"], {**{asset: weight / 2 for asset, weight in WEIGHTS.items()}, "USD": 0.5}
    covariance = np.zeros((21, 21))
    covariance[:20, :20] = COVARIANCE
    returns = dict(zip(ids, [*RETURNS.tolist(), [0.0] * RETURNS.shape[1]], strict=True))
    given = {"ids": ids, "matrix": covariance.tolist()}
    report = hub.risk(weights=weights, covariance=given, realized_returns=returns)
    assert "constant_prices" not in codes(report)
    without = hub.risk(version="v2", weights=weights, realized_returns=returns)
    assert one_warning(without, "constant_prices")["makes_insufficient"] is False


def test_price_that_stopped_moving_is_a_caution(hub: Hub) -> None:
    series = RETURNS[IDS.index("KO")].copy()
    series[-12:] = 0.0
    found = one_warning(hub.risk(**real(with_series("KO", series))), "constant_prices")
    assert (found["subject"], found["makes_insufficient"], found["evidence"]["last_zeros"]) == (
        "KO",
        False,
        12,
    )


def dated(hub: Hub, last: date, every_days: int = 1, count: int = 60) -> dict[str, Any]:
    days = [last - timedelta(days=every_days * back) for back in reversed(range(count))]
    series = {"AAPL": RETURNS[0, -count:].tolist(), "MSFT": RETURNS[1, -count:].tolist()}
    data = encode_returns(series, [day.isoformat() for day in days])
    return {"realized_returns_ref": hub.blob("realized_returns", data)}


@pytest.mark.parametrize(
    ("age_days", "every_days", "stale"),
    [
        (9, 1, False),
        (12, 1, True),
        (3 * 365, 1, True),
        (20, 7, False),
        (24, 7, True),
        (85, 30, False),
        (99, 30, True),
    ],
)
def test_returns_older_than_ten_days_or_three_periods_make_the_report_insufficient(
    hub: Hub, age_days: int, every_days: int, *, stale: bool
) -> None:
    last = date(2026, 1, 5) - timedelta(days=age_days)
    report = hub.risk(**dated(hub, last, every_days))
    assert ("inputs_stale" in codes(report, meaningless=True)) is stale
    assert "age_unknown" not in codes(report)
    if stale:
        found = one_warning(report, "inputs_stale")
        assert found["evidence"]["age_seconds"] > found["evidence"]["age_seconds_max"]
        assert found["evidence"]["last_date"] == last.isoformat()
        assert report["sufficiency"]["sufficient"] is False


def test_warnings_and_evidence_do_not_depend_on_the_order_of_ids(hub: Hub) -> None:
    given = real(100 * RETURNS)
    straight = hub.risk(**given)
    place = list(reversed(range(len(IDS))))
    turned: dict[str, Any] = {
        "weights": dict(reversed(WEIGHTS.items())),
        "realized_returns": dict(reversed(given["realized_returns"].items())),
        "covariance": {"ids": IDS[::-1], "matrix": COVARIANCE[np.ix_(place, place)].tolist()},
    }
    assert hub.risk(version="v2", **turned)["warnings"] == straight["warnings"]


def test_prices_in_the_track_record_make_the_report_insufficient(hub: Hub) -> None:
    prices = (100 * np.cumprod(1 + RETURNS.mean(axis=0))).tolist()
    report = hub.risk(**real(), portfolio_returns={"returns": prices})
    found = one_warning(report, "returns_look_like_prices")
    assert (found["subject"], found["makes_insufficient"]) == ("portfolio_returns", True)
    as_values = hub.risk(version="v2", **real(), portfolio_returns={"nav": prices})
    assert set(codes(as_values)) == AGE_CODES


def test_track_record_that_ended_long_ago_is_a_caution(hub: Hub) -> None:
    days = [(date(2025, 6, 30) - timedelta(days=back)).isoformat() for back in reversed(range(100))]
    record = {"returns": RETURNS.mean(axis=0)[-100:].tolist(), "dates": days}
    found = one_warning(hub.risk(**real(), portfolio_returns=record), "inputs_stale")
    assert (found["subject"], found["makes_insufficient"]) == ("portfolio_returns", False)
    assert found["evidence"]["last_date"] == "2025-06-30"
