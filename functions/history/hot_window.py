"""The window of a world: how old a snapshot may become in the hot table.

The window is shorter for a world that would fill its share of the table: DynamoDB limits the items of one world
with their index entries to 10 GB, and refuses every further write then.
"""

from datetime import datetime, timedelta
from typing import Final

from functions.history.ports import HOT_SAMPLE_COUNT, HotLoad
from risk_hub_contracts.base.limits import CLOCK_SKEW_MAX_SECONDS, HOT_MIN_SECONDS

ITEM_COLLECTION_MAX_BYTES: Final = 10_000_000_000
WINDOW_MAX_BYTES: Final = ITEM_COLLECTION_MAX_BYTES // 4
# A reader asks history for nothing younger than HOT_MIN_SECONDS by its own clock.
WINDOW_MIN: Final = timedelta(seconds=HOT_MIN_SECONDS + CLOCK_SKEW_MAX_SECONDS)
SHORTEST_SAMPLE: Final = timedelta(seconds=1)


def hot_window(longest: timedelta, load: HotLoad, now: datetime) -> timedelta:
    """Return the window of a world.

    Args:
        longest: the window of a world that does not fill its share.
        load: the newest snapshots of the world; a world with few has the longest window.
        now: the hub's clock.
    """
    window = longest
    if load.count >= HOT_SAMPLE_COUNT and load.since is not None:
        sampled = max(now - load.since, SHORTEST_SAMPLE)
        window = min(longest, sampled * (WINDOW_MAX_BYTES / load.size_bytes))
    return max(window, WINDOW_MIN)
