"""Rate limiter of the operator commands."""

import time
from collections.abc import Callable
from typing import Final

RATE_DEFAULT_PER_SECOND: Final = 20.0
RATE_MAX_PER_SECOND: Final = 500.0


class RateLimiter:
    """Limit a command's rate: wait after each piece of work until the next one is due."""

    def __init__(
        self,
        rate_per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.rate_per_second = rate_per_second
        self._clock, self._sleep = clock, sleep
        self._due_seconds = clock()

    def batch_size(self, items: int) -> int:
        """Return how many items to take at once: one second's worth, from one to `items`."""
        return max(1, min(items, int(self.rate_per_second)))

    def throttle(self, items: int) -> None:
        """Record that this many items were processed, and wait for their share of time."""
        self._due_seconds += items / self.rate_per_second
        wait_seconds = self._due_seconds - self._clock()
        if wait_seconds > 0:
            self._sleep(wait_seconds)
