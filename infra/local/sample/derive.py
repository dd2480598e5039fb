"""Derive `us20.json` from a table of daily returns.

    python -m infra.local.sample.derive us20_daily_returns_2020_2022.csv

The table has a `date` column and one column of simple daily returns per company. The returns are those of 20
large US companies from 2020-01-02 to 2022-12-28, computed from the daily prices that the PyPI package skfolio
(BSD-3) ships as `sp500_dataset`.

The book is weighted by inverse volatility: weight_i = (1 / s_i) / sum_j (1 / s_j), s the standard deviation
of daily returns (ddof 1), rounded to four decimals; the largest position takes the rounding difference, so
that the weights add up to 1. The covariance is the sample covariance of the same returns (ddof 1, one day),
upper triangle row by row.

The sample contains the dates of its returns, and declares the greatest age that the contract allows, because its
returns are meant to be old.

Every sum is rounded once (`math.fsum`), so the file is bit-identical on every processor and Python version,
which `numpy.cov` and the builtin `sum` do not guarantee.
"""

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from math import fsum, sqrt
from operator import mul
from pathlib import Path
from typing import Any, Final

from infra.local.sample import SAMPLE_FILE
from risk_hub_contracts.base.limits import INPUT_AGE_MAX_SECONDS

WEIGHT_DECIMALS: Final = 4

Columns = list[list[float]]


def read_returns(table: Path) -> tuple[list[str], list[str], Columns]:
    """Return T dates, n ids and one column of T simple daily returns per id."""
    with table.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    dates, *columns = zip(*rows, strict=True)
    return list(dates), header[1:], [list(map(float, column)) for column in columns]


def upper_covariance(columns: Columns) -> list[float]:
    """Return the sample covariance (ddof 1) of n columns as n(n+1)/2 numbers, upper triangle row by row."""
    centred = [_centred(column) for column in columns]
    return [
        _dot(first, second) / (len(first) - 1)
        for row, first in enumerate(centred)
        for second in centred[row:]
    ]


def inverse_volatility_weights(columns: Columns) -> list[float]:
    """Return n weights that add up to 1 within a float's last digit."""
    inverse = [1.0 / _deviation(column) for column in columns]
    total = fsum(inverse)
    weights = [round(each / total, WEIGHT_DECIMALS) for each in inverse]
    largest = weights.index(max(weights))
    weights[largest] = round(weights[largest] + 1.0 - fsum(weights), WEIGHT_DECIMALS)
    return weights


def derive(table: Path) -> dict[str, Any]:
    """Return the parts of the sample snapshot that do not depend on when it is published."""
    dates, ids, columns = read_returns(table)
    return {
        "weights": dict(zip(ids, inverse_volatility_weights(columns), strict=True)),
        "covariance": {"ids": ids, "upper": upper_covariance(columns)},
        "realized_returns": dict(zip(ids, columns, strict=True)),
        "returns_meta": {
            "frequency": "daily",
            "dates": dates,
            "max_input_age_seconds": INPUT_AGE_MAX_SECONDS,
        },
        "provenance": {
            "source": "sp500_dataset of skfolio (BSD-3), simple daily returns",
            "first_date": dates[0],
            "last_date": dates[-1],
            "book": "inverse volatility",
        },
    }


def _deviation(values: Sequence[float]) -> float:
    centred = _centred(values)
    return sqrt(_dot(centred, centred) / (len(values) - 1))


def _centred(values: Sequence[float]) -> list[float]:
    mean = fsum(values) / len(values)
    return [value - mean for value in values]


def _dot(left: Iterable[float], right: Iterable[float]) -> float:
    return fsum(map(mul, left, right))


def main() -> None:
    """Write the sample next to this script."""
    [table] = sys.argv[1:]
    SAMPLE_FILE.write_text(json.dumps(derive(Path(table)), separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
