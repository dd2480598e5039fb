"""Enforce the total request deadline even when a response trickles in.

The HTTP library's timeouts apply to single reads, so headers that arrive slowly could take unlimited time.
The connections of `connections` therefore cap each timeout by the remaining budget of the request in progress.
The asynchronous client cancels the task instead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from risk_hub_client.retries import Deadline

__all__ = ["capped_timeout", "request_deadline"]

_DEADLINE: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def request_deadline(deadline: Deadline) -> Iterator[None]:
    """Apply a deadline to connections, reads and writes within the block."""
    before = _DEADLINE.set(deadline)
    try:
        yield
    finally:
        _DEADLINE.reset(before)


def capped_timeout(timeout_seconds: float | None, error: type[Exception]) -> float | None:
    """Return the timeout of one connection, read or write, capped by the remaining budget.

    Raises:
        Exception: `error`, if the time budget is exhausted.
    """
    deadline = _DEADLINE.get()
    if deadline is None:
        return timeout_seconds
    if deadline.is_over:
        raise error("the time budget is exhausted")
    allowed_seconds = deadline.timeout_seconds
    return allowed_seconds if timeout_seconds is None else min(timeout_seconds, allowed_seconds)
