"""Dates of rows: read from labels, sorted, and joined between series that have their own dates."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any, Final

from risk_hub_client.labels import violation_error
from risk_hub_client.observations import is_missing

__all__ = ["RETURNS_POINTER", "Calendar", "index_dates", "join_days", "looks_dated", "read_calendar"]

RETURNS_POINTER: Final = "/realized_returns"
MIDNIGHT: Final = time()
PERIOD_REMEDY: Final = (
    "a period is not a date: convert it, for example with to_timestamp(how='end').normalize()"
)
LEVELS_REMEDY: Final = (
    "the index has several levels, but a row is one date: make the assets columns, as in series.unstack()"
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The dates of rows.

    Attributes:
        moments: the date or the instant of each row, in the order of the rows.
        rows: the positions of the rows, earliest date first.
    """

    moments: Sequence[date]
    rows: Sequence[int]

    def text(self, row: int) -> str:
        """Return the date of a row in ISO 8601."""
        return self.moments[row].isoformat()

    def texts(self) -> list[str]:
        """Return the dates in ascending order, in ISO 8601."""
        return [self.text(row) for row in self.rows]

    def arrange(self, values: Sequence[Any]) -> list[Any]:
        """Return the values of the rows in the order of their dates."""
        return list(map(values.__getitem__, self.rows))


def read_calendar(labels: Iterable[object], of: str, *, whole_days: bool = False) -> Calendar:
    """Return the dates of rows.

    Args:
        labels: the label of each row: a date, a date-time, or a text in ISO 8601. Date-times that are all at
            midnight of their time zone count as dates.
        of: the name, in errors, of the data with these dates.
        whole_days: use the calendar day, in its own time zone, of each date-time.

    Raises:
        InvalidSnapshotError: a label is missing or is not a date, two rows have the same date, or the labels mix
            dates, local times and instants.
    """
    moments = [_moment(label, of, row) for row, label in enumerate(labels)]
    if whole_days or all(map(_is_whole_day, moments)):
        moments = [each.date() if isinstance(each, datetime) else each for each in moments]
    _check_one_kind(moments, of)
    rows = sorted(range(len(moments)), key=moments.__getitem__)
    for first, second in pairwise(rows):
        if moments[first] == moments[second]:
            raise violation_error(
                RETURNS_POINTER,
                f"{of} have two rows for {moments[first].isoformat()} ({first} and {second}): "
                "the dates must be distinct",
            )
    return Calendar(moments, rows)


def join_days(calendars: Iterable[Calendar]) -> Calendar:
    """Return every day that one of the calendars has, in ascending order."""
    days = sorted({day for calendar in calendars for day in calendar.moments})
    return Calendar(days, range(len(days)))


def looks_dated(labels: Sequence[object]) -> bool:
    """Return whether labels are dates or texts, which must then be dates, rather than row numbers."""
    return any(isinstance(label, date | str) for label in labels)


def index_dates(index: Any) -> list[object] | None:  # noqa: ANN401 - an index of pandas
    """Return the labels of an index that holds dates; None if it only numbers the rows.

    Raises:
        InvalidSnapshotError: it holds periods, or has several levels.
    """
    if hasattr(index, "to_timestamp"):
        raise violation_error(RETURNS_POINTER, PERIOD_REMEDY)
    if hasattr(index, "levels"):
        raise violation_error(RETURNS_POINTER, LEVELS_REMEDY)
    labels = list(index)
    return labels if hasattr(index, "strftime") or looks_dated(labels) else None


def _moment(label: Any, of: str, row: int) -> date:  # noqa: ANN401 - any label
    if hasattr(label, "dtype") and hasattr(label, "astype") and label.dtype.kind == "M":
        label = label.astype("datetime64[us]").item()
    read = _read_text if isinstance(label, str) else _keep_date
    found = read(label)
    if found is None:
        what = "no date" if is_missing(label) else f"{label!a}, which is not an ISO 8601 date"
        raise violation_error(RETURNS_POINTER, f"{of} have {what} in row {row}{_missing_name(label)}")
    return found


def _missing_name(label: object) -> str:
    return " (NaT)" if type(label).__name__ == "NaTType" else ""


def _read_text(text: str) -> date | None:
    readers: tuple[Callable[[str], date], ...] = (date.fromisoformat, datetime.fromisoformat)
    for read in readers:
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _keep_date(label: object) -> date | None:
    return label if isinstance(label, date) and not is_missing(label) else None


def _is_whole_day(moment: date) -> bool:
    return not isinstance(moment, datetime) or (
        moment.time() == MIDNIGHT and not getattr(moment, "nanosecond", 0)
    )


def _check_one_kind(moments: Sequence[date], of: str) -> None:
    kinds: dict[str, int] = {}
    for row, moment in enumerate(moments):
        kinds.setdefault(_kind(moment), row)
    if len(kinds) > 1:
        found = ", ".join(f"{kind} in row {row}" for kind, row in kinds.items())
        raise violation_error(RETURNS_POINTER, f"{of} mix kinds of dates ({found}): use one kind")


def _kind(moment: date) -> str:
    if not isinstance(moment, datetime):
        return "a date"
    return "a local time" if moment.tzinfo is None else "an instant"
