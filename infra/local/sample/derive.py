"""Derive `us20.json` from a table of daily returns.

    python -m infra.local.sample.derive us20_daily_returns_2020_2022.csv

The table has a `date` column and one column of simple daily returns per company. The returns are those of 20
large US companies from 2020-01-02 to 2022-12-28, computed from the daily prices that the PyPI package skfolio
(BSD-3) ships as `sp500_dataset`.

The book is weighted by inverse volatility: weight_i = (1 / s_i) / sum_j (1 / s_j), s the standard deviation
of daily returns (ddof 1), rounded to four decimals; what rounding leaves over goes to the largest position,
so that the weights add up to 1. The covariance is the sample covariance of the same returns (ddof 1, one
day), upper triangle row by row.
"""

import csv
import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from infra.local.sample import SAMPLE_FILE

WEIGHT_DECIMALS: Final = 4

Returns = npt.NDArray[np.float64]


def read_returns(table: Path) -> tuple[list[str], list[str], Returns]:
    """Return dates, ids and the (T, n) array of simple daily returns."""
    with table.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    values = np.array([[float(cell) for cell in row[1:]] for row in rows])
    return [row[0] for row in rows], header[1:], values


def inverse_volatility_weights(returns: Returns) -> list[float]:
    """Return n weights that add up to 1 within a float's last digit."""
    inverse = 1.0 / returns.std(axis=0, ddof=1)
    weights = [round(float(each), WEIGHT_DECIMALS) for each in inverse / inverse.sum()]
    largest = weights.index(max(weights))
    weights[largest] = round(weights[largest] + 1.0 - sum(weights), WEIGHT_DECIMALS)
    return weights


def derive(table: Path) -> dict[str, Any]:
    """Return the parts of the sample snapshot that do not depend on when it is published."""
    dates, ids, returns = read_returns(table)
    upper = np.cov(returns, rowvar=False)[np.triu_indices(len(ids))]
    return {
        "weights": dict(zip(ids, inverse_volatility_weights(returns), strict=True)),
        "covariance": {"ids": ids, "upper": upper.tolist()},
        "realized_returns": {name: returns[:, column].tolist() for column, name in enumerate(ids)},
        "provenance": {
            "source": "sp500_dataset of skfolio (BSD-3), simple daily returns",
            "first_date": dates[0],
            "last_date": dates[-1],
            "book": "inverse volatility",
        },
    }


def main() -> None:
    """Write the sample beside this script."""
    [table] = sys.argv[1:]
    SAMPLE_FILE.write_text(json.dumps(derive(Path(table)), separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
