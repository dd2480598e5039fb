"""The last forecast of each UTC date, found with few key reads."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from functions.evaluation.forecast_key import as_of_in_key

KEYS_PER_READ: Final = 100
_ONE_MICROSECOND: Final = timedelta(microseconds=1)


def last_forecast_of_each_date(
    newest_ids: Callable[[datetime, int], Sequence[str]], end: datetime
) -> Iterator[list[str]]:
    """Yield the ids of the last forecast of each UTC date, newest first: one list per read, possibly empty.

    A world with one forecast per date is read in pages that double. A world with many is read with one or two
    keys per date: the next read begins before the last date that was found.

    Args:
        newest_ids: takes an instant (inclusive) and a limit; returns ids newest first. Fewer ids than the
            limit mean that there are no more.
        end: the last instant.
    """
    limit = 1
    while True:
        ids = newest_ids(end, limit)
        days = {as_of_in_key(each).date(): each for each in reversed(ids)}
        yield list(days.values())[::-1]
        if len(ids) < limit:
            return
        end = datetime.combine(min(days), time(), UTC) - _ONE_MICROSECOND
        limit = min(2 * limit, KEYS_PER_READ) if len(days) == len(ids) else len(days)
