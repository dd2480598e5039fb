"""Run a query on downloaded segments, or on an export: `history_duckdb.py SOURCE QUERY.sql`.

The view has the name, the columns and the types of the Glue table, so that the query also runs in Athena.
"""

import sys
from pathlib import Path

import duckdb

NUMBERS = ("ttl_sec", "document_bytes")
TEXTS = (
    *("version", "as_of", "created_at", "expires_at", "stage", "actor", "content_hash"),
    *("correlation_id", "trace_header", "document"),
)
source, query = Path(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8")
types = {**dict.fromkeys(TEXTS, "VARCHAR"), **dict.fromkeys(NUMBERS, "BIGINT")}
if source.is_dir():
    files = f"{source}/risk-history/snapshots/world_id=*/day=*/*.jsonl.gz"
    partitions, columns = "hive_types = {world_id: VARCHAR, day: VARCHAR}", "*"
else:
    # An export has no partitions: its lines name their world, and their day is that of `as_of`.
    files, types = str(source), {"world_id": "VARCHAR", **types}
    partitions, columns = "hive_partitioning = false", "*, substr(as_of, 1, 10) AS day"
described = ", ".join(f"{name}: '{kind}'" for name, kind in types.items())
with duckdb.connect() as database:
    database.execute(
        f"CREATE VIEW snapshots AS SELECT {columns} FROM read_json('{files}', "  # noqa: S608 - the caller's own path
        f"format = 'newline_delimited', columns = {{{described}}}, {partitions})"
    )
    answer = database.execute(query)
    print(" | ".join(str(column[0]) for column in answer.description or ()))
    for row in answer.fetchall():
        print(" | ".join(map(str, row)))
