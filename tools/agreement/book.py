"""Common input of all computations: the sample's 20 equities and their daily returns, 2020 to 2022."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "infra" / "local" / "sample"
RETURNS_FILE = SAMPLE / "us20_daily_returns_2020_2022.csv"
ROLLING_DAYS = 250
SHORT_DAYS = 90
WHOLE_DAYS = 500
TRIALS = 20


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
