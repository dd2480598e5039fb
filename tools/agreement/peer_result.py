"""A peer's number for one measure, and the peers' inputs."""

from typing import NamedTuple

import pandas as pd

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
