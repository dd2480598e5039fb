"""Read a period completely, without I/O: steps that request hot rows and segments, and yield lines in order.

The hot rows of a window are requested before its segments. A snapshot that moves in between is therefore in at
least one answer. It has the same order in both, and lines leave the reader in strictly rising order, so none is
returned twice. The reader holds one page of hot rows, and the segments that overlap at its current position.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final

from risk_hub_client.errors import StoreError
from risk_hub_client.history.lines import AFTER_ALL, SEPARATOR, DamagedHistoryError, Line, line_of_row
from risk_hub_client.history.segments import LineSource, Segment, segment_lines
from risk_hub_client.reads import Steps, next_cursor, world_path
from risk_hub_client.wire import Call
from risk_hub_contracts.base.limits import LIST_LIMIT_MAX

__all__ = ["HistoryReader"]

FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
PAGE_SIZE: Final = str(LIST_LIMIT_MAX)


class HistoryReader:
    """The lines of a world between two instants, from a position on.

    Attributes:
        position: the order of the last line that was taken, or a text before the first one.
    """

    def __init__(self, world_id: str, start: str, end: str, position: str | None = None) -> None:
        """Read the lines with `start <= as_of <= end`, both instants in UTC with microseconds.

        Args:
            world_id: the world.
            start: the earliest `as_of`.
            end: the latest `as_of`.
            position: the order of the last line that an earlier reader returned.
        """
        self.world_id, self._end = world_id, end
        self.position = position or start
        self._hot = LineSource(iter(()))
        self._hot_cursor: str | None = None
        self._hot_from = _as_of(self.position)
        self._bound: str | None = None
        self._is_last_window = False
        self._segments = SegmentList(world_id)
        self._open: dict[str, LineSource] = {}

    def next_batch(self) -> Steps[Iterator[Line] | None]:
        """Request what is needed next; return lines, all of which are taken before the next call, or None at the end."""
        if self._bound is None:
            if self._is_last_window:
                return None
            yield from self._begin_window()
        upcoming = yield from self._segments.take(self._open)
        if upcoming is None:
            batch, self._bound = self._lines_until(self._require_bound()), None
            return batch
        batch_end = min(upcoming.first_order, self._require_bound())
        lines = yield from self._segments.download(upcoming)
        before = self._lines_until(batch_end)
        return self._then_open(before, upcoming, lines)

    def _then_open(self, before: Iterator[Line], segment: Segment, lines: Iterator[Line]) -> Iterator[Line]:
        yield from before
        self._open[segment.key] = LineSource(lines)

    def _require_bound(self) -> str:
        assert self._bound is not None, "a window has begun"  # noqa: S101
        return self._bound

    def _begin_window(self) -> Steps[None]:
        """Request the next hot rows, and only then the segments up to the last of these rows."""
        params = {"from": self._hot_from, "to": self._end, "limit": PAGE_SIZE, "cursor": self._hot_cursor}
        answer = yield Call("GET", world_path("list_hot_history", self.world_id), params=params)
        rows, following = answer.read(_parse_rows)
        self._hot_cursor = next_cursor(self._hot_cursor, following, answer)
        self._is_last_window = self._hot_cursor is None
        self._bound = self._end + SEPARATOR + AFTER_ALL if self._is_last_window else rows[-1].order
        self._hot = LineSource(iter(rows))
        self._segments.begin(self.position, self._bound)

    def _lines_until(self, order: str) -> Iterator[Line]:
        sources = [source for source in (*self._open.values(), self._hot) if not source.is_empty]
        taken = [source.take_until(order) for source in sources]
        lines = taken[0] if len(taken) == 1 else heapq.merge(*taken, key=attrgetter("order"))
        for line in lines:
            if line.order > self.position:
                self.position = line.order
                yield line
        self._open = {key: source for key, source in self._open.items() if not source.is_empty}


class SegmentList:
    """The segments of a window, by their first line within each day."""

    def __init__(self, world_id: str) -> None:
        self._path = world_path("list_history", world_id)
        self._world_id = world_id
        self._begin: str = ""
        self._bound: str = ""
        self._cursor: str | None = None
        self._is_listed = True
        self._listed: deque[Segment] = deque()
        self._day: deque[Segment] = deque()

    def begin(self, position: str, bound: str) -> None:
        """Begin with the segments that may hold lines after a position, up to a bound."""
        self._begin, self._bound = position, bound
        self._cursor, self._is_listed = None, bound <= position
        self._listed.clear()
        self._day.clear()

    def take(self, opened: dict[str, Any]) -> Steps[Segment | None]:
        """Return the next segment of the window that is not open; None after the last one."""
        while True:
            if not self._day and not (yield from self._list_day()):
                return None
            segment = self._day.popleft()
            if (
                segment.first_order <= self._bound
                and segment.last_order > self._begin
                and segment.key not in opened
            ):
                return segment

    def download(self, segment: Segment) -> Steps[Iterator[Line]]:
        """Return the lines of a segment; if its URL has expired, request another one.

        Raises:
            DamagedHistoryError: the object is missing, or differs from its description.
            StoreError: the store rejected the request.
        """
        try:
            answer = yield _download(segment)
        except StoreError as error:
            if error.status == NOT_FOUND:
                raise DamagedHistoryError(
                    f"segment {segment.key} is missing in the store: {error}"
                ) from error
            if error.status != FORBIDDEN:
                raise
            segment = yield from self._renewed(segment, error)
            answer = yield _download(segment)
        return segment_lines(segment, answer.body, self._world_id, answer.request_id)

    def _list_day(self) -> Steps[bool]:
        """List until every segment of the next day is known; return whether there is a next day."""
        while not self._is_listed and len({each.day for each in self._listed}) <= 1:
            first, last = _as_of(self._begin), _as_of(self._bound)
            found, self._cursor = yield from self._page(first, last, self._cursor)
            self._listed.extend(found)
            self._is_listed = self._cursor is None
        if not self._listed:
            return False
        day = self._listed[0].day
        same_day = []
        while self._listed and self._listed[0].day == day:
            same_day.append(self._listed.popleft())
        self._day.extend(sorted(same_day, key=attrgetter("first_order")))
        return True

    def _renewed(self, segment: Segment, rejection: StoreError) -> Steps[Segment]:
        """Return the segment with a new URL."""
        day, cursor = _as_of(segment.last_order), None
        while True:
            found, cursor = yield from self._page(day, day, cursor)
            renewed = next((each for each in found if each.key == segment.key), None)
            if renewed is not None:
                return renewed
            if cursor is None:
                raise rejection

    def _page(self, first: str, last: str, cursor: str | None) -> Steps[tuple[list[Segment], str | None]]:
        params = {"from": first, "to": last, "limit": PAGE_SIZE, "cursor": cursor}
        answer = yield Call("GET", self._path, params=params)
        found, following = answer.read(_parse_segments)
        return found, next_cursor(cursor, following, answer)


def _download(segment: Segment) -> Call:
    return Call("GET", segment.url, max_bytes=segment.size_bytes, size_bytes=segment.size_bytes)


def _as_of(order: str) -> str:
    return order.partition(SEPARATOR)[0]


def _parse_rows(document: Any) -> tuple[list[Line], Any]:  # noqa: ANN401 - any JSON
    rows = [line_of_row(row) for row in document["rows"]]
    if document["next_cursor"] is not None and not rows:
        raise ValueError("a page without rows is not the last one")
    return rows, document["next_cursor"]


def _parse_segments(document: Any) -> tuple[list[Segment], Any]:  # noqa: ANN401 - any JSON
    return [Segment.of(each) for each in document["segments"]], document["next_cursor"]
