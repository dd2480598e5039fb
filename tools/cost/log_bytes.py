"""Bytes that a function writes to its log: its lines and the documents of its metrics."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO


class Lines(StringIO):
    """Text that replaces standard output, which Lambda copies to the log: one event per line."""

    def events(self) -> Sequence[str]:
        """Return the lines without their ends, as Lambda sends them."""
        return self.getvalue().splitlines()


@contextmanager
def recorded_lines() -> Iterator[Lines]:
    """Record what the block prints, and print none of it."""
    with redirect_stdout(Lines()) as lines:
        yield lines


def log_bytes(lines: Lines) -> int:
    """Return the bytes that CloudWatch Logs ingests for these lines."""
    return sum(len(line.encode()) for line in lines.events())
