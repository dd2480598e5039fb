"""Terminal output: results on stdout, errors and progress on stderr."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

__all__ = ["Bar", "print_document", "print_error", "print_line", "print_note", "progress_bar"]

# A terminal obeys these: cursor moves, colours, a carriage return. Tabs and ends of lines are text.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def print_document(document: Any) -> None:  # noqa: ANN401 - anything that JSON holds
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def print_line(text: str) -> None:
    """Print one line on stdout."""
    sys.stdout.write(_printable(text) + "\n")


def print_note(text: str) -> None:
    """Print one informational line on stderr, so that stdout has only the result."""
    sys.stderr.write(_printable(text) + "\n")


def print_error(text: str) -> None:
    """Print one error line on stderr."""
    Console(stderr=True).print(
        _printable(text), style="bold red", highlight=False, soft_wrap=True, markup=False
    )


def _printable(text: str) -> str:
    """Escape the control characters of a text, so that no terminal obeys them."""
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class Bar:
    """One progress bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def show(self, completed: float, text: str) -> None:
        """Move the bar and update its text."""
        self._progress.update(self._task, completed=completed, text=text)


@contextmanager
def progress_bar(label: str, total: float, *, quiet: bool) -> Iterator[Bar]:
    """Show a progress bar while the block runs, if stderr is a terminal and `quiet` is not set."""
    console = Console(stderr=True, quiet=quiet or not sys.stderr.isatty())
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[text]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield Bar(progress, progress.add_task(label, total=total, text=""))
