"""The log: one JSON line per entry on standard output, in the format of CloudWatch Logs and Lambda.

`level` and `timestamp` are the names by which Lambda itself filters lines (Lambda developer guide, JSON log
format).
"""

import json
import os
import traceback
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

Level = Literal["INFO", "WARNING", "ERROR"]
LEVELS: tuple[str, ...] = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SERVICE = "POWERTOOLS_SERVICE_NAME"
LEVEL_VARIABLE = "POWERTOOLS_LOG_LEVEL"
TRACE = "_X_AMZN_TRACE_ID"
TRACE_ROOT = "Root="


def info(message: str, **fields: object) -> None:
    """Write an event; omit fields that are None."""
    _write("INFO", message, fields)


def warning(message: str, error: BaseException | None) -> None:
    """Write an error that will be retried, with its stack trace."""
    _write("WARNING", message, _exception_fields(error))


def failure(message: str, error: BaseException) -> None:
    """Write an error with its stack trace."""
    _write("ERROR", message, _exception_fields(error))


def _write(level: Level, message: str, fields: dict[str, Any]) -> None:
    if LEVELS.index(level) < LEVELS.index(os.environ.get(LEVEL_VARIABLE, "INFO")):
        return
    line = {
        "level": level,
        "message": message,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "service": os.environ.get(SERVICE),
        "xray_trace_id": os.environ.get(TRACE, "").partition(";")[0].removeprefix(TRACE_ROOT) or None,
        **fields,
    }
    print(_text({name: value for name, value in line.items() if value is not None}))  # noqa: T201


def _text(line: dict[str, Any]) -> str:
    try:
        return orjson.dumps(line, default=str).decode()
    except TypeError:  # a caller may send half a surrogate pair or an integer beyond 64 bits
        return json.dumps(line, default=str)


def _exception_fields(error: BaseException | None) -> dict[str, str]:
    if error is None:
        return {}
    return {"exception_name": type(error).__name__, "exception": "".join(traceback.format_exception(error))}
