"""Weights and covariances are paired with assets by label; row numbers and days are refused."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk_hub_client import FactorModel, InvalidSnapshotError, RiskHubClient
from tests.client.conftest import BOOK, WORLD
from tests.client.prepared import content_hash
from tests.client.server import Server

IDS = ["C", "A", "B"]
MATRIX = np.array([[0.09, 0.01, 0.0], [0.01, 0.04, 0.002], [0.0, 0.002, 0.01]])
FRAME = pd.DataFrame(MATRIX, index=IDS, columns=IDS)
MANY = [f"N{number:02}" for number in range(12)]
MANY_WEIGHTS = dict.fromkeys(MANY, 1 / 12)
MANY_MATRIX = pd.DataFrame(
    np.cov(np.random.default_rng(5).normal(size=(12, 60))) * 1e-4, index=MANY, columns=MANY
)
WITH_NAN = FRAME.copy()
WITH_NAN.loc["A", "B"] = np.nan
UPPER_WITH_NAN = [*MATRIX[np.triu_indices(3)][:-1], np.nan]


@given(rows=st.permutations(IDS), columns=st.permutations(IDS), weights=st.permutations(IDS))
def test_content_hash_of_a_labelled_covariance_ignores_the_order_of_its_labels(
    rows: list[str], columns: list[str], weights: list[str]
) -> None:
    values = {"C": 0.2, "A": 0.5, "B": 0.3}
    found = content_hash(
        weights=pd.Series(values)[weights], covariance=FRAME.loc[rows, columns], realized_returns=None
    )
    assert found == content_hash(weights=values, covariance=(IDS, MATRIX))


@given(rows=st.permutations(MANY), columns=st.permutations(MANY))
def test_content_hash_of_a_covariance_blob_ignores_the_order_of_its_labels(
    rows: list[str], columns: list[str]
) -> None:
    permuted = content_hash(weights=MANY_WEIGHTS, covariance=MANY_MATRIX.loc[rows, columns])
    assert permuted == content_hash(weights=MANY_WEIGHTS, covariance=MANY_MATRIX)


@given(rows=st.permutations(IDS), specific=st.permutations(IDS))
def test_content_hash_of_a_factor_model_ignores_the_order_of_its_row_labels(
    rows: list[str], specific: list[str]
) -> None:
    loadings = pd.DataFrame([[0.1], [0.2], [0.3]], index=IDS)
    variances = pd.Series([0.01, 0.02, 0.03], index=IDS)
    found = content_hash(covariance=FactorModel(IDS, loadings.loc[rows], variances[specific]))
    assert found == content_hash(covariance=FactorModel(IDS, loadings.to_numpy(), variances.to_numpy()))


def test_weights_and_covariance_in_tables_with_an_id_column_match_their_labelled_forms() -> None:
    weights = pd.DataFrame({"id": IDS, "weight": [0.2, 0.5, 0.3]})
    covariance = FRAME.rename_axis("id").reset_index()
    assert content_hash(weights=weights, covariance=covariance) == content_hash(covariance=FRAME)
    assert content_hash(weights=weights.set_index("id")) == content_hash()


def test_an_array_covariance_is_in_the_order_of_the_weights() -> None:
    assert content_hash(covariance=MATRIX) == content_hash(covariance=FRAME)


UNLABELLED: list[tuple[dict[str, Any], str]] = [
    ({"weights": pd.Series([0.5, 0.5])}, "/weights: the id 0 is a number"),
    ({"weights": pd.Series([0.5, 0.5], index=[14593, 10107])}, "/weights: the id 14593 is a number"),
    ({"weights": {14593: 1.0}}, "write numeric tickers as text"),
    ({"weights": np.array([0.5, 0.5])}, "does not name its assets.*dict.zip"),
    ({"weights": pd.DataFrame({"id": IDS, "share": [0.2, 0.5, 0.3]})}, "needs a column 'weight'"),
    ({"weights": pd.DataFrame({"weight": [0.2, 0.5, 0.3]})}, "rows of the DataFrame have no labels"),
    ({"weights": pd.Series({"A": 0.5, "B": np.nan})}, "weight of 'B' .row 1. is missing"),
    ({"weights": pd.Series({"A": 0.5, "B": np.inf})}, "weight of 'B' .row 1. is infinite"),
    ({"weights": {"A": None}}, "weight of 'A' .row 0. is missing"),
    ({"covariance": pd.DataFrame(MATRIX)}, "rows of the DataFrame have no labels"),
    ({"covariance": pd.DataFrame(MATRIX, columns=IDS)}, "rows of the DataFrame have no labels"),
    ({"covariance": pd.DataFrame(MATRIX, index=IDS)}, "/covariance: the id 0 is a number"),
    ({"covariance": pd.DataFrame(MATRIX, index=IDS, columns=["C", "A", "D"])}, "only one side has 'B'"),
    ({"covariance": ([1, 2, 3], MATRIX)}, "/covariance/ids: the id 1 is a number"),
    ({"covariance": (IDS, FRAME)}, "own labels: pass it without ids"),
    ({"covariance": FRAME.astype("Float64").mask(FRAME == 0)}, "entry of 'C' and 'B' is <NA>"),
    ({"covariance": WITH_NAN}, "entry of 'A' and 'B' is nan"),
    ({"covariance": (IDS, WITH_NAN.to_numpy())}, "entry of 'A' and 'B' is nan"),
    ({"covariance": (IDS, np.array(UPPER_WITH_NAN))}, "entry of 'B' and 'B' is nan"),
    (
        {"covariance": FactorModel(IDS, pd.DataFrame([[0.1], [0.2], [0.3]]), [0.1, 0.1, 0.1])},
        "rows of the DataFrame have no labels",
    ),
    (
        {"realized_returns": pd.DataFrame([[0.1]], columns=pd.MultiIndex.from_tuples([("Close", "A")]))},
        r"not \('Close', 'A'\): select one level",
    ),
]


@pytest.mark.parametrize(("fields", "reason"), UNLABELLED, ids=[reason for _, reason in UNLABELLED])
def test_numbers_without_asset_labels_are_refused_with_the_remedy(
    fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidSnapshotError, match=reason):
        content_hash(**fields)


def test_numpy_scalars_count_as_numbers_in_any_field() -> None:
    scalars = {"constraints": {"a": [np.float64(0.5), np.int64(2), np.bool_(True)]}}  # noqa: FBT003
    numbers = {"constraints": {"a": [0.5, 2, True]}}
    assert content_hash(**scalars) == content_hash(**numbers)
    weights = {name: np.float32(share) for name, share in {"A": 0.5, "B": 0.5}.items()}
    assert content_hash(weights=weights) == content_hash(weights={"A": 0.5, "B": 0.5})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"stress": {"crash": {"loss": np.nan}}}, "/stress/crash/loss: is nan"),
        ({"covariance": {"ids": ["A"], "matrix": [[-np.inf]]}}, "/covariance/matrix/0/0: is -inf"),
        ({"constraints": {"a/b": [1, {"c": np.float64("nan")}]}}, "/constraints/a~1b/1/c: is nan"),
    ],
)
def test_nan_and_infinity_in_any_field_are_refused_by_their_place(
    fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidSnapshotError, match=reason):
        content_hash(**fields)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (date(2026, 1, 5), "2026-01-05 is a day, not an instant"),
        ("2026-01-05", "2026-01-05 is a day, not an instant"),
        (datetime(2026, 1, 5, 16), "2026-01-05T16:00:00 has no time zone"),  # noqa: DTZ001 - what is refused
        (pd.Timestamp("2026-01-05 16:00"), "2026-01-05T16:00:00 has no time zone"),
        (np.datetime64("2026-01-05T16:00:00", "ns"), "datetime64 has no time zone"),
        (pd.NaT, "not a time"),
    ],
    ids=["date", "text", "datetime", "timestamp", "datetime64", "NaT"],
)
def test_as_of_without_a_close_time_and_zone_is_refused_with_the_remedy(value: Any, reason: str) -> None:
    with pytest.raises(InvalidSnapshotError, match=rf"/as_of: .*{reason}.*datetime.combine\(day, time"):
        content_hash(as_of=value)


TOO_EARLY = datetime.min.replace(tzinfo=timezone(timedelta(hours=9)))
TOO_LATE = datetime.max.replace(tzinfo=timezone(timedelta(hours=-9)))


@pytest.mark.parametrize("value", [TOO_EARLY, TOO_LATE])
def test_instant_outside_the_years_of_utc_is_refused_by_its_argument(
    client: RiskHubClient, server: Server, value: datetime
) -> None:
    outside = "is outside the years 1 to 9999 in UTC"
    calls: dict[str, Any] = {
        "as_of": lambda: content_hash(as_of=value),
        "constraints": lambda: content_hash(constraints={"since": value}),
        "start": lambda: client.history(WORLD, value, "2026-01-05"),
        "end": lambda: next(client.list(WORLD, end=value)),
        "known_at": lambda: client.latest(WORLD, known_at=value),
    }
    for argument, call in calls.items():
        with pytest.raises(InvalidSnapshotError, match=f"/{argument}: .*{outside}"):
            call()
    assert server.seen == []


@pytest.mark.parametrize("value", [5, "x", None])
def test_bound_of_a_history_that_is_no_day_or_instant_is_refused_by_its_argument(
    client: RiskHubClient, value: Any
) -> None:
    with pytest.raises(
        InvalidSnapshotError, match=r"/start: must be a day .* or an instant with a time zone"
    ):
        client.history(WORLD, value, "2026-01-05")
    with pytest.raises(InvalidSnapshotError, match=r"/end: must be a day .* or an instant with a time zone"):
        client.history(WORLD, "2026-01-05", value)


def test_read_at_a_number_instead_of_an_instant_is_refused_by_its_argument(client: RiskHubClient) -> None:
    number: Any = 5
    with pytest.raises(
        InvalidSnapshotError, match="/as_of: must be a datetime with a time zone or a text, not int"
    ):
        client.lookup(WORLD, as_of=number)


def test_text_argument_that_is_not_a_text_is_refused_by_its_name(client: RiskHubClient) -> None:
    number: Any = 5
    calls: dict[str, Any] = {
        "world_id": lambda: client.publish(number, **BOOK),
        "provenance/actor": lambda: client.publish(WORLD, actor=number, **BOOK),
        "provenance/stage": lambda: client.publish(WORLD, stage=number, **BOOK),
        "version": lambda: client.risk(WORLD, number),
    }
    for argument, call in calls.items():
        with pytest.raises(InvalidSnapshotError, match=f"/{argument}: must be a text, not int"):
            call()
    reads: list[Any] = [client.latest, client.lookup, client.latest_risk]
    for read in reads:
        with pytest.raises(InvalidSnapshotError, match="/world_id: must be a text, not int"):
            read(number)


@pytest.mark.parametrize("value", [date(2026, 1, 5), pd.Timestamp("2026-01-05 16:00"), pd.NaT])
def test_reads_refuse_an_instant_without_a_time_zone_before_any_request(
    client: RiskHubClient, server: Server, value: Any
) -> None:
    reads: list[Any] = [
        lambda: client.lookup(WORLD, as_of=value),
        lambda: client.latest(WORLD, known_at=value),
        lambda: next(client.list(WORLD, start=value)),
        lambda: next(client.exit_signals(WORLD, end=value)),
        lambda: client.backtest(WORLD, "paper", start=value),
    ]
    for read in reads:
        with pytest.raises(InvalidSnapshotError, match=r"datetime.combine\(day, time"):
            read()
    assert server.seen == []


def test_as_of_may_be_a_timestamp_with_a_zone() -> None:
    local = pd.Timestamp("2026-01-05 06:59", tz="America/New_York")
    assert content_hash(as_of=local) == content_hash()
