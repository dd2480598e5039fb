"""Tables of polars and xarray publish the same content as those of pandas."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from risk_hub_client import FactorModel, InvalidSnapshotError
from tests.client.prepared import content_hash

IDS = ["C", "A", "B"]
WEIGHTS = {"C": 0.2, "A": 0.5, "B": 0.3}
MATRIX = np.array([[0.09, 0.01, 0.0], [0.01, 0.04, 0.002], [0.0, 0.002, 0.01]])
DAYS = [date(2025, 12, 29), date(2025, 12, 30), date(2026, 1, 2)]
VALUES = {"A": [0.01, -0.02, 0.005], "B": [0.0, 0.01, -0.01], "C": [0.02, 0.03, 0.0]}
COVARIANCE = pd.DataFrame(MATRIX, index=IDS, columns=IDS)
RETURNS = pd.DataFrame(VALUES, index=pd.DatetimeIndex(DAYS))
ORDER = [1, 2, 0]


def test_polars_tables_are_aligned_by_their_id_and_date_columns() -> None:
    pl = pytest.importorskip("polars")
    covariance = pl.DataFrame({"id": IDS, **dict(zip(IDS, MATRIX.T.tolist(), strict=True))})
    returns = pl.DataFrame({"date": DAYS, **VALUES})
    weights = pl.DataFrame({"id": IDS, "weight": list(WEIGHTS.values())})
    expected = content_hash(covariance=COVARIANCE, realized_returns=RETURNS)
    forms: list[dict[str, Any]] = [
        {"weights": weights, "covariance": covariance, "realized_returns": returns},
        {"weights": weights[ORDER], "covariance": covariance[ORDER], "realized_returns": returns[ORDER]},
        {
            "covariance": covariance.select("B", "id", "C", "A"),
            "realized_returns": returns.with_columns(pl.col("date").cast(pl.Datetime)),
        },
        {
            "covariance": covariance,
            "realized_returns": {
                name: returns.select(pl.col("date").cast(pl.String), name) for name in ("B", "C", "A")
            },
        },
    ]
    assert {content_hash(**form) for form in forms} == {expected}
    undated = {name: pl.Series(values) for name, values in VALUES.items()}
    assert content_hash(realized_returns=undated) == content_hash(realized_returns=VALUES)
    upper = pl.Series(MATRIX[np.triu_indices(3)])
    assert content_hash(covariance={"ids": IDS, "upper": upper}) == content_hash(covariance=COVARIANCE)


def test_null_and_nan_of_polars_tables_are_missing_observations() -> None:
    pl = pytest.importorskip("polars")
    columns: dict[str, list[float | None]] = {"A": [0.1, None, 0.2], "B": [float("nan"), 0.2, 0.3]}
    weights = {"A": 0.5, "B": 0.5}
    expected = content_hash(
        weights=weights, realized_returns=pd.DataFrame(columns, index=pd.DatetimeIndex(DAYS), dtype=float)
    )
    table = pl.DataFrame({"date": DAYS, **columns}, strict=False)
    series = {
        name: table.select("date", name).drop_nulls().filter(pl.col(name).is_not_nan()) for name in columns
    }
    assert content_hash(weights=weights, realized_returns=table) == expected
    assert content_hash(weights=weights, realized_returns=series) == expected


def test_polars_factor_loadings_are_aligned_by_their_id_column() -> None:
    pl = pytest.importorskip("polars")
    loadings = pl.DataFrame({"id": IDS, "market": [0.1, 0.2, 0.3]})
    variances = [0.01, 0.02, 0.03]
    found = content_hash(covariance=FactorModel(IDS, loadings[ORDER], np.array(variances)))
    assert found == content_hash(covariance=FactorModel(IDS, [[0.1], [0.2], [0.3]], variances))


def test_polars_tables_without_an_id_column_are_refused_with_the_remedy() -> None:
    pl = pytest.importorskip("polars")
    covariance = pl.DataFrame(dict(zip(IDS, MATRIX.T.tolist(), strict=True)))
    with pytest.raises(InvalidSnapshotError, match=r"add a column 'id'.*as a polars DataFrame needs"):
        content_hash(covariance=covariance)
    with pytest.raises(InvalidSnapshotError, match=r"does not name its assets"):
        content_hash(weights=pl.Series([0.2, 0.5, 0.3]))
    with pytest.raises(InvalidSnapshotError, match=r"LazyFrame.*collect"):
        content_hash(covariance=covariance.lazy())
    with pytest.raises(InvalidSnapshotError, match=r"return of 'A' on 2025-12-30 .row 1. is infinite"):
        content_hash(realized_returns=pl.DataFrame({"date": DAYS, "A": [0.1, float("inf"), 0.1]}))


def test_xarray_arrays_are_aligned_by_their_coordinates() -> None:
    xr = pytest.importorskip("xarray")
    covariance = xr.DataArray(MATRIX, [("asset", IDS), ("other", IDS)])
    returns = xr.DataArray(RETURNS.to_numpy(), [("time", RETURNS.index), ("asset", list(VALUES))])
    weights = xr.DataArray(list(WEIGHTS.values()), [("asset", IDS)])
    expected = content_hash(covariance=COVARIANCE, realized_returns=RETURNS)
    forms = [
        {"weights": weights, "covariance": covariance, "realized_returns": returns},
        {"weights": weights[ORDER], "covariance": covariance[ORDER], "realized_returns": returns.T},
        {
            "covariance": covariance[:, ORDER],
            "realized_returns": {name: returns.sel(asset=name) for name in VALUES},
        },
    ]
    assert {content_hash(**form) for form in forms} == {expected}
    with pytest.raises(InvalidSnapshotError, match=r"have no labels"):
        content_hash(covariance=xr.DataArray(MATRIX))
