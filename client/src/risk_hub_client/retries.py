"""Retry decisions and delays; stamina runs the attempts."""

import logging
import random
import time
from collections.abc import Callable
from typing import Any, Final

import httpx2

from risk_hub_client.settings import Patience
from risk_hub_client.wire import TransientError

__all__ = ["RETRYABLE_ERRORS", "Deadline", "retry_options"]

RETRYABLE_ERRORS: Final = (
    httpx2.TimeoutException,
    httpx2.NetworkError,
    httpx2.RemoteProtocolError,
    httpx2.ProxyError,
)

# Without a handler, Python prints a log record of stamina on stderr at each retry. A caller that configures logging
# still gets these records.
logging.getLogger("stamina").addHandler(logging.NullHandler())

# Allows 400 extra seconds for a blob of 100 MB.
SLOWEST_BYTES_PER_SECOND: Final = 250_000


class Deadline:
    """The time budget of one request: that of `Patience`, extended for a blob by its time on a slow line."""

    def __init__(
        self, patience: Patience, size_bytes: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._patience, self._clock = patience, clock
        self.budget_seconds = patience.budget_seconds + size_bytes / SLOWEST_BYTES_PER_SECOND
        self._end_seconds = clock() + self.budget_seconds

    @property
    def timeout_seconds(self) -> float:
        """The longest wait for the next bytes within the next attempt."""
        return max(min(self._patience.timeout_seconds, self._end_seconds - self._clock()), 0.001)

    @property
    def remaining_seconds(self) -> float:
        """The remaining seconds of the budget."""
        return max(self._end_seconds - self._clock(), 0.0)

    @property
    def is_over(self) -> bool:
        """True when the time budget is exhausted."""
        return self._clock() > self._end_seconds

    def should_retry(self, error: Exception) -> bool | float:
        """Return whether to retry after this error; seconds if the server named a wait."""
        if not isinstance(error, TransientError):
            return False
        requested_seconds = error.retry_after_seconds
        least = self._patience.wait_initial_seconds if requested_seconds is None else requested_seconds
        if self._clock() + least > self._end_seconds:
            return False
        if requested_seconds is None:
            return True
        # Clients that were given the same wait must not return at the same moment.
        return requested_seconds + random.uniform(0, self._patience.jitter_seconds)  # noqa: S311 - jitter


def retry_options(patience: Patience, deadline: Deadline) -> dict[str, Any]:
    """Return stamina's options for the attempts of one request."""
    return {
        "on": deadline.should_retry,
        "attempts": patience.attempts,
        "timeout": deadline.budget_seconds,
        "wait_initial": patience.wait_initial_seconds,
        "wait_max": patience.wait_max_seconds,
        "wait_jitter": patience.jitter_seconds,
    }
