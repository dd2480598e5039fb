"""Warnings about histories over HTTP: wrong prices, flows, copies, losses left out, impossible volatilities."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.evaluation.risk.inputs import ReturnsInput
from functions.evaluation.risk.plausibility.repeats import returns_repeated
from functions.measures.returns_table import ReturnsTable
from risk_hub_contracts.reports.risk import RiskInput
from tests.fakes.hub import Hub
from tests.http.report_facts import codes, one_warning
from tests.http.test_warnings import COVARIANCE, IDS, RETURNS, WEIGHTS, real, with_series

OUTLIERS, REPEATED, IMPLAUSIBLE = "returns_have_outliers", "returns_repeated", "volatility_implausible"
KO = RETURNS[IDS.index("KO")]
OWN = np.array([WEIGHTS[asset] for asset in IDS]) @ RETURNS


def with_returns(*changed: tuple[int, float], series: Any = KO) -> Any:
    """Return a series with some of its values replaced."""
    values = series.copy()
    for place, value in changed:
        values[place] = value
    return values


def trading_days(count: int) -> list[str]:
    days = (date(2026, 1, 2) - timedelta(days=back) for back in range(2 * count))
    return sorted([day.isoformat() for day in days if day.weekday() < 5][:count])


def in_ko(share: float) -> dict[str, float]:
    return {each: share if each == "KO" else (1 - share) / (len(IDS) - 1) for each in IDS}


@pytest.mark.parametrize(
    ("changed", "share", "meaningless", "cause"),
    [
        ([(200, -0.5)], 0.5, False, "a split"),
        ([(200, 9.0)], 0.5, False, "a split"),
        ([(200, -0.9), (201, 9.0)], 0.5, True, "one wrong price"),
        ([(200, 9.0), (201, -0.9)], 0.5, True, "one wrong price"),
        ([(200, -0.9), (201, 9.0)], 0.0001, False, "one wrong price"),
    ],
    ids=["split", "decimal point", "wrong price", "wrong price upwards", "small position"],
)
def test_a_return_far_beyond_all_others_is_named_and_a_wrong_price_that_decides_has_no_meaning(
    hub: Hub, changed: list[tuple[int, float]], share: float, *, meaningless: bool, cause: str
) -> None:
    given = real(with_series("KO", with_returns(*changed)), None)
    report = hub.risk(**{**given, "weights": in_ko(share)})
    found = one_warning(report, OUTLIERS)
    assert (found["subject"], found["makes_insufficient"]) == ("KO", meaningless)
    assert cause in found["likely_cause"]
    assert report["sufficiency"]["sufficient"] is not meaningless


def test_a_wrong_price_is_among_the_ten_assets_named(hub: Hub) -> None:
    changed = {asset: with_returns((100, 20.0), series=RETURNS[at]) for at, asset in enumerate(IDS)}
    changed["KO"] = with_returns((200, -0.9), (201, 9.0))
    report = hub.risk(weights=in_ko(0.9), realized_returns={a: r.tolist() for a, r in changed.items()})
    found = [each for each in report["warnings"] if each["code"] == OUTLIERS]
    assert (found[0]["subject"], found[0]["makes_insufficient"], len(found)) == ("KO", True, 10)


def test_an_option_that_multiplies_in_a_day_is_not_an_outlier(hub: Hub) -> None:
    given = real(with_series("KO", with_returns((200, 9.0))), None)
    assert OUTLIERS not in codes(hub.risk(**given, portfolio={"unlimited_loss": ["KO"]}))


@pytest.mark.parametrize(("factor", "named"), [(1.2, True), (0.8, True), (1.02, False)])
def test_a_deposit_or_withdrawal_in_the_track_record_is_named(
    hub: Hub, factor: float, *, named: bool
) -> None:
    """A deposit of 20 % raises the value from which the next drawdown is measured."""
    nav = 100 * np.cumprod(1 + OWN)
    nav[600:] *= factor
    report = hub.risk(**real(), portfolio_returns={"nav": nav.tolist()})
    found = [each for each in report["warnings"] if each["code"] == OUTLIERS]
    assert [each["subject"] for each in found] == ["portfolio_returns"] * named
    assert ["deposit" in each["likely_cause"] for each in found] == [True] * named


def test_a_day_on_which_the_whole_book_moved_is_not_reported_as_a_deposit(hub: Hub) -> None:
    crash = RETURNS.copy()
    crash[:, 300] = -0.25
    own = np.array([WEIGHTS[asset] for asset in IDS]) @ crash
    report = hub.risk(**real(crash, None), portfolio_returns={"returns": own.tolist()})
    assert OUTLIERS not in codes(report)


@pytest.mark.parametrize(
    ("copied", "meaningless"),
    [
        (np.hstack([RETURNS, RETURNS]), True),
        (np.hstack([RETURNS[:, :50]] * 6), True),
        (np.repeat(RETURNS, 2, axis=1), True),
        (np.hstack([RETURNS, RETURNS[:, :150]]), False),
    ],
    ids=["twice", "six times", "each day twice", "a fifth again"],
)
@pytest.mark.parametrize("dated", [True, False])
def test_a_history_that_holds_copies_of_itself_is_named(
    hub: Hub, copied: Any, *, meaningless: bool, dated: bool
) -> None:
    meta = {"dates": trading_days(copied.shape[1])} if dated else None
    report = hub.risk(**real(copied, None, returns_meta=meta))
    assert one_warning(report, REPEATED)["makes_insufficient"] is meaningless


@pytest.mark.parametrize("decimals", [3, 4, 6])
@pytest.mark.parametrize("asset", IDS[:6])
def test_rounded_returns_of_one_asset_are_not_reported_as_repeated(
    hub: Hub, asset: str, decimals: int
) -> None:
    rounded = np.round(RETURNS[IDS.index(asset)], decimals).tolist()
    report = hub.risk(weights={asset: 1.0}, realized_returns={asset: rounded})
    assert REPEATED not in codes(report)


@given(
    st.lists(st.floats(0.001, 0.5), min_size=20, unique=True),
    st.integers(2, 4),
)
def test_every_series_without_repeats_is_clean_and_every_multiple_of_it_is_named(
    series: list[float], times: int
) -> None:
    def found(values: list[float]) -> list[bool]:
        declared = RiskInput(
            kind="realized_returns", source="inline", sha256=None, coverage=1.0, observations=len(values)
        )
        given = ReturnsInput(declared, given=ReturnsTable(("A",), (values,)))
        return [each.makes_insufficient for each in returns_repeated(given, {"A": 1.0})]

    assert found(series) == []
    assert found([value for value in series for _ in range(times)]) == [True]
    assert len(found(series * times)) == 1


def halted(days: Any) -> Any:
    """Return the book's returns with KO missing on some days."""
    series = [
        [None if asset == "KO" and day in days else v for day, v in enumerate(row)] for asset, row in rows()
    ]
    return dict(zip(IDS, series, strict=True))


def rows() -> list[tuple[str, list[float]]]:
    return list(zip(IDS, RETURNS.tolist(), strict=True))


@pytest.mark.parametrize("rule", ["complete_case", "available_case"])
def test_a_share_without_returns_in_the_crash_takes_the_losses_out_of_the_history(
    hub: Hub, rule: str
) -> None:
    worst = set(np.argsort(OWN)[:12].tolist())
    whole = hub.risk("v0", **real(covariance=None), minute=0)
    report = hub.risk("v1", minute=1, weights=WEIGHTS, realized_returns=halted(worst), risk={"missing": rule})
    found = one_warning(report, "losses_left_out")
    assert (found["evidence"]["large_losses"], found["evidence"]["dropped_periods"]) == (12, 12)
    assert found["evidence"]["largest_loss"] > found["evidence"]["value_at_risk"]
    assert report["tails"][0]["value_at_risk"] < whole["tails"][0]["value_at_risk"]


def test_periods_left_out_at_random_are_not_named(hub: Hub) -> None:
    random = set(np.random.default_rng(1).choice(RETURNS.shape[1], 60, replace=False).tolist())
    report = hub.risk(weights=WEIGHTS, realized_returns=halted(random))
    assert "losses_left_out" not in codes(report)


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        (real(None, COVARIANCE), None),
        (real(None, COVARIANCE * 252), "covariance"),
        ({**real(None, COVARIANCE * 252), "covariance_meta": {"periods_per_year": 1}}, None),
        (real(RETURNS, None), None),
        (real(RETURNS * 10, None), "realized_returns"),
        (real(RETURNS * 10, None, returns_meta={"frequency": "daily"}), "realized_returns"),
        (real(RETURNS * 5, None, returns_meta={"frequency": "monthly"}), None),
        (real(RETURNS * 10, None, portfolio={"unlimited_loss": IDS}), None),
    ],
    ids=[
        "daily",
        "annualised",
        "stated per year",
        "returns",
        "differences",
        "daily tenfold",
        "monthly",
        "options",
    ],
)
def test_a_volatility_that_few_markets_have_is_a_caution(
    hub: Hub, inputs: dict[str, Any], named: str | None
) -> None:
    report = hub.risk(**inputs)
    found = [each for each in report["warnings"] if each["code"] == IMPLAUSIBLE]
    assert [each["subject"] for each in found] == [named] * (named is not None)
    assert not any(each["makes_insufficient"] for each in found)
