"""A clock that gives the same times in each run, so that the measured bytes are the same."""

from datetime import UTC, datetime, timedelta
from typing import Final

BEGIN: Final = datetime(2026, 1, 5, 12, 0, 0, 123_457, tzinfo=UTC)
# Its six digits keep the measured delays as long in the log as real ones.
STEP: Final = timedelta(microseconds=13_171)


class TickingClock:
    """Return a time that is one step later at each call."""

    def __init__(self) -> None:
        self._now = BEGIN

    def __call__(self) -> datetime:
        """Return the next time."""
        self._now += STEP
        return self._now
