"""Progress output while the stage starts: one line per step, with its duration."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Step:
    """One running step; `note` adds a result to its final line."""

    def __init__(self) -> None:
        self.note = ""


@contextmanager
def step(console: Console, doing: str, done: str) -> Iterator[Step]:
    """Show a spinner (on a terminal) while the block runs, then print a permanent line."""
    began = time.monotonic()
    current = Step()
    with console.status(f"{doing} ..."):
        yield current
    seconds = time.monotonic() - began
    note = f", {current.note}" if current.note else ""
    console.print(
        f"[green]ok[/green]  {done}{note} [dim]({seconds:.1f} s)[/dim]", highlight=False, soft_wrap=True
    )
