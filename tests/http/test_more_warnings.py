"""Warnings of a risk report over HTTP: levels, filled prices, empty covariances, contradicted claims."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.fakes.clock import START
from tests.fakes.hub import Hub
from tests.http.report_facts import codes, one_warning
from tests.http.test_warnings import COVARIANCE, IDS, RETURNS, WEIGHTS, real, with_series

PRICES = np.cumprod(1 + RETURNS, axis=1)
OVERLAPPING = np.array([[row[day : day + 20].sum() for day in range(len(row) - 20)] for row in RETURNS])


def concentrated(asset: str, share: float) -> dict[str, float]:
    """Return weights with a share in one asset and the rest in equal parts."""
    others = (1 - share) / (len(IDS) - 1)
    return {each: share if each == asset else others for each in IDS}


@pytest.mark.parametrize(
    "levels",
    [PRICES - 1, np.log(PRICES), PRICES / np.maximum.accumulate(PRICES, axis=1) - 1, OVERLAPPING],
    ids=["cumulative returns", "log prices", "drawdowns", "overlapping months"],
)
def test_levels_and_overlapping_returns_make_the_report_insufficient(hub: Hub, levels: Any) -> None:
    report = hub.risk(**real(levels, None))
    assert "returns_look_like_levels" in codes(report, meaningless=True)
    found = [each for each in report["warnings"] if each["code"] == "returns_look_like_levels"]
    assert {each["evidence"]["assets_affected"] for each in found} == {20}
    assert found[0]["evidence"]["autocorrelation"] > found[0]["evidence"]["autocorrelation_max"] == 0.8
    assert report["sufficiency"]["sufficient"] is False


@pytest.mark.parametrize(("share", "meaningless"), [(0.001, False), (0.2, True)])
def test_levels_of_one_asset_make_the_report_insufficient_if_it_moves_the_book(
    hub: Hub, share: float, *, meaningless: bool
) -> None:
    given = real(with_series("KO", np.log(PRICES[IDS.index("KO")])), None)
    report = hub.risk(**{**given, "weights": concentrated("KO", share)})
    found = one_warning(report, "returns_look_like_levels")
    assert (found["subject"], found["makes_insufficient"]) == ("KO", meaningless)


def test_levels_in_the_track_record_make_the_report_insufficient(hub: Hub) -> None:
    record = {"returns": (np.cumprod(1 + RETURNS.mean(axis=0)) - 1).tolist()}
    found = one_warning(hub.risk(**real(), portfolio_returns=record), "returns_look_like_levels")
    assert (found["subject"], found["makes_insufficient"]) == ("portfolio_returns", True)


def test_interest_of_a_money_market_fund_does_not_look_like_levels(hub: Hub) -> None:
    interest = (0.0001 + 0.0001 * np.sin(np.arange(750) / 250)).tolist()
    report = hub.risk(weights={"BIL": 1.0}, realized_returns={"BIL": interest})
    assert "returns_look_like_levels" not in codes(report)


def filled(count: int, *, first: bool) -> Any:
    series = RETURNS[IDS.index("KO")].copy()
    series[: count if first else None] = 0.0
    if not first:
        series[:-count] = RETURNS[IDS.index("KO")][:-count]
    return with_series("KO", series)


@pytest.mark.parametrize(("share", "meaningless"), [(0.05, False), (0.5, True)])
def test_history_filled_with_zeros_makes_a_large_position_meaningless(
    hub: Hub, share: float, *, meaningless: bool
) -> None:
    """A stock listed last month, its earlier returns sent as zeros: VaR fell from 5 % to 2 %."""
    given = real(filled(RETURNS.shape[1] - 25, first=True), None)
    report = hub.risk(**{**given, "weights": concentrated("KO", share)})
    found = one_warning(report, "constant_prices")
    assert (found["subject"], found["makes_insufficient"]) == ("KO", meaningless)
    assert found["evidence"]["longest_zeros"] == RETURNS.shape[1] - 25


def test_a_gap_filled_with_zeros_inside_the_history_is_a_caution(hub: Hub) -> None:
    series = RETURNS[IDS.index("KO")].copy()
    series[100:300] = 0.0
    found = one_warning(hub.risk(**real(with_series("KO", series), None)), "constant_prices")
    assert (found["makes_insufficient"], found["evidence"]["longest_zeros"]) == (False, 200)


@pytest.mark.parametrize("days", [12, 300])
def test_prices_of_the_whole_book_that_stopped_moving_make_the_report_insufficient(
    hub: Hub, days: int
) -> None:
    stopped = RETURNS.copy()
    stopped[:, -days:] = 0.0
    assert "constant_prices" in codes(hub.risk(**real(stopped)), meaningless=True)


def test_prices_that_move_every_third_day_make_the_report_insufficient(hub: Hub) -> None:
    seen = PRICES[:, (np.arange(PRICES.shape[1]) // 3) * 3]
    report = hub.risk(**real(seen[:, 1:] / seen[:, :-1] - 1, None))
    assert "constant_prices" in codes(report, meaningless=True)


@pytest.mark.parametrize(("share", "meaningless"), [(0.05, False), (0.8, True)])
def test_variance_zero_of_an_asset_whose_returns_move_is_named(
    hub: Hub, share: float, *, meaningless: bool
) -> None:
    empty, place = COVARIANCE.copy(), IDS.index("KO")
    empty[place, :] = empty[:, place] = 0.0
    report = hub.risk(**{**real(covariance=empty), "weights": concentrated("KO", share)})
    found = one_warning(report, "variance_zero")
    assert (found["subject"], found["makes_insufficient"]) == ("KO", meaningless)


@pytest.mark.parametrize("factor", [0.0, 1e-12])
def test_covariance_without_risk_and_without_returns_makes_the_report_insufficient(
    hub: Hub, factor: float
) -> None:
    report = hub.risk(**real(None, COVARIANCE * factor))
    assert one_warning(report, "covariance_near_zero")["makes_insufficient"] is True
    assert report["sufficiency"]["sufficient"] is False


def test_covariance_of_cash_with_returns_is_not_near_zero(hub: Hub) -> None:
    report = hub.risk(
        weights={"USD": 0.5, "EUR": 0.5},
        covariance={"ids": ["EUR", "USD"], "upper": [0.0, 0.0, 0.0]},
        realized_returns={"USD": [0.0001] * 300, "EUR": [0.0] * 300},
    )
    assert report["riskless"] is True
    assert codes(report, meaningless=True) == []


def test_covariance_without_its_correlations_is_a_caution(hub: Hub) -> None:
    report = hub.risk(**real(covariance=np.diag(np.diag(COVARIANCE))))
    found = one_warning(report, "correlations_differ")
    assert found["makes_insufficient"] is False
    assert found["evidence"]["ratio"] < found["evidence"]["ratio_min"] == 0.5


@pytest.mark.parametrize(("count", "few"), [(1, True), (19, True), (20, False)])
def test_covariance_from_fewer_than_20_observations_makes_the_report_insufficient(
    hub: Hub, count: int, *, few: bool
) -> None:
    report = hub.risk(**real(), covariance_meta={"observations": count})
    assert ("few_observations" in codes(report, meaningless=True)) is few


@pytest.mark.parametrize(("days", "ahead"), [(0, False), (3, False), (5, True)])
def test_covariance_estimated_days_after_as_of_makes_the_report_of_a_past_book_insufficient(
    hub: Hub, days: int, *, ahead: bool
) -> None:
    as_of = (START - timedelta(days=days, minutes=1)).isoformat()
    meta = {"estimated_at": START.isoformat()}
    report = hub.risk(**real(), as_of=as_of, ttl_sec=3_600, covariance_meta=meta)
    assert ("estimated_after_as_of" in codes(report, meaningless=True)) is ahead


@pytest.mark.parametrize(
    ("factor", "warned", "meaningless"),
    [(0.01, True, True), (0.25, True, False), (0.5, False, False), (4.0, True, False), (100.0, True, True)],
)
def test_track_record_of_another_scale_than_the_book_is_named(
    hub: Hub, factor: float, *, warned: bool, meaningless: bool
) -> None:
    own = factor * (np.array([WEIGHTS[asset] for asset in IDS]) @ RETURNS)
    report = hub.risk(**real(), portfolio_returns={"returns": own.tolist()})
    found = [each for each in report["warnings"] if each["code"] == "scale_mismatch"]
    assert [each["subject"] for each in found] == ["portfolio_returns"] * warned
    assert [each["makes_insufficient"] for each in found] == [meaningless] * warned


def test_value_at_risk_beyond_the_exposure_is_a_caution_if_a_loss_is_unlimited(hub: Hub) -> None:
    report = hub.risk(**real(100 * RETURNS), portfolio={"unlimited_loss": IDS})
    assert "loss_exceeds_exposure" in codes(report, meaningless=False)


def test_covariance_whose_rows_are_in_another_order_is_a_caution(hub: Hub) -> None:
    turned = np.roll(np.arange(len(IDS)), 3)
    report = hub.risk(**real(covariance=COVARIANCE[np.ix_(turned, turned)]))
    found = one_warning(report, "assets_may_be_swapped")
    assert (found["makes_insufficient"], found["evidence"]["assets_compared"]) == (False, 20)
    assert found["evidence"]["correlation"] < found["evidence"]["correlation_min"] == 0.2


def test_covariance_of_equal_volatilities_shows_no_order(hub: Hub) -> None:
    equal = np.corrcoef(RETURNS) * COVARIANCE.trace() / len(IDS)
    assert "assets_may_be_swapped" not in codes(hub.risk(**real(covariance=equal)))


@pytest.mark.parametrize(
    ("level", "frequency", "named"),
    [(0.04, "daily", True), (0.007, "daily", True), (0.004, "monthly", False), (0.007, None, False)],
)
def test_yields_and_rates_as_returns_are_named_if_the_frequency_is_known(
    hub: Hub, level: float, frequency: str | None, *, named: bool
) -> None:
    """A yield of 4 % or a rate of 0.7 cents; bills that pay 0.4 % a month are returns."""
    rates = (level * (1 + 0.1 * np.sin(np.arange(750) / 50))).tolist()
    meta = None if frequency is None else {"frequency": frequency}
    given: dict[str, Any] = {
        "weights": {"UST": 1.0},
        "realized_returns": {"UST": rates},
        "returns_meta": meta,
    }
    assert ("returns_look_like_prices" in codes(hub.risk(**given), meaningless=True)) is named


def test_a_book_that_varies_by_the_rounding_of_its_constant_assets_is_evaluated(hub: Hub) -> None:
    noise = np.where(np.arange(100) % 2, 5e-7, -5e-7)
    report = hub.risk(
        weights={"A": 0.5, "B": 0.5},
        covariance={"ids": ["A", "B"], "upper": [1e-4, 5e-5, 1e-4]},
        realized_returns={"A": (1 + noise).tolist(), "B": (-1 + noise).tolist()},
    )
    assert "correlations_differ" not in codes(report)


def spread(count: int) -> tuple[list[str], Any, Any]:
    """Return ids, returns of correlation 0.4, and their covariance without the correlations."""
    random = np.random.default_rng(8)
    common, own = random.standard_normal(300), random.standard_normal((count, 300))
    returns = 0.01 * (np.sqrt(0.4) * common + np.sqrt(0.6) * own)
    return [f"A{place}" for place in range(count)], returns, np.diag(returns.var(axis=1, ddof=1))


@pytest.mark.parametrize(("count", "meaningless"), [(10, False), (60, True)])
def test_a_large_book_whose_covariance_has_no_correlations_has_numbers_without_meaning(
    hub: Hub, count: int, *, meaningless: bool
) -> None:
    """The value at risk is a quarter of what it is, or less."""
    ids, returns, diagonal = spread(count)
    report = hub.risk(
        weights=dict.fromkeys(ids, 1 / count),
        covariance={"ids": ids, "matrix": diagonal.tolist()},
        realized_returns=dict(zip(ids, returns.tolist(), strict=True)),
    )
    found = one_warning(report, "correlations_differ")
    assert found["makes_insufficient"] is meaningless
    assert report["sufficiency"]["sufficient"] is not meaningless


@pytest.mark.parametrize(
    ("correlation", "named", "meaningless"), [(0.8, [], False), (0.99, [None], False), (0.9999, [None], True)]
)
def test_a_hedge_that_the_returns_do_not_show_is_named(
    hub: Hub, correlation: float, named: list[None], *, meaningless: bool
) -> None:
    """A long/short book: its volatility depends on the correlation alone."""
    random = np.random.default_rng(3)
    pair = 0.012 * (random.standard_normal(400) + 0.5 * random.standard_normal((2, 400)))
    deviations = pair.std(axis=1, ddof=1)
    covariance = np.outer(deviations, deviations) * [[1, correlation], [correlation, 1]]
    report = hub.risk(
        weights={"LONG": 0.5, "SHORT": -0.5},
        portfolio={"weights_basis": "gross_exposure"},
        covariance={"ids": ["LONG", "SHORT"], "matrix": covariance.tolist()},
        realized_returns={"LONG": pair[0].tolist(), "SHORT": pair[1].tolist()},
    )
    found = [each for each in report["warnings"] if each["code"] == "scale_mismatch"]
    assert [each["subject"] for each in found] == named
    assert report["sufficiency"]["sufficient"] is not meaningless


@pytest.mark.parametrize(("deviation", "meaningless"), [(0.01, False), (3.0, True)])
def test_one_position_of_unlimited_loss_does_not_explain_a_loss_of_the_others_beyond_their_value(
    hub: Hub, deviation: float, *, meaningless: bool
) -> None:
    """A covariance in percent of a book with 1 % in an option; an option alone can lose more than its value."""
    variances = {"AAPL": deviation**2, "PUT": 40_000.0}
    report = hub.risk(
        weights={"AAPL": 0.99, "PUT": 0.01},
        portfolio={"unlimited_loss": ["PUT"]},
        covariance={"ids": list(variances), "matrix": np.diag(list(variances.values())).tolist()},
    )
    assert one_warning(report, "loss_exceeds_exposure")["makes_insufficient"] is meaningless


def test_a_price_without_meaning_is_named_before_ten_others(hub: Hub) -> None:
    """Thirteen small positions that never move do not hide that most of the book hardly does."""
    random = np.random.default_rng(1)
    moves = np.where(random.random(400) < 0.65, 0.0, random.normal(0, 0.02, 400))
    small = {f"S{place:02}": [0.0] * 400 for place in range(13)}
    weights = {"BIG": 0.61, **dict.fromkeys(small, 0.03)}
    report = hub.risk(weights=weights, realized_returns={"BIG": moves.tolist(), **small})
    found = [each for each in report["warnings"] if each["code"] == "constant_prices"]
    assert (len(found), found[0]["subject"], found[0]["makes_insufficient"]) == (10, "BIG", True)
    assert report["sufficiency"]["sufficient"] is False


@pytest.mark.parametrize("assets", [["AAPL"], ["AAPL", "MSFT"]])
def test_book_with_constant_prices_and_no_covariance_is_insufficient(hub: Hub, assets: list[str]) -> None:
    """The likely cause is a feed that repeats its prices: cash would be `portfolio.cash`, or have a variance of zero."""
    weights = dict.fromkeys(assets, 1 / len(assets))
    report = hub.risk(weights=weights, realized_returns=dict.fromkeys(assets, [0.0] * 300))
    assert "constant_prices" in codes(report, meaningless=True)
    assert report["sufficiency"]["sufficient"] is False


@pytest.mark.parametrize(("share", "named"), [(0.95, True), (0.05, False)])
def test_a_row_of_zeros_next_to_others_is_a_caution_without_returns(
    hub: Hub, share: float, *, named: bool
) -> None:
    report = hub.risk(
        weights={"AAPL": share, "MSFT": 1 - share},
        covariance={"ids": ["AAPL", "MSFT"], "upper": [0.0, 0.0, 1e-4]},
    )
    assert ("variance_zero" in codes(report, meaningless=False)) is named


@pytest.mark.parametrize(("limit", "named"), [(0.05, []), (2.0, ["covariance"])])
def test_a_repair_on_request_that_changes_correlations_noticeably_is_a_caution(
    hub: Hub, limit: float, named: list[str]
) -> None:
    rows = 1e-4 * np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    report = hub.risk(
        weights={"A": 0.4, "B": 0.3, "C": 0.3},
        covariance={"ids": ["A", "B", "C"], "matrix": rows.tolist()},
        risk={"covariance_repair": "nearest_correlation", "covariance_repair_max_change": limit},
    )
    found = [each for each in report["warnings"] if each["code"] == "correlations_repaired"]
    assert [each["subject"] for each in found] == named
    assert report["repair"]["applied"] is bool(named)


@pytest.mark.parametrize(
    ("count", "codes_of_record"), [(5, {"age_unknown", "few_observations"}), (60, {"age_unknown"})]
)
def test_a_track_record_without_dates_or_with_few_returns_is_a_caution(
    hub: Hub, count: int, codes_of_record: set[str]
) -> None:
    own = (np.array([WEIGHTS[asset] for asset in IDS]) @ RETURNS)[-count:]
    report = hub.risk(**real(), portfolio_returns={"returns": own.tolist()})
    found = [each for each in report["warnings"] if each["subject"] == "portfolio_returns"]
    assert {each["code"] for each in found} == codes_of_record
    assert not any(each["makes_insufficient"] for each in found)
