"""What an operator sees: results on stdout, progress on stderr."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.operate.queue_list import QueueHealth

TABLE_MIN_CHARS: Final = 100
NO_AGE: Final = "-"
NO_AGE_NOTE: Final = (
    "No age where '-' stands: CloudWatch had no value in the last ten minutes. The local stage never has one."
)


def print_document(document: Any) -> None:  # noqa: ANN401 - anything that JSON holds
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def say(text: str) -> None:
    """Print one line on stdout."""
    sys.stdout.write(text + "\n")


def complain(text: str) -> None:
    """Print one line on stderr."""
    Console(stderr=True).print(text, style="bold red", highlight=False, soft_wrap=True, markup=False)


def print_queues(rows: Sequence[QueueHealth]) -> None:
    """Print the table of queues; what failed and waits for somebody stands out."""
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
    age = NO_AGE if row.oldest_age_seconds is None else f"{row.oldest_age_seconds} s"
    return (row.name, row.kind, str(row.waiting + row.delayed), str(row.in_flight), age)


class Bar:
    """One progress bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def show(self, completed: float, text: str) -> None:
        """Move the bar and say what was done."""
        self._progress.update(self._task, completed=completed, text=text)


@contextmanager
def bar(label: str, total: float, *, quiet: bool) -> Iterator[Bar]:
    """Show a bar on stderr while the block runs; nothing when stderr is no terminal, or `quiet`."""
    console = Console(stderr=True, quiet=quiet or not sys.stderr.isatty())
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[text]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield Bar(progress, progress.add_task(label, total=total, text=""))


def seconds_between(start: datetime, end: datetime) -> float:
    """Return the span in seconds, never nothing, as the length of a bar."""
    return max((end - start).total_seconds(), 1.0)
