"""List the history of a world as a data set: its segments, and the rows that are not in a segment yet."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from functions.history.ports import SegmentIndex, SegmentLinks
from functions.history.segment import SegmentRow, encode_line
from functions.hub.domain.cursor import decode_cursor, encode_cursor
from functions.hub.domain.ordering import AFTER_ALL, BEFORE_ALL, TIME_ORDER, last_key_at
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.ports import Clock, SnapshotStore
from functions.hub.use_cases.read_snapshots import fit_in_response
from risk_hub_contracts.api.queries import HistoryQuery
from risk_hub_contracts.base.limits import DOWNLOAD_URL_TTL_SECONDS
from risk_hub_contracts.base.times import format_instant

SEGMENT_ORDER: Final = re.compile(rf"[0-9-]{{10}}/{TIME_ORDER.pattern} [0-9A-Za-z-]+")
"""The form of every key by which segments are listed."""
SEGMENTS: Final = "segments"
ROWS: Final = "rows"


@dataclass(frozen=True, slots=True)
class ListHistory:
    """Pages of the data set.

    Attributes:
        segments: the rows of the segments.
        links: signs the URLs of their objects.
        hot: the snapshots in the hot table, without those that were moved.
        clock: the hub's clock.
    """

    segments: SegmentIndex
    links: SegmentLinks
    hot: SnapshotStore
    clock: Clock

    def moved(self, world_id: str, query: HistoryQuery) -> dict[str, Any]:
        """Return a page of the segments that may hold a snapshot of the period, oldest day first."""
        bound_query = _bound_query(world_id, query, SEGMENTS)
        after = "" if query.cursor is None else decode_cursor(bound_query, query.cursor, SEGMENT_ORDER)
        urls_expire_at = self.clock() + timedelta(seconds=DOWNLOAD_URL_TTL_SECONDS)
        found = self._rows_after(world_id, query, after)
        more = len(found) > query.limit
        shown = found[: query.limit]
        return {
            "segments": [self._describe(row) for row in shown],
            "urls_expire_at": format_instant(urls_expire_at),
            "next_cursor": encode_cursor(bound_query, shown[-1].segment_order) if more else None,
        }

    def unmoved(self, world_id: str, query: HistoryQuery) -> dict[str, Any]:
        """Return a page of the rows of the hot table, oldest first."""
        bound_query = _bound_query(world_id, query, ROWS)
        after = None if query.cursor is None else decode_cursor(bound_query, query.cursor, TIME_ORDER)
        found = self.hot.select(_hot_query(world_id, query, self.clock(), after))
        shown = fit_in_response(found[: query.limit])
        more = len(shown) < len(found)
        return {
            "rows": [orjson.Fragment(encode_line(snapshot)) for snapshot in shown],
            "next_cursor": encode_cursor(bound_query, shown[-1].order) if more else None,
        }

    def _rows_after(self, world_id: str, query: HistoryQuery, after: str) -> list[SegmentRow]:
        """Return the rows after a key, one more than a page has."""
        lower = BEFORE_ALL if query.from_ is None else format_instant(query.from_)
        upper = AFTER_ALL if query.to is None else last_key_at(query.to)
        if after:
            # Rows are in the order of their last snapshots.
            lower = max(lower, after.partition("/")[2].partition(" ")[0])
        found: list[SegmentRow] = []
        for row in self.segments.rows(world_id, lower, upper, newest_first=False):
            if row.segment_order > after:
                found.append(row)
            if len(found) > query.limit:
                break
        return found

    def _describe(self, row: SegmentRow) -> dict[str, Any]:
        return {
            "day": row.day,
            "key": row.key,
            "count": row.count,
            "bytes": row.size_bytes,
            "sha256": row.sha256,
            "digest": row.digest,
            "first_order": row.first_order,
            "last_order": row.last_order,
            "download_url": self.links.download_url(row.key),
        }


def _hot_query(world_id: str, query: HistoryQuery, now: datetime, after: str | None) -> SnapshotQuery:
    return SnapshotQuery(
        world_id=world_id,
        at=now,
        include_expired=True,
        as_of_from=query.from_,
        as_of_to=query.to,
        newest_first=False,
        after=after,
        limit=query.limit + 1,
    )


def _bound_query(world_id: str, query: HistoryQuery, what: str) -> dict[str, str | None]:
    """Return the query that a cursor is bound to."""
    parameters = query.model_dump(mode="json", exclude={"limit", "cursor"})
    return {"world_id": world_id, "of": what, **parameters}
