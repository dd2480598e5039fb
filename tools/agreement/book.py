"""Common input of all computations: the sample's 20 equities and their daily returns, 2020 to 2022."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "infra" / "local" / "sample"
RETURNS_FILE = SAMPLE / "us20_daily_returns_2020_2022.csv"
ROLLING_DAYS = 250
SHORT_DAYS = 90
WHOLE_DAYS = 500
TRIALS = 20
# So few days that their correlations, rounded to two decimals, are not positive semidefinite.
REPAIRED_DAYS = 15
ROUNDED_DECIMALS = 2


@dataclass(frozen=True)
class Book:
    """Dates (T,), ids (n,), weights (n,), one column of returns (T,) per id, and the book's own returns (T,)."""

    dates: list[str]
    ids: list[str]
    weights: list[float]
    columns: list[Sequence[float]]
    returns: list[float]

    def last(self, days: int) -> "Book":
        """Return the same book over only its last days."""
        columns = [column[-days:] for column in self.columns]
        return Book(self.dates[-days:], self.ids, self.weights, columns, self.returns[-days:])

    def demeaned(self) -> list[float]:
        """Return the book's returns minus their mean (T,)."""
        mean = fsum(self.returns) / len(self.returns)
        return [value - mean for value in self.returns]


def sample_book() -> Book:
    """Return the committed sample."""
    header, *rows = [line.split(",") for line in RETURNS_FILE.read_text(encoding="utf-8").splitlines()]
    weights = json.loads((SAMPLE / "us20.json").read_text(encoding="utf-8"))["weights"]
    ids = header[1:]
    columns: list[Sequence[float]] = [
        [float(row[position]) for row in rows] for position in range(1, len(header))
    ]
    held = [weights[asset] for asset in ids]
    returns = [fsum(w * r for w, r in zip(held, day, strict=True)) for day in zip(*columns, strict=True)]
    return Book([row[0] for row in rows], ids, held, columns, returns)


def long_short(book: Book) -> list[float]:
    """Return weights (n,) with shorts: every third position reversed, rescaled to add up to 1."""
    turned = [-weight if index % 3 == 0 else weight for index, weight in enumerate(book.weights)]
    net = fsum(turned)
    return [weight / net for weight in turned]


def deviations(book: Book) -> list[float]:
    """Return the standard deviation of each equity (n,), with the divisor T − 1."""
    return [sqrt(_product(column, column)) for column in book.columns]


def rounded_correlations(book: Book) -> list[list[float]]:
    """Return the correlations of the equities (n, n), rounded to two decimals."""
    sizes = deviations(book)
    return [
        [
            round(_product(first, second) / (left * right), ROUNDED_DECIMALS)
            for second, right in zip(book.columns, sizes, strict=True)
        ]
        for first, left in zip(book.columns, sizes, strict=True)
    ]


def _product(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the sample covariance of two columns."""
    means = fsum(first) / len(first), fsum(second) / len(second)
    return fsum((x - means[0]) * (y - means[1]) for x, y in zip(first, second, strict=True)) / (
        len(first) - 1
    )
