"""A peer's number for one measure, and the peers' inputs."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.agreement.book import Book
from tools.agreement.hub_results import Value

PERIODS = 252


class PeerResult(NamedTuple):
    """A peer's number for one measure: the call, and the reason for any difference."""

    measure: str
    peer: str
    call: str
    value: Value
    why: str | None = None


def series(book: Book, values: list[float] | None = None) -> pd.Series:
    """Return the book's returns, or other values (T,), by date."""
    return pd.Series(book.returns if values is None else values, index=pd.to_datetime(book.dates))


def frame(book: Book) -> pd.DataFrame:
    """Return the equities' returns (T, n) by date and id."""
    return pd.DataFrame(dict(zip(book.ids, book.columns, strict=True)), index=pd.to_datetime(book.dates))


def standardised_frame(book: Book) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Return the returns by id over their deviations (divided by T), and the weights times deviations (by T - 1)."""
    returns = frame(book)
    deviations = returns.std(ddof=1).to_numpy()
    return returns / returns.std(ddof=0), np.array(book.weights) * deviations
