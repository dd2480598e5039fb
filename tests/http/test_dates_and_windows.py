"""Dates, windows, the track record and the Sharpe ratio of a risk report over HTTP (C4 to C7)."""

import random
from datetime import date, timedelta
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from risk_hub_contracts.blob.write import encode_returns
from tests.fakes.hub import Hub
from tests.http.report_facts import codes, one_warning

LAST = date(2026, 1, 5)
RNG = np.random.default_rng(5)
FALLING = [-0.004 + value for value in RNG.normal(0, 0.01, 120).tolist()]
BOOK: dict[str, Any] = {"weights": {"A": 0.6, "B": 0.4}}
BY_ID = {"A": FALLING, "B": RNG.normal(0, 0.01, 120).round(6).tolist()}


def days(count: int, step: int = 1, last: date = LAST) -> list[str]:
    return [(last - timedelta(days=step * back)).isoformat() for back in reversed(range(count))]


def trading_days(count: int, last: date = LAST) -> list[str]:
    found: list[date] = []
    day = last
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day)
        day -= timedelta(days=1)
    return [each.isoformat() for each in reversed(found)]


def blob(hub: Hub, series: Any, dates: list[str]) -> dict[str, Any]:
    return {"realized_returns_ref": hub.blob("realized_returns", encode_returns(series, dates))}


def shuffled(dates: list[str], series: dict[str, list[float]], seed: int) -> tuple[list[str], Any]:
    order = list(range(len(dates)))
    random.Random(seed).shuffle(order)
    return [dates[i] for i in order], {asset: [row[i] for i in order] for asset, row in series.items()}


def numbers(report: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a report that do not name the snapshot."""
    return {name: report[name] for name in ("measures", "tails", "windows", "warnings", "sufficiency")}


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_order_of_dates_changes_no_number(hub: Hub, seed: int | None) -> None:
    """Newest first (no seed) and shuffled; the falling book shows its whole drawdown."""
    dates = trading_days(120)
    straight = hub.risk(**BOOK, **blob(hub, BY_ID, dates))
    changed = (dates[::-1], {asset: row[::-1] for asset, row in BY_ID.items()})
    if seed is not None:
        changed = shuffled(dates, BY_ID, seed)
    turned = hub.risk(version="v2", **BOOK, **blob(hub, changed[1], changed[0]))
    assert numbers(turned) == numbers(straight)
    assert straight["windows"][2]["max_drawdown"] > 0.1
    first, second = hub.forecasts.rows.values()
    assert first.realized == second.realized
    assert first.realized is not None
    assert first.realized.date == dates[-1]


@given(st.permutations(["A", "B"]), st.integers(0, 1000), st.sampled_from([0.5, 2.0]))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_permutation_changes_nothing_and_scaling_scales_the_losses(
    ids: list[str], seed: int, factor: float
) -> None:
    hub = Hub()
    dates = trading_days(120)
    straight = hub.risk(**BOOK, **blob(hub, BY_ID, dates))
    rows = {asset: BY_ID[asset] for asset in ids}
    dates_2, rows_2 = shuffled(dates, rows, seed)
    weights = {asset: BOOK["weights"][asset] for asset in ids}
    turned = hub.risk(version="v2", weights=weights, **blob(hub, rows_2, dates_2))
    assert numbers(turned) == numbers(straight)
    scaled_rows = {asset: [factor * value for value in row] for asset, row in BY_ID.items()}
    scaled = hub.risk(version="v3", **BOOK, **blob(hub, scaled_rows, dates))
    for one, other in zip(straight["windows"], scaled["windows"], strict=True):
        assert other["sharpe"] == pytest.approx(one["sharpe"])
        assert other["value_at_risk"] == pytest.approx(factor * one["value_at_risk"])


def test_date_times_count_by_their_utc_date(hub: Hub) -> None:
    dates = trading_days(120)
    straight = hub.risk(**BOOK, **blob(hub, BY_ID, dates))
    instants = [f"{day}T16:00:00-05:00" for day in dates]
    timed = hub.risk(version="v2", **BOOK, **blob(hub, BY_ID, instants))
    assert numbers(timed) == numbers(straight)


def test_inline_dates_give_the_same_report_as_the_blob(hub: Hub) -> None:
    dates = trading_days(120)
    by_blob = hub.risk(**BOOK, **blob(hub, BY_ID, dates))
    inline = hub.risk(version="v2", **BOOK, realized_returns=BY_ID, returns_meta={"dates": dates})
    assert numbers(inline) == numbers(by_blob)


@pytest.mark.parametrize(
    ("change", "reason"),
    [("not a date", "dates_malformed"), ("2026-01-05T23:30:00Z", "dates_repeated")],
)
def test_unusable_dates_of_a_blob_are_a_reason_and_give_no_number(hub: Hub, change: str, reason: str) -> None:
    dates = trading_days(120)
    dates[3] = change
    report = hub.risk(**BOOK, **blob(hub, BY_ID, dates))
    assert {each["value"] for each in report["measures"]} == {None}
    assert {each["reason"] for each in report["measures"] if each["method"] == "historical"} == {reason}
    assert (report["status"], report["windows"]) == ("invalid_input", [])
    assert report["sufficiency"]["inputs"][1]["reason"] == reason


def test_thirty_days_with_19_trading_days_reach_back_to_20(hub: Hub) -> None:
    holidays = {"2025-12-25", "2025-12-26", "2026-01-01"}
    dates = [day for day in trading_days(130) if day not in holidays][-120:]
    window = hub.risk(**BOOK, **blob(hub, BY_ID, dates))["windows"][0]
    assert (window["length"], window["calendar_observations"], window["observations"]) == (30, 18, 20)
    assert window["first_date"] == dates[-20]
    assert window["sharpe"] is not None


@pytest.mark.parametrize(
    ("dates", "per_year"),
    [(trading_days(120), 252), (days(120), 365), (days(120, 7), 52), (days(120, 30), 12)],
)
def test_sharpe_is_annualised_by_the_frequency_of_the_dates(
    hub: Hub, dates: list[str], per_year: int
) -> None:
    report = hub.risk(**BOOK, **blob(hub, BY_ID, dates))
    for window in report["windows"]:
        last = np.array(BY_ID["A"][-window["observations"] :]) * 0.6
        last += np.array(BY_ID["B"][-window["observations"] :]) * 0.4
        wanted = last.mean() / last.std(ddof=1) * sqrt(per_year)
        assert window["observations"] >= 20
        assert window["sharpe"] == pytest.approx(wanted)
        assert (window["sharpe_annualised"], window["periods_per_year"]) == (True, per_year)


@pytest.mark.parametrize(
    ("meta", "per_year"),
    [
        ({"frequency": "weekly"}, 52),
        ({"periods_per_year": 260}, 260),
        ({"frequency": "monthly"}, 12),
        (None, None),
    ],
)
def test_sharpe_of_undated_returns_is_annualised_only_by_a_stated_frequency(
    hub: Hub, meta: dict[str, Any] | None, per_year: int | None
) -> None:
    report = hub.risk(**BOOK, realized_returns=BY_ID, returns_meta=meta)
    window = report["windows"][0]
    last = 0.6 * np.array(BY_ID["A"][-30:]) + 0.4 * np.array(BY_ID["B"][-30:])
    assert window["sharpe"] == pytest.approx(last.mean() / last.std(ddof=1) * sqrt(per_year or 1))
    assert (window["sharpe_annualised"], window["periods_per_year"]) == (per_year is not None, per_year)


def test_windows_say_whether_they_are_pro_forma_or_a_track_record(hub: Hub) -> None:
    pro_forma = hub.risk(**BOOK, realized_returns=BY_ID)
    assert {each["returns_basis"] for each in pro_forma["windows"]} == {"pro_forma"}
    assert pro_forma["track_record"] is None
    bare = hub.risk(version="v2", **BOOK, realized_returns=FALLING)
    assert {each["returns_basis"] for each in bare["windows"]} == {"track_record"}


def test_track_record_has_its_own_windows_from_returns_or_net_asset_values(hub: Hub) -> None:
    dates = trading_days(121)
    nav = np.cumprod([100.0, *(1 + np.array(FALLING))]).tolist()
    by_nav = {"nav": nav, "dates": dates}
    report = hub.risk(**BOOK, realized_returns=BY_ID, portfolio_returns=by_nav)
    record = report["track_record"]
    assert (record["observations"], record["last_date"], record["periods_per_year"]) == (120, dates[-1], 252)
    assert {each["returns_basis"] for each in record["windows"]} == {"track_record"}
    assert {each["returns_basis"] for each in report["windows"]} == {"pro_forma"}
    last = np.cumprod([1.0, *(1 + np.array(FALLING[-record["windows"][0]["observations"] :]))])
    drawdown = 1 - min(later / peak for peak, later in pairwise_peaks(last.tolist()))
    assert record["windows"][0]["max_drawdown"] == pytest.approx(drawdown)
    by_returns = {"returns": FALLING, "dates": dates[1:]}
    same = hub.risk(version="v2", **BOOK, portfolio_returns=by_returns)
    assert same["track_record"]["windows"][2]["max_drawdown"] == pytest.approx(
        record["windows"][2]["max_drawdown"]
    )


def pairwise_peaks(curve: list[float]) -> list[tuple[float, float]]:
    return [(max(curve[: place + 1]), value) for place, value in enumerate(curve)]


@pytest.mark.parametrize("last", ["9999-12-31", "2999-01-01"])
def test_a_track_record_dated_after_as_of_gives_a_report_with_the_reason(hub: Hub, last: str) -> None:
    record = {"returns": [0.01, -0.02, 0.01], "dates": ["0001-01-01", "2024-02-29", last]}
    found = hub.risk(**BOOK, portfolio_returns=record)["track_record"]
    assert (found["last_date"], found["reason"], found["windows"]) == (last, "returns_after_as_of", [])


def test_unsorted_net_asset_values_are_sorted_by_their_dates(hub: Hub) -> None:
    dates, nav = trading_days(121), np.cumprod([100.0, *(1 + np.array(FALLING))]).tolist()
    straight = hub.risk(**BOOK, portfolio_returns={"nav": nav, "dates": dates})
    turned = {"nav": nav[::-1], "dates": dates[::-1]}
    other = hub.risk(version="v2", **BOOK, portfolio_returns=turned)
    assert other["track_record"] == straight["track_record"]
    assert all(first < second for first, second in pairwise(dates))


def test_limits_of_the_snapshot_decide_what_is_stale(hub: Hub) -> None:
    dated = blob(hub, BY_ID, trading_days(120, LAST - timedelta(days=20)))
    meta = {"max_input_age_seconds": 30 * 86_400}
    assert "inputs_stale" not in codes(hub.risk(**BOOK, **dated, returns_meta=meta))
    assert "inputs_stale" in codes(hub.risk(version="v2", **BOOK, **dated))


@pytest.mark.parametrize("meta", [{"frequency": "monthly"}, {"periods_per_year": 0.1}])
def test_a_stated_frequency_that_the_dates_contradict_allows_no_greater_age(
    hub: Hub, meta: dict[str, Any]
) -> None:
    dated = blob(hub, BY_ID, trading_days(120, LAST - timedelta(days=20)))
    report = hub.risk(**BOOK, **dated, returns_meta=meta)
    assert "inputs_stale" in codes(report, meaningless=True)
    found = one_warning(report, "periods_differ")
    assert (found["subject"], found["evidence"]["found_periods_per_year"]) == ("realized_returns", 252.0)


@pytest.mark.parametrize(("days_left_out", "warned"), [(5, False), (40, True)])
def test_a_gap_in_the_dates_longer_than_a_holiday_is_a_caution(
    hub: Hub, days_left_out: int, *, warned: bool
) -> None:
    days = trading_days(120, LAST)
    kept = [*days[: 80 - days_left_out], *days[80:]]
    series = {asset: values[: len(kept)] for asset, values in BY_ID.items()}
    report = hub.risk(**BOOK, **blob(hub, series, kept))
    assert ("gap_in_dates" in codes(report, meaningless=False)) is warned


@pytest.mark.parametrize(
    ("estimated_at", "stale"), [("2025-12-10T00:00:00Z", False), ("2025-11-01T00:00:00Z", True)]
)
def test_covariance_estimated_more_than_35_days_ago_is_stale(
    hub: Hub, estimated_at: str, *, stale: bool
) -> None:
    covariance = {"ids": ["A", "B"], "upper": [1e-4, 0.0, 1e-4]}
    meta = {"estimated_at": estimated_at}
    series = {asset: 2 * row for asset, row in BY_ID.items()}
    report = hub.risk(**BOOK, covariance=covariance, covariance_meta=meta, realized_returns=series)
    assert ("inputs_stale" in codes(report, meaningless=True)) is stale
    assert "covariance_age_unknown" not in codes(report)
    assert report["sufficiency"]["sufficient"] is not stale


def test_covariance_of_other_periods_than_the_returns_is_a_caution(hub: Hub) -> None:
    covariance = {"ids": ["A", "B"], "upper": [1e-4, 0.0, 1e-4]}
    report = hub.risk(
        **BOOK,
        covariance=covariance,
        realized_returns=BY_ID,
        covariance_meta={"periods_per_year": 52},
        returns_meta={"frequency": "daily"},
    )
    found = one_warning(report, "periods_differ")
    assert (found["makes_insufficient"], found["evidence"]["returns_periods_per_year"]) == (False, 252.0)


def test_losses_beyond_the_value_are_allowed_for_flagged_assets(hub: Hub) -> None:
    series = {**BY_ID, "A": [*BY_ID["A"][:-1], -1.5]}
    flagged = {"unlimited_loss": ["A"]}
    assert "loss_exceeds_exposure" in codes(hub.risk(**BOOK, realized_returns=series))
    report = hub.risk(version="v2", **BOOK, realized_returns=series, portfolio=flagged)
    assert codes(report, meaningless=True) == []
