"""Conversion of realised returns: series aligned by date, a missing observation stays missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from risk_hub_client.arrays import is_array, to_plain_array
from risk_hub_client.blobs import Blob
from risk_hub_client.calendars import (
    RETURNS_POINTER,
    Calendar,
    index_dates,
    join_days,
    looks_dated,
    read_calendar,
)
from risk_hub_client.labels import text_ids, violation_error
from risk_hub_client.loading import load_blob, validate_blob
from risk_hub_client.observations import read_observations
from risk_hub_client.tables import (
    columns_of,
    drop_column,
    is_pandas,
    is_table,
    named_column,
    plain_list,
    plain_table,
    to_list,
)
from risk_hub_contracts.base.pointers import join
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.blob.types import BlobFormatError
from risk_hub_contracts.blob.write import encode_returns

__all__ = ["DATE_COLUMN", "convert_returns"]

# A table without an index of dates can hold them in this column; a polars DataFrame has no index.
DATE_COLUMN: Final = "date"
TABLE_DIMENSIONS: Final = 2
SHOWN_MAX_LENGTHS: Final = 5
BARE: Final = "the portfolio"

Observations = list[float | None]


@dataclass(frozen=True, slots=True)
class DatedSeries:
    """One series with the date of each value."""

    calendar: Calendar
    values: Sequence[Any]


def convert_returns(value: Any, weight_ids: Sequence[str]) -> Any:  # noqa: ANN401 - see `publish`
    """Convert realised returns to an inline form, or to a `Blob` if they are dated.

    Args:
        value: one of
            - a DataFrame with a column per id; its dates are a DatetimeIndex, an index of dates, or a column `date`;
            - a mapping of ids to dated series (a pandas Series, a DataFrame of one column, a mapping of dates to
              numbers), which are joined by date: a date that a series lacks is a missing observation;
            - a mapping of ids to undated series of one length, the inline form of the contract;
            - an array of periods x ids in the order of the weights;
            - one bare series of the portfolio;
            - an xarray DataArray of any of these, or a blob.
        weight_ids: the ids that have a weight, in their order.

    Raises:
        InvalidSnapshotError: the returns violate the contract; the message names the asset, date and row.
    """
    if isinstance(value, bytes | Path):
        return load_blob(value, "realized_returns", weight_ids)
    value = plain_table(value, RETURNS_POINTER)
    if is_array(value) and value.ndim == TABLE_DIMENSIONS:
        return _of_array(value, weight_ids)
    if is_table(value):
        return _of_table(value, weight_ids)
    if isinstance(value, Mapping):
        return _of_mapping(value, weight_ids)
    return _of_bare_series(value, weight_ids)


def _of_array(array: Any, weight_ids: Sequence[str]) -> dict[str, Observations]:  # noqa: ANN401
    if array.shape[1] != len(weight_ids):
        need = counted(len(weight_ids), "weight needs", "weights need")
        detail = f"{need} the same number of columns, not {array.shape[1]}"
        raise violation_error(RETURNS_POINTER, detail)
    columns = to_plain_array(array, RETURNS_POINTER).T.tolist()
    return {name: _observations(name, column) for name, column in zip(weight_ids, columns, strict=True)}


def _of_table(table: Any, weight_ids: Sequence[str]) -> Any:  # noqa: ANN401
    labels, table = _table_dates(table)
    columns = list(columns_of(table))
    names = text_ids((label for label, _ in columns), RETURNS_POINTER)
    calendar = None if labels is None else read_calendar(labels, "the returns")
    series = {
        name: _observations(name, to_list(column), calendar)
        for name, (_, column) in zip(names, columns, strict=True)
    }
    return series if calendar is None else _dated_blob(series, calendar, weight_ids)


def _table_dates(table: Any) -> tuple[list[object] | None, Any]:  # noqa: ANN401
    """Return the dates of a table's rows, or None, and the table without its column of dates."""
    labels = index_dates(table.index) if is_pandas(table) else None
    if labels is not None:
        return labels, table
    labels = named_column(table, DATE_COLUMN)
    if labels is None or not looks_dated(labels):
        return None, table
    return labels, drop_column(table, DATE_COLUMN)


def _of_mapping(value: Mapping[Any, Any], weight_ids: Sequence[str]) -> Any:  # noqa: ANN401
    names = text_ids(value, RETURNS_POINTER)
    children = [plain_table(child, RETURNS_POINTER) for child in value.values()]
    dated = {
        name: found
        for name, child in zip(names, children, strict=True)
        if (found := _dated_series(name, child)) is not None
    }
    if not dated:
        return _undated(dict(zip(names, children, strict=True)))
    undated = next((name for name in names if name not in dated), None)
    if undated is not None:
        raise violation_error(
            _pointer(undated),
            f"the series of {undated!a} has no dates, but that of {next(iter(dated))!a} has: date every series",
        )
    return _joined(dated, weight_ids)


def _dated_series(name: str, child: Any) -> DatedSeries | None:  # noqa: ANN401 - any series
    found = _labels_and_values(name, child)
    if found is None:
        return None
    labels, values = found
    return DatedSeries(read_calendar(labels, f"the returns of {name!a}", whole_days=True), values)


def _labels_and_values(name: str, child: Any) -> tuple[list[object], list[Any]] | None:  # noqa: ANN401
    if isinstance(child, Mapping):
        return list(child), list(child.values())
    if is_table(child):
        labels, table = _table_dates(child)
        columns = list(columns_of(table))
        if labels is None or len(columns) != 1:
            raise violation_error(
                _pointer(name),
                f"the table of {name!a} must have dates (an index, or a column {DATE_COLUMN!a}) and one column",
            )
        return labels, to_list(columns[0][1])
    if is_pandas(child):
        labels = index_dates(child.index)
        return None if labels is None else (labels, to_list(child))
    return None


def _joined(dated: Mapping[str, DatedSeries], weight_ids: Sequence[str]) -> Blob:
    days = join_days(series.calendar for series in dated.values())
    columns = {}
    for name, series in dated.items():
        observations = _observations(name, series.values, series.calendar)
        by_day = dict(zip(series.calendar.moments, observations, strict=True))
        columns[name] = [by_day.get(day) for day in days.moments]
    return _dated_blob(columns, days, weight_ids)


def _undated(children: Mapping[str, Any]) -> dict[str, Any]:
    series = {
        name: _observations(name, plain_list(child, _pointer(name))) if _is_series(child) else child
        for name, child in children.items()
    }
    lengths: dict[int, str] = {}
    for name, values in series.items():
        if isinstance(values, list):
            lengths.setdefault(len(values), name)
    if len(lengths) > 1:
        found = ", ".join(f"{name} {length}" for length, name in list(lengths.items())[:SHOWN_MAX_LENGTHS])
        raise violation_error(
            RETURNS_POINTER,
            f"series without dates must have one length, not several ({found}): pass series with dates, which "
            "are joined, or put null (NaN) where there is no return",
        )
    return series


def _of_bare_series(value: Any, weight_ids: Sequence[str]) -> Any:  # noqa: ANN401
    if not _is_series(value):
        return value
    labels = index_dates(value.index) if is_pandas(value) else None
    calendar = None if labels is None else read_calendar(labels, "the returns")
    observations = _observations(None, plain_list(value, RETURNS_POINTER), calendar)
    return observations if calendar is None else _dated_blob(observations, calendar, weight_ids)


def _is_series(value: Any) -> bool:  # noqa: ANN401
    return (
        isinstance(value, list | tuple) or (is_array(value) and value.ndim > 0) or hasattr(value, "to_list")
    )


def _observations(name: str | None, values: Sequence[Any], calendar: Calendar | None = None) -> Observations:
    """Return the observations of a series in the order of its rows."""
    subject = BARE if name is None else repr(name)
    pointer = RETURNS_POINTER if name is None else _pointer(name)

    def place(row: int) -> str:
        on = "" if calendar is None else f" on {calendar.text(row)}"
        return f"the return of {subject}{on} (row {row})"

    observations = read_observations(values, pointer, place)
    if observations and observations.count(None) == len(observations):
        raise violation_error(
            pointer, f"the series of {subject} has no observation: leave it out, and do not fill it"
        )
    return observations


def _pointer(name: str) -> str:
    return join((RETURNS_POINTER[1:], name))


def _dated_blob(
    series: Mapping[str, Observations] | Observations, calendar: Calendar, weight_ids: Sequence[str]
) -> Blob:
    """Encode series whose values are in the order of the calendar's rows."""
    arranged: Any = (
        {name: calendar.arrange(values) for name, values in series.items()}
        if isinstance(series, Mapping)
        else calendar.arrange(series)
    )
    try:
        blob = Blob.of_bytes(encode_returns(arranged, calendar.texts()))
    except (BlobFormatError, TypeError) as error:
        raise violation_error(RETURNS_POINTER, str(error)) from None
    return validate_blob(blob, weight_ids)
