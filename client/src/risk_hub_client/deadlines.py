"""Enforce the total request deadline even when a response trickles in.

The HTTP library's timeouts apply to single reads, so headers that arrive slowly could take without limit, and
it has no hook between headers. Its connections therefore use streams that know the request's deadline.
The asynchronous client cancels the task instead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpx2

from risk_hub_client.retries import Deadline

__all__ = ["enforce_deadlines", "request_deadline"]

_DEADLINE: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def request_deadline(deadline: Deadline) -> Iterator[None]:
    """Apply a deadline to reads and writes within the block."""
    before = _DEADLINE.set(deadline)
    try:
        yield
    finally:
        _DEADLINE.reset(before)


def enforce_deadlines(client: httpx2.Client) -> httpx2.Client:
    """Make the client's connections, including those through a proxy, obey the deadlines of `request_deadline`."""
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001 - there is no public way in
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001 - same
    return client


def _capped_timeout(timeout: float | None, error: type[httpx2.TimeoutException]) -> float | None:
    """Return the timeout of one read or write: the library's value, capped by the remaining budget."""
    deadline = _DEADLINE.get()
    if deadline is None:
        return timeout
    if deadline.is_over:
        raise error("the budget is spent")
    return deadline.timeout_seconds if timeout is None else min(timeout, deadline.timeout_seconds)


class _Stream:
    """A connection of the HTTP library with deadline-aware timeouts."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - no class of the HTTP library itself
        self._stream = stream

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - handed on
        return getattr(self._stream, name)

    def read(self, max_bytes: int, timeout: float | None = None) -> Any:  # noqa: ANN401 - handed on
        return self._stream.read(max_bytes, _capped_timeout(timeout, httpx2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _capped_timeout(timeout, httpx2.WriteTimeout))

    def start_tls(self, *args: Any, **kwargs: Any) -> "_Stream":  # noqa: ANN401 - handed on
        return _Stream(self._stream.start_tls(*args, **kwargs))


class _Backend:
    """A connection factory of the HTTP library whose connections are deadline-aware."""

    def __init__(self, backend: Any) -> None:  # noqa: ANN401 - no class of the HTTP library itself
        self._backend = backend

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - handed on
        return getattr(self._backend, name)

    def connect_tcp(self, *args: Any, **kwargs: Any) -> _Stream:  # noqa: ANN401 - handed on
        return _Stream(self._backend.connect_tcp(*args, **kwargs))
