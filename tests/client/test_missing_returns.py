"""Missing returns are sent as missing: joined by date, never filled, the same after a round trip."""

import math
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_hub_client import InvalidSnapshotError, Patience, RiskHubClient, to_dataframe
from risk_hub_contracts.blob.read import decode
from risk_hub_contracts.blob.types import RealizedReturns
from risk_hub_contracts.blob.write import encode_returns
from tests.client.conftest import BOOK, WORLD
from tests.client.prepared import content_hash, prepared
from tests.client.server import Server

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "docs" / "guides" / "examples" / "publish_missing_data.py"
NAMES = ["A", "B", "C"]
FIRST_DAY = date(2025, 12, 1)
Series = Sequence[float | None]

returns_of_a_day = st.none() | st.floats(-0.5, 0.5, allow_nan=False).map(lambda value: value + 0.0)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[float | None]]:
    """Return columns of one length with missing observations, and at least one observation in each."""
    length = draw(st.integers(1, 8))
    column = st.lists(returns_of_a_day, min_size=length, max_size=length).filter(
        lambda values: any(value is not None for value in values)
    )
    return {name: draw(column) for name in NAMES}


def days(count: int) -> list[date]:
    return [FIRST_DAY + timedelta(days=number) for number in range(count)]


def sent_blob(returns: Any) -> RealizedReturns:
    blob = prepared(realized_returns=returns).blobs["realized_returns"]
    return cast("RealizedReturns", decode(b"".join(blob.chunks())))


def frame_of(columns: dict[str, list[float | None]]) -> pd.DataFrame:
    index = pd.DatetimeIndex(days(len(columns["A"])))
    return pd.DataFrame(columns, index=index, dtype=float)


def dated_series(columns: dict[str, list[float | None]]) -> dict[str, dict[date, float]]:
    """Return each series with its own dates: those of its observations alone."""
    return {
        name: {day: value for day, value in zip(days(len(values)), values, strict=True) if value is not None}
        for name, values in columns.items()
    }


@given(columns=tables())
def test_any_pattern_of_missing_returns_in_a_table_is_sent_unchanged(
    columns: dict[str, list[float | None]],
) -> None:
    sent = sent_blob(frame_of(columns))
    assert sent.document() == columns
    assert list(sent.dates or ()) == [day.isoformat() for day in days(len(columns["A"]))]


@given(columns=tables())
def test_any_pattern_of_missing_undated_returns_is_sent_as_null(
    columns: dict[str, list[float | None]],
) -> None:
    nan = {
        name: [math.nan if value is None else value for value in values] for name, values in columns.items()
    }
    document = prepared(realized_returns=nan).snapshot.to_document()
    assert document["realized_returns"] == columns
    hashes = {content_hash(realized_returns=form) for form in (nan, columns, encode_returns(columns))}
    assert len(hashes) == 1


@given(columns=tables(), names=st.permutations(NAMES), order=st.randoms(use_true_random=False))
def test_series_with_their_own_dates_are_joined_by_date_in_any_order(
    columns: dict[str, list[float | None]], names: list[str], order: Any
) -> None:
    dated = dated_series(columns)
    shuffled = {name: dict(order.sample(list(dated[name].items()), len(dated[name]))) for name in names}
    frame = frame_of(columns)
    observed = frame[frame.notna().any(axis=1)]
    assert content_hash(realized_returns=shuffled) == content_hash(realized_returns=observed)


@given(first=st.integers(1, 5), second=st.integers(1, 5), gap=st.integers(0, 5))
def test_series_with_disjoint_dates_have_every_date_and_are_never_filled(
    first: int, second: int, gap: int
) -> None:
    calendar = days(first + gap + second)
    early, late = calendar[:first], calendar[first + gap :]
    frames = {
        "A": pd.DataFrame({"return": 0.01}, index=pd.DatetimeIndex(early)),
        "B": pd.DataFrame({"return": -0.02}, index=pd.DatetimeIndex(late)),
    }
    sent = sent_blob(frames)
    assert list(sent.dates or ()) == [day.isoformat() for day in early + late]
    assert sent.document() == {"A": [0.01] * first + [None] * second, "B": [None] * first + [-0.02] * second}
    assert sent.missing == first + second


@pytest.mark.parametrize(
    "missing",
    [None, math.nan, np.nan, np.float32("nan"), pd.NA, pd.NaT],
    ids=["None", "nan", "np", "f4", "NA", "NaT"],
)
def test_every_form_of_a_missing_value_is_sent_as_missing(missing: Any) -> None:
    columns = {"A": [0.1, missing], "B": [missing, 0.2], "C": [0.1, 0.2]}
    expected = {"A": [0.1, None], "B": [None, 0.2], "C": [0.1, 0.2]}
    frame = pd.DataFrame(columns, index=pd.DatetimeIndex(days(2)), dtype=object)
    assert sent_blob(frame).document() == expected
    assert prepared(realized_returns=columns).snapshot.to_document()["realized_returns"] == expected


def test_nullable_pandas_columns_and_arrays_with_nan_are_sent_as_missing() -> None:
    nullable = pd.DataFrame({"A": [0.1, None], "B": [None, 0.2]}, dtype="Float64")
    array = np.array([[0.1, math.nan], [math.nan, 0.2]])
    weights = {"A": 0.5, "B": 0.5}
    hashes = {content_hash(weights=weights, realized_returns=form) for form in (nullable, array)}
    assert hashes == {content_hash(weights=weights, realized_returns={"A": [0.1, None], "B": [None, 0.2]})}


def test_missing_returns_of_the_portfolio_are_sent_as_missing() -> None:
    series = pd.Series([0.1, math.nan, 0.2], index=pd.DatetimeIndex(days(3)))
    assert sent_blob(series).document() == [0.1, None, 0.2]
    assert prepared(realized_returns=[0.1, math.nan]).snapshot.to_document()["realized_returns"] == [
        0.1,
        None,
    ]


@pytest.mark.parametrize(
    "returns",
    [
        pd.DataFrame({"A": [0.1, 0.2], "B": [math.nan, math.nan]}, index=pd.DatetimeIndex(days(2))),
        {"A": [0.1, 0.2], "B": [None, math.nan]},
        {"A": {FIRST_DAY: 0.1}, "B": {FIRST_DAY: None}},
    ],
    ids=["table", "undated", "dated"],
)
def test_a_series_without_an_observation_is_refused_by_name(returns: Any) -> None:
    with pytest.raises(
        InvalidSnapshotError, match="/realized_returns/B: the series of 'B' has no observation"
    ):
        content_hash(realized_returns=returns)


def test_missing_returns_come_back_from_the_hub_as_they_were_sent(client: RiskHubClient) -> None:
    frame = frame_of({"A": [0.1, None, 0.2], "B": [None, 0.0, -0.1], "C": [0.0, 0.0, None]})
    client.publish(WORLD, **BOOK | {"weights": dict.fromkeys(NAMES, 1 / 3), "realized_returns": frame})
    found = client.load(client.latest(WORLD), "realized_returns")
    assert found is not None
    pd.testing.assert_frame_equal(to_dataframe(found), frame, check_freq=False, check_index_type=False)


def test_missing_returns_survive_the_spool(server: Server, tmp_path: Path) -> None:
    frame = frame_of({"A": [0.1, None, 0.2], "B": [None, 0.0, -0.1], "C": [0.0, 0.0, None]})
    fields = BOOK | {"weights": dict.fromkeys(NAMES, 1 / 3), "realized_returns": frame}
    given: dict[str, Any] = {"actor": "gateway", "stage": "paper", "spool": tmp_path / "spool"}
    with RiskHubClient("http://127.0.0.1:9", "t", **given, patience=Patience(attempts=1)) as offline:
        assert offline.publish(WORLD, **fields).outcome == "spooled"
    with RiskHubClient(server.url, server.token, **given) as online:
        assert [each.outcome for each in online.flush().delivered] == ["created"]
        found = online.load(online.latest(WORLD), "realized_returns")
    assert found is not None
    pd.testing.assert_frame_equal(to_dataframe(found), frame, check_freq=False, check_index_type=False)


def test_dates_of_undated_series_may_be_date_objects() -> None:
    columns = {"A": [0.1, None], "B": [None, 0.2], "C": [0.1, 0.2]}
    inline = prepared(realized_returns=columns, returns_meta={"dates": days(2)}).snapshot
    assert inline.to_document()["returns_meta"]["dates"] == [day.isoformat() for day in days(2)]


def test_inline_missing_returns_come_back_from_the_hub_as_null(client: RiskHubClient) -> None:
    returns = {"AAPL": [0.1, math.nan], "MSFT": [0.0, 0.2]}
    client.publish(WORLD, **BOOK | {"realized_returns": returns})
    stored = client.latest(WORLD)
    assert stored.document["realized_returns"] == {"AAPL": [0.1, None], "MSFT": [0.0, 0.2]}
    found = client.load(stored, "realized_returns")
    assert found is not None
    assert to_dataframe(found).isna().to_numpy().tolist() == [[False, False], [True, False]]


def test_the_risk_report_counts_the_own_dates_of_each_series(client: RiskHubClient, server: Server) -> None:
    calendar = [date(2026, 1, 2) - timedelta(days=back) for back in reversed(range(120))]
    values = np.random.default_rng(4).normal(0, 0.01, (2, 120))
    holidays, listed = {50, 70, 90}, 40
    returns = {
        "AAPL": {
            day: x
            for row, (day, x) in enumerate(zip(calendar, values[0], strict=True))
            if row not in holidays
        },
        "MSFT": dict(zip(calendar[listed:], values[1, listed:], strict=True)),
    }
    client.publish(WORLD, **BOOK | {"realized_returns": returns})
    server.hub.work()
    report = client.risk(WORLD, BOOK["version"])
    missing = report["sufficiency"]["missing"]
    assert (missing["periods"], missing["complete_periods"]) == (120, 77)
    assert missing["assets"] == [
        {
            "id": "MSFT",
            "observations": 80,
            "missing": 40,
            "first_date": calendar[listed].isoformat(),
            "last_date": "2026-01-02",
        },
        {
            "id": "AAPL",
            "observations": 117,
            "missing": 3,
            "first_date": calendar[0].isoformat(),
            "last_date": "2026-01-02",
        },
    ]
    complete = [row for row in range(listed, 120) if row not in holidays]
    deviation = np.std(np.array([0.6, 0.4]) @ values[:, complete], ddof=1)
    (volatility,) = [
        each["value"]
        for each in report["measures"]
        if (each["measure"], each["method"]) == ("volatility", "parametric_normal")
    ]
    assert volatility == pytest.approx(deviation)


def test_the_example_of_the_guide_publishes_missing_data(server: Server) -> None:
    server.hub.clock.now = datetime.now(UTC)
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        env={
            "PYTHONPATH": f"{REPOSITORY / 'contracts/src'}:{REPOSITORY / 'client/src'}",
            "RISK_HUB_URL": server.url,
            "RISK_HUB_TOKEN": server.token,
        },
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert done.stderr == ""
    assert "3 assets, 4 days, 3 missing observations" in done.stdout
