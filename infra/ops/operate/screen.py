"""Table of queues on the terminal."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from infra.ops.operate.queue_list import QueueHealth
from risk_hub_contracts.base.times import duration_text

TABLE_MIN_CHARS: Final = 100
NO_AGE: Final = "-"
NO_AGE_NOTE: Final = "'-': CloudWatch had no age in the last ten minutes. The local stage has no such metric."


def print_queues(rows: Sequence[QueueHealth]) -> None:
    """Print the table of queues, with failed messages highlighted."""
    console = Console()
    console.width = max(console.width, TABLE_MIN_CHARS)
    table = Table(box=None, pad_edge=False)
    table.add_column("queue", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    for heading in ("waiting", "in flight", "oldest"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        failed = row.kind != "work" and row.waiting + row.in_flight > 0
        table.add_row(*_cells(row), style="bold red" if failed else None)
    console.print(table, soft_wrap=True)
    if any(row.oldest_age_seconds is None for row in rows):
        console.print(NO_AGE_NOTE, style="dim", soft_wrap=True)


def _cells(row: QueueHealth) -> tuple[str, ...]:
    age = NO_AGE if row.oldest_age_seconds is None else duration_text(row.oldest_age_seconds)
    return (row.name, row.kind, str(row.waiting + row.delayed), str(row.in_flight), age)
