"""The snapshots of the hot table and of history; the code of history is loaded when a read first needs it."""

from functools import cache
from typing import TYPE_CHECKING

from functions.history.whole_history import WholeHistory
from functions.wiring import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.history.adapters.dynamodb_segments import DynamoDBSegments
    from functions.history.adapters.s3_segments import S3Segments
    from functions.history.list_history import ListHistory
    from functions.history.read_history import ReadHistory
    from functions.hub.adapters.dynamodb_snapshots import DynamoDBSnapshots
    from functions.hub.ports import Clock, SnapshotStore


def whole_history(hot: "DynamoDBSnapshots", clock: "Clock") -> "SnapshotStore":
    """Return the hot table with history; without a table of segments, only the hot table."""
    table = settings.optional_segments_table()
    if table is None:
        return hot

    @cache
    def open_history() -> "ReadHistory":
        from functions.history.read_history import ReadHistory  # noqa: PLC0415

        return ReadHistory(*_stores(hot, table))

    return WholeHistory(hot, open_history, clock)


def history_listing(hot: "DynamoDBSnapshots", clock: "Clock") -> "Callable[[], ListHistory] | None":
    """Return a function that returns the listing of the data set; None without a table of segments."""
    table = settings.optional_segments_table()
    if table is None:
        return None

    @cache
    def open_listing() -> "ListHistory":
        from functions.history.list_history import ListHistory  # noqa: PLC0415

        return ListHistory(*_stores(hot, table), hot, clock)

    return open_listing


def _stores(hot: "DynamoDBSnapshots", table: str) -> "tuple[DynamoDBSegments, S3Segments]":
    """Return the index of segments and their objects, on the clients of the hot table."""
    from functions.history.adapters.dynamodb_segments import DynamoDBSegments  # noqa: PLC0415
    from functions.history.adapters.s3_segments import S3Segments  # noqa: PLC0415

    return DynamoDBSegments(hot.dynamodb, table), S3Segments(hot.bodies.s3, hot.bodies.bucket)
