"""Write the events' schemas: `python -m events.generate [--check]`."""

import json
import sys
from pathlib import Path

from events.envelope import schema_uri
from events.models import EVENT_MODELS

FOLDER = Path(__file__).parent / "schemas"


def schema_texts() -> dict[Path, str]:
    """Return each schema file and what it must hold."""
    texts = {}
    for name, model in EVENT_MODELS.items():
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": schema_uri(name),  # type: ignore[arg-type]
            **model.model_json_schema(mode="serialization"),
        }
        texts[FOLDER / f"{name}.json"] = json.dumps(schema, indent=2, sort_keys=True) + "\n"
    return texts


def main(arguments: list[str]) -> int:
    """Write the schemas, or with `--check` tell which committed ones differ; return the exit code."""
    stale = [path for path, text in schema_texts().items() if not path.exists() or path.read_text() != text]
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path.name} is not what the models say; run `make contracts` and commit it\n")
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for path, text in schema_texts().items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
