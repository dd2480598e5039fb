"""Tables of pandas, polars and xarray, read by their labels; none of these libraries is imported."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from risk_hub_client.arrays import is_array, to_plain_array
from risk_hub_client.labels import text_ids, violation_error

__all__ = [
    "ID_COLUMN",
    "WEIGHT_COLUMN",
    "columns_of",
    "drop_column",
    "is_pandas",
    "is_table",
    "labelled_rows",
    "named_column",
    "plain_list",
    "plain_table",
    "select_rows",
    "to_list",
]

# A polars DataFrame has no row labels: these columns hold them.
ID_COLUMN: Final = "id"
WEIGHT_COLUMN: Final = "weight"

Table = Any


def plain_table(value: Any, at: str) -> Any:  # noqa: ANN401 - any value
    """Convert an xarray DataArray to pandas, with its coordinates as labels and its dates as rows.

    Raises:
        InvalidSnapshotError: the value is a polars LazyFrame, which has no values yet.
    """
    if hasattr(value, "collect_schema") and not hasattr(value, "to_numpy"):
        raise violation_error(at, "a LazyFrame has no values yet: pass frame.collect()")
    if not (hasattr(value, "dims") and hasattr(value, "to_pandas")):
        return value
    table = value.to_pandas()
    has_dates_as_columns = hasattr(getattr(table, "columns", None), "strftime")
    return table.T if has_dates_as_columns else table


def is_table(value: object) -> bool:
    """Return whether the value is a DataFrame of pandas or polars."""
    return hasattr(value, "to_numpy") and hasattr(value, "columns")


def is_pandas(value: object) -> bool:
    """Return whether the value is a DataFrame or Series of pandas, which label their rows."""
    return hasattr(value, "to_numpy") and hasattr(value, "index")


def to_list(values: Any) -> list[Any]:  # noqa: ANN401 - a column, an array or a sequence
    """Return the values as Python objects."""
    for method in ("tolist", "to_list"):
        if hasattr(values, method):
            return list(getattr(values, method)())
    return list(values)


def plain_list(values: Any, at: str) -> list[Any]:  # noqa: ANN401 - a column, an array or a sequence
    """Return the values as Python objects.

    Raises:
        InvalidSnapshotError: they are in a masked array.
    """
    return to_list(to_plain_array(values, at) if is_array(values) else values)


def named_column(table: Table, name: str) -> list[Any] | None:
    """Return a column's values, or None if the table has no column of this name."""
    return to_list(table[name]) if name in list(getattr(table, "columns", ())) else None


def has_row_labels(table: Table) -> bool:
    """Return whether the rows of a DataFrame or Series have labels other than their numbers."""
    return is_pandas(table) and type(table.index).__name__ != "RangeIndex"


def labelled_rows(table: Table, at: str) -> tuple[list[str], Table]:
    """Return the ids of a table's rows, and the table without the column that held them.

    Raises:
        InvalidSnapshotError: the rows have no labels, or a label is not an id.
    """
    if has_row_labels(table):
        return text_ids(table.index, at), table
    labels = named_column(table, ID_COLUMN)
    if labels is None:
        raise violation_error(
            at,
            "the rows of the DataFrame have no labels: pass DataFrame(rows, index=ids, columns=ids), or add "
            f"a column {ID_COLUMN!a} with the asset id of each row, as a polars DataFrame needs",
        )
    return text_ids(labels, at), drop_column(table, ID_COLUMN)


def drop_column(table: Table, name: str) -> Table:
    """Return a table without one column."""
    return table.drop(columns=[name]) if is_pandas(table) else table.drop(name)


def select_rows(table: Table, rows: Sequence[int]) -> Table:
    """Return the table's rows at these positions, in this order."""
    return table.iloc[list(rows)] if hasattr(table, "iloc") else table[list(rows)]


def columns_of(table: Table) -> Iterable[tuple[object, Any]]:
    """Yield the label and the values of each column."""
    if hasattr(table, "items"):
        yield from table.items()
    else:
        yield from ((name, table[name]) for name in table.columns)
