"""The newest lines of a function's log."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.names import FunctionFolder, log_group_name
from infra.ops.operate.stage_access import Clients
from infra.recovery.errors import OperateError

LINES_MAX_COUNT: Final = 10_000
# FilterLogEvents returns at most this many events at once, oldest first. An emulator that returns this many
# without a next page has left out newer ones.
PAGE_MAX_EVENTS: Final = 10_000
MINUTE_MILLISECONDS: Final = 60_000
FIRST_WINDOW_MILLISECONDS: Final = MINUTE_MILLISECONDS

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogLines:
    """The newest lines with a text, oldest first; `left_out_before` is set if older ones were left out."""

    lines: list[str]
    left_out_before: datetime | None


def log_lines(
    aws: Clients,
    stage: str,
    folder: FunctionFolder,
    minutes: int,
    text: str,
    *,
    max_count: int = LINES_MAX_COUNT,
) -> LogLines:
    """Return the newest lines of the last minutes that contain the text; every line contains an empty text.

    Raises:
        OperateError: the stage has no such log.
    """
    group = log_group_name(stage, folder)
    now = datetime.now(tz=UTC)
    end = _milliseconds(now + timedelta(minutes=1))
    span = (max(0, _milliseconds(now) - minutes * MINUTE_MILLISECONDS), end)
    try:
        return _newest(_GroupLog(aws.client("logs"), group, text), span, max_count)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise OperateError(f"There is no log group {group}. Is the stage deployed?") from error


def _newest(log: "_GroupLog", span: tuple[int, int], max_count: int) -> LogLines:
    """Read backwards in windows of doubling length until there are enough lines or the period ends."""
    start, end = span
    found: deque[Event] = deque()
    window = FIRST_WINDOW_MILLISECONDS
    while end > start and len(found) <= max_count:
        begin = max(start, end - window)
        found.extendleft(reversed(log.newest_between(begin, end, max_count + 1)))
        end, window = begin, window * 2
    kept = list(found)[-max_count:]
    left_out = len(found) > max_count
    oldest = datetime.fromtimestamp(kept[0]["timestamp"] / 1000, tz=UTC) if left_out else None
    return LogLines([each["message"].rstrip("\n") for each in kept], oldest)


@dataclass(frozen=True, slots=True)
class _GroupLog:
    """One log group, and the text that its lines must contain."""

    logs: Any
    group: str
    text: str

    def newest_between(self, start: int, end: int, max_count: int) -> list[Event]:
        """Return the newest events of `start` ≤ time < `end` (milliseconds since 1970), oldest first."""
        newest: deque[Event] = deque(maxlen=max_count)
        pages, events = 0, 0
        for page in self._pages(start, end):
            pages, events = pages + 1, events + len(page)
            newest.extend(each for each in page if self.text in each["message"])
        if pages == 1 and events >= PAGE_MAX_EVENTS and end - start > 1:
            return self._by_halves(start, end, max_count)
        return list(newest)

    def _by_halves(self, start: int, end: int, max_count: int) -> list[Event]:
        middle = (start + end) // 2
        later = self.newest_between(middle, end, max_count)
        missing = max_count - len(later)
        return [*(self.newest_between(start, middle, missing) if missing else []), *later]

    def _pages(self, start: int, end: int) -> Iterator[list[Event]]:
        pages = self.logs.get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=self.group, startTime=start, endTime=end - 1):
            yield page["events"]


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
