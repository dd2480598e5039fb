"""The last forecast of each UTC date, found by as few keys as the dates allow."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from functions.hub.domain.forecast_key import made_at

KEYS_PER_READ: Final = 100
_A_MOMENT: Final = timedelta(microseconds=1)


def last_of_each_date(
    newest_ids: Callable[[datetime, int], Sequence[str]], end: datetime
) -> Iterator[list[str]]:
    """Yield the last forecast's id of each UTC date, newest first: a list for each read, empty where none was left.

    A world with one forecast a date is read in pages that double; one with many is read by one key or two a date,
    however many there are: the next read begins before the date that is known.

    Args:
        newest_ids: gives at most so many ids up to an instant, that included, newest first; fewer: there are no more.
        end: the last instant.
    """
    limit = 1
    while True:
        ids = newest_ids(end, limit)
        days = {made_at(each).date(): each for each in reversed(ids)}
        yield list(days.values())[::-1]
        if len(ids) < limit:
            return
        end = datetime.combine(min(days), time(), UTC) - _A_MOMENT
        limit = min(2 * limit, KEYS_PER_READ) if len(days) == len(ids) else len(days)
