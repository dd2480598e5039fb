"""Formats of an export: how each writes a line, and the conversion to Parquet by DuckDB (extra `parquet`)."""

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from risk_hub_client.errors import HubError
from risk_hub_client.history.lines import Line, row_members

__all__ = ["COLUMNS", "ENCODERS", "HEADERS", "ExportFormat", "write_parquet"]

ExportFormat = Literal["jsonl", "csv", "parquet"]
# The members of a row, with their types in SQL.
COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "world_id": "VARCHAR",
        "version": "VARCHAR",
        "as_of": "TIMESTAMP WITH TIME ZONE",
        "created_at": "TIMESTAMP WITH TIME ZONE",
        "expires_at": "TIMESTAMP WITH TIME ZONE",
        "stage": "VARCHAR",
        "actor": "VARCHAR",
        "content_hash": "VARCHAR",
        "ttl_sec": "BIGINT",
        "document_bytes": "BIGINT",
        "correlation_id": "VARCHAR",
        "trace_header": "VARCHAR",
        "document": "JSON",
    }
)
_WEIGHTS: Final = "CAST(json_extract(document, '$.weights') AS MAP(VARCHAR, DOUBLE)) AS weights"
# Parquet writes whole groups of rows, and DuckDB holds a group several times: 0.2 GB for 16 MiB of lines.
GROUP_MAX_BYTES: Final = 16_777_216
# The smallest group that DuckDB writes; with 5,000 weights per row it takes 2.4 GB of memory.
GROUP_MIN_ROWS: Final = 2_048
GROUP_MAX_ROWS: Final = 122_880


def _json_line(line: Line) -> bytes:
    return line.text + b"\n"


def _csv_line(line: Line) -> bytes:
    head, document = row_members(line)
    return _csv_row([*(head.get(name) for name in list(COLUMNS)[:-1]), document])


def _csv_row(cells: list[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


ENCODERS: Final[Mapping[ExportFormat, Callable[[Line], bytes]]] = MappingProxyType(
    {"jsonl": _json_line, "csv": _csv_line, "parquet": _json_line}
)
HEADERS: Final[Mapping[ExportFormat, bytes]] = MappingProxyType(
    {"jsonl": b"", "csv": _csv_row(list(COLUMNS)), "parquet": b""}
)


def write_parquet(lines: Path, target: Path, count: int) -> None:
    """Convert JSON lines to Parquet, with a further column: the weights as a map.

    Args:
        lines: the file of JSON lines.
        target: the file to write.
        count: the number of lines.

    Raises:
        ModuleNotFoundError: DuckDB is not installed.
        HubError: DuckDB cannot read the lines or write the file.
    """
    import duckdb  # noqa: PLC0415 - an extra

    row_bytes = max(lines.stat().st_size // max(count, 1), 1)
    group_rows = min(max(GROUP_MAX_BYTES // row_bytes, GROUP_MIN_ROWS), GROUP_MAX_ROWS)
    types = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
    copy = (
        f"COPY (SELECT *, {_WEIGHTS} FROM read_json(?, format = 'newline_delimited', columns = {{{types}}})) "  # noqa: S608 - constants
        f"TO {_sql_text(target)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {group_rows})"
    )
    try:
        with duckdb.connect() as database:
            # One thread keeps the order of the lines and one group in memory; nothing is downloaded.
            database.execute("SET threads = 1; SET autoinstall_known_extensions = false")
            database.execute(copy, [str(lines)])
    except duckdb.Error as error:
        raise HubError(f"DuckDB cannot convert {lines} to {target}: {error}") from error


def _sql_text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
