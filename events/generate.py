"""Write the events' schemas: `python -m events.generate [--check]`."""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from events.envelope import EventType, schema_uri
from events.models import EVENT_MODELS
from risk_hub_contracts.api.history_answers import HistoryRow
from risk_hub_contracts.api.schema_transforms import as_answer, without_nulls
from risk_hub_contracts.api.schemas import DIALECT, ContractSchema

FOLDER = Path(__file__).parent / "schemas"
HISTORY_ROW = "history_row"


def event_schema(event_type: EventType, *, closed: bool = False) -> dict[str, Any]:
    """Return the schema of an event type; it allows members that a later release adds.

    Args:
        event_type: one of the keys of `EVENT_MODELS`.
        closed: forbid undeclared members; for tests of the events that the hub writes.
    """
    model = EVENT_MODELS[event_type]
    schema = model.model_json_schema(mode="serialization", schema_generator=ContractSchema)
    head = {"$schema": DIALECT, "$id": schema_uri(event_type)}
    return head | as_answer(without_nulls(schema), closed=closed)


def history_row_schema(*, closed: bool = False) -> dict[str, Any]:
    """Return the schema of a line of the history; it allows members that a later release adds.

    Args:
        closed: forbid undeclared members; for tests of the lines that the hub writes.
    """
    schema = TypeAdapter(HistoryRow).json_schema(mode="serialization", schema_generator=ContractSchema)
    head = {"$schema": DIALECT, "$id": f"urn:risk-hub:schema:{HISTORY_ROW}:v1"}
    return head | as_answer(schema, closed=closed)


def schema_texts() -> dict[Path, str]:
    """Return the required text of each schema file."""
    schemas: dict[str, dict[str, Any]] = {name: event_schema(name) for name in EVENT_MODELS}
    schemas[HISTORY_ROW] = history_row_schema()
    return {
        FOLDER / f"{name}.json": json.dumps(schema, indent=2, sort_keys=True) + "\n"
        for name, schema in schemas.items()
    }


def main(arguments: list[str]) -> int:
    """Write the schemas, or with `--check` report the committed ones that differ; return the exit code."""
    stale = [
        path
        for path, text in schema_texts().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path.name} is not what the models say; run `make contracts` and commit it\n")
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for path, text in schema_texts().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
