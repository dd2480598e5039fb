"""Missing returns over HTTP: complete periods, available cases, coverage, and never a filled gap (part D)."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.measures.covariance.pairwise import pair_observations_min, pairwise_covariance
from tests.fakes.hub import Hub
from tests.http.report_facts import codes, one_warning

IDS = ["A", "B", "C"]
WEIGHTS = {"A": 0.5, "B": 0.3, "C": 0.2}
W = np.array(list(WEIGHTS.values()))
RETURNS = np.random.default_rng(3).normal(0, 0.01, (3, 300)).round(6)
DATES = [(date(2026, 1, 5) - timedelta(days=back)).isoformat() for back in reversed(range(300))]


def with_gaps(*gaps: tuple[str, slice], values: Any = RETURNS) -> dict[str, list[float | None]]:
    rows: dict[str, list[float | None]] = dict(zip(IDS, np.asarray(values).tolist(), strict=True))
    for asset, where in gaps:
        for place in range(*where.indices(300)):
            rows[asset][place] = None
    return rows


def volatility(report: dict[str, Any]) -> Any:
    return next(each["value"] for each in report["measures"] if each["measure"] == "volatility")


def test_complete_case_leaves_out_the_periods_with_a_gap_and_counts_them(hub: Hub) -> None:
    returns = with_gaps(("C", slice(0, 50)), ("B", slice(40, 60)))
    meta = {"dates": DATES}
    report = hub.risk(weights=WEIGHTS, realized_returns=returns, returns_meta=meta)
    whole = RETURNS[:, 60:]
    kept = dict(zip(IDS, whole.tolist(), strict=True))
    wanted = hub.risk(
        version="v2", weights=WEIGHTS, realized_returns=kept, returns_meta={"dates": DATES[60:]}
    )
    for name in ("measures", "tails", "windows", "concentration", "contributions"):
        assert report[name] == wanted[name]
    found = report["sufficiency"]["missing"]
    assert (found["rule"], found["periods"], found["complete_periods"], found["dropped_periods"]) == (
        "complete_case",
        300,
        240,
        60,
    )
    assert found["assets_incomplete"] == 2
    assert found["assets"] == [
        {"id": "C", "observations": 250, "missing": 50, "first_date": DATES[50], "last_date": DATES[-1]},
        {"id": "B", "observations": 280, "missing": 20, "first_date": DATES[0], "last_date": DATES[-1]},
    ]
    assert wanted["sufficiency"]["missing"] is None
    assert "few_complete_cases" not in codes(report)


def test_gap_is_never_a_zero_return(hub: Hub) -> None:
    gaps = with_gaps(("C", slice(100, 160)))
    zeros = {asset: [value or 0.0 for value in row] for asset, row in gaps.items()}
    said = hub.risk(weights=WEIGHTS, realized_returns=gaps)
    filled = hub.risk(version="v2", weights=WEIGHTS, realized_returns=zeros)
    kept = np.delete(RETURNS, range(100, 160), axis=1)
    assert volatility(said) == pytest.approx(np.sqrt(W @ np.cov(kept) @ W))
    assert volatility(said) != pytest.approx(volatility(filled), rel=1e-3)


def test_few_complete_periods_are_a_caution_that_names_the_worst_asset(hub: Hub) -> None:
    returns = with_gaps(("C", slice(0, 100)))
    report = hub.risk(weights=WEIGHTS, realized_returns=returns)
    found = one_warning(report, "few_complete_cases")
    assert (found["subject"], found["makes_insufficient"]) == ("C", False)
    assert (found["evidence"]["periods"], found["evidence"]["complete_periods"]) == (300, 200)


def test_available_case_uses_the_own_deviations_and_the_common_periods_of_each_pair(hub: Hub) -> None:
    returns = with_gaps(("C", slice(0, 100)), ("B", slice(80, 160)))
    options = {"missing": "available_case"}
    report = hub.risk(weights=WEIGHTS, realized_returns=returns, risk=options)
    rows = np.array([[np.nan if value is None else value for value in returns[asset]] for asset in IDS])
    correlations = np.eye(3)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        common = ~np.isnan(rows[[i, j]]).any(axis=0)
        correlations[i, j] = correlations[j, i] = np.corrcoef(rows[[i, j]][:, common])[0, 1]
    deviations = np.nanstd(rows, axis=1, ddof=1)
    matrix = correlations * np.outer(deviations, deviations)
    assert volatility(report) == pytest.approx(np.sqrt(W @ matrix @ W), rel=1e-9)
    found = report["sufficiency"]["missing"]
    assert (found["rule"], found["complete_periods"]) == ("available_case", 140)
    assert (found["pair_observations_min"], found["correlation_max_change"]) == (140, 0.0)
    historical = [each for each in report["measures"] if each["method"] == "historical"]
    assert {each["observations"] for each in historical} == {140}


def test_available_case_without_any_complete_period_has_parametric_numbers_only(hub: Hub) -> None:
    returns = with_gaps(("A", slice(0, 100)), ("B", slice(100, 200)), ("C", slice(200, 300)))
    options = {"missing": "available_case"}
    report = hub.risk(weights=WEIGHTS, realized_returns=returns, risk=options)
    assert volatility(report) is not None
    assert {each["reason"] for each in report["measures"] if each["method"] == "historical"} == {
        "too_few_observations"
    }
    complete = hub.risk(version="v2", weights=WEIGHTS, realized_returns=returns)
    assert volatility(complete) is None


def test_pair_with_fewer_than_20_common_periods_has_no_covariance(hub: Hub) -> None:
    returns = with_gaps(("A", slice(0, 160)), ("B", slice(170, 300)))
    options = {"missing": "available_case"}
    report = hub.risk(weights=WEIGHTS, realized_returns=returns, risk=options)
    assert volatility(report) is None


def test_portfolio_series_may_have_gaps(hub: Hub) -> None:
    series: list[float | None] = RETURNS[0].tolist()
    series[10] = None
    report = hub.risk(weights=WEIGHTS, realized_returns=series)
    assert {each["observations"] for each in report["measures"] if each["method"] == "historical"} == {299}
    assert report["sufficiency"]["missing"]["assets"][0]["id"] == "realized_returns"


@pytest.mark.parametrize("rule", ["complete_case", "available_case"])
def test_order_of_ids_and_dates_changes_no_number_with_gaps(hub: Hub, rule: str) -> None:
    returns, options = with_gaps(("C", slice(0, 50)), ("B", slice(40, 60))), {"missing": rule}
    meta = {"dates": DATES}
    straight = hub.risk(weights=WEIGHTS, realized_returns=returns, returns_meta=meta, risk=options)
    turned = hub.risk(
        version="v2",
        weights=dict(reversed(WEIGHTS.items())),
        realized_returns={asset: returns[asset][::-1] for asset in reversed(IDS)},
        returns_meta={"dates": DATES[::-1]},
        risk=options,
    )
    for name in ("measures", "tails", "windows", "warnings", "sufficiency", "contributions"):
        assert turned[name] == straight[name]


@given(st.integers(0, 10_000), st.integers(2, 8), st.floats(0.0, 0.4))
@settings(max_examples=25, deadline=None)
def test_covariance_of_available_cases_is_positive_semidefinite_and_scales(
    seed: int, count: int, share: float
) -> None:
    random = np.random.default_rng(seed)
    rows = random.normal(0, 0.01, (count, 60)) @ np.eye(60) + random.normal(0, 0.02, 60)
    rows[random.random(rows.shape) < share] = np.nan
    weights = dict.fromkeys((f"A{number}" for number in range(count)), 1 / count)
    returns = {
        asset: [None if np.isnan(value) else float(value) for value in row]
        for asset, row in zip(weights, rows, strict=True)
    }
    hub = Hub()
    options = {"missing": "available_case"}
    report = hub.risk(weights=weights, realized_returns=returns, risk=options)
    doubled = {asset: [None if each is None else 2 * each for each in row] for asset, row in returns.items()}
    other = hub.risk(version="v2", weights=weights, realized_returns=doubled, risk=options)
    if volatility(report) is None:
        assert pair_observations_min(rows.tolist()) < 20
    else:
        assert report["sufficiency"]["psd_margin"] >= -1e-10
        assert volatility(other) == pytest.approx(2 * volatility(report))


def test_pairwise_variance_uses_all_observations_of_the_asset() -> None:
    rows = np.array([[0.01, np.nan, -0.02, 0.03], [np.nan, 0.02, 0.01, -0.01]])
    found = pairwise_covariance(rows.tolist())
    assert found.upper[0] == pytest.approx(np.nanvar(rows[0], ddof=1))
    assert found.upper[2] == pytest.approx(np.nanvar(rows[1], ddof=1))
    assert found.pair_observations_min == 2


def test_contradicting_correlations_are_clipped_and_the_change_is_reported(hub: Hub) -> None:
    """A moves with B, B with C, and C against A, each pair in separate periods."""
    base = RETURNS[0, :100]
    noise = RETURNS[1, :100] * 0.1
    rows = np.full((3, 300), np.nan)
    rows[0, :100], rows[1, :100] = base, base + noise
    rows[1, 100:200], rows[2, 100:200] = base, base + noise
    rows[2, 200:], rows[0, 200:] = base, -base + noise
    returns = {
        asset: [None if np.isnan(value) else float(value) for value in row]
        for asset, row in zip(IDS, rows, strict=True)
    }
    report = hub.risk(weights=WEIGHTS, realized_returns=returns, risk={"missing": "available_case"})
    assert report["sufficiency"]["missing"]["correlation_max_change"] > 0.1
    assert one_warning(report, "correlations_repaired")["makes_insufficient"] is False
    assert volatility(report) > 0


@pytest.mark.parametrize("missing", ["complete_case", "available_case"])
@pytest.mark.parametrize("dated", [True, False])
def test_returns_without_a_complete_period_give_a_report_with_a_reason(dated: bool, missing: str) -> None:  # noqa: FBT001
    meta: dict[str, Any] = {"returns_meta": {"dates": ["2026-01-02", "2026-01-05"]}} if dated else {}
    report = Hub().risk(
        weights={"A": 0.5, "B": 0.5},
        realized_returns={"A": [0.1, None], "B": [None, 0.1]},
        risk={"missing": missing},
        **meta,
    )
    assert report["sufficiency"]["sufficient"] is False
    assert {row["value_at_risk"] for row in report["tails"]} == {None}
    assert all(row["reason"] for row in report["tails"])
