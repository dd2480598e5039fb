"""Three years of a book of 20 equities as a gateway would publish it: one snapshot at each day's close."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.agreement.book import RETURNS_FILE

Array = NDArray[np.float64]
WINDOW_DAYS = 250
TTL_SECONDS = 86_400
CLOSE = "T21:00:00Z"


@dataclass(frozen=True)
class Table:
    """Dates (T,), ids (n,) and daily returns (T, n)."""

    dates: list[str]
    ids: list[str]
    returns: Array

    def closes(self) -> range:
        """Return the days at whose close a whole window of returns is known."""
        return range(WINDOW_DAYS - 1, len(self.dates))

    def window(self, day: int) -> Array:
        """Return the 250 days of returns (250, n) that are known at the close of a day."""
        return self.returns[day - WINDOW_DAYS + 1 : day + 1]

    def weights(self, day: int) -> Array:
        """Return the book (n,) held from the close of a day: inverse volatility of its window."""
        inverse = 1.0 / self.window(day).std(axis=0, ddof=1)
        return np.asarray(inverse / inverse.sum(), dtype=np.float64)

    def covariance(self, day: int) -> Array:
        """Return the sample covariance (n, n) of a day's window."""
        return np.asarray(np.cov(self.window(day), rowvar=False), dtype=np.float64)


def real_table(days: int | None = None) -> Table:
    """Return the committed returns, or the last days of them."""
    header, *rows = [line.split(",") for line in RETURNS_FILE.read_text(encoding="utf-8").splitlines()]
    kept = rows if days is None else rows[-days:]
    values = np.array([[float(cell) for cell in row[1:]] for row in kept])
    return Table([row[0] for row in kept], header[1:], values)


def snapshots(table: Table) -> Iterator[dict[str, Any]]:
    """Yield the body of each day's snapshot; it holds only data known at that day's close."""
    upper = np.triu_indices(len(table.ids))
    for day in table.closes():
        window = table.window(day)
        yield {
            "version": table.dates[day],
            "as_of": table.dates[day] + CLOSE,
            "ttl_sec": TTL_SECONDS,
            "weights": dict(zip(table.ids, table.weights(day).tolist(), strict=True)),
            "covariance": {"ids": table.ids, "upper": table.covariance(day)[upper].tolist()},
            "realized_returns": {asset: window[:, column].tolist() for column, asset in enumerate(table.ids)},
        }
