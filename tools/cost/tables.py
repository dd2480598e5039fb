"""Tables of the page of costs: one column for each size of a book."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from tools.cost.prices import MILLION
from tools.cost.snapshot_flow import SnapshotFlow

Flows: TypeAlias = Mapping[int, SnapshotFlow]
"""The measured invocations by number of weights."""


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    head = list(header)
    return "\n".join(
        f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *(list(row) for row in rows)]
    )


def per_million(amount: float) -> str:
    """Return the cost of a million, from the cost of one."""
    return f"{amount * MILLION:,.2f}"


def header_row(first: str, flows: Flows) -> list[str]:
    """Return the names of the columns."""
    return [first, *(f"{assets:,} weights" for assets in flows)]
