"""Write the generated files of the contract, or check that they match the models.

python -m risk_hub_contracts.api.generate            writes openapi.json, metrics.md, schemas/ and examples/
python -m risk_hub_contracts.api.generate --check    changes nothing; fails and shows the difference
"""

import argparse
import difflib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from risk_hub_contracts.api.metrics_page import metrics_page
from risk_hub_contracts.api.openapi.document import openapi_document
from risk_hub_contracts.api.schemas import schema_files
from risk_hub_contracts.golden import example_files

HOME: Final = Path(__file__).resolve().parents[3]
_GENERATED_FOLDERS: Final = ("schemas", "examples/valid", "examples/invalid")
_DIFF_MAX_LINES: Final = 60
METRICS_PAGE: Final = "metrics.md"


def generated_files() -> dict[str, str]:
    """Return the text of every generated file, by its path inside `contracts/`."""
    documents: dict[str, Any] = {"openapi.json": openapi_document()}
    documents |= {f"schemas/{name}.json": schema for name, schema in schema_files().items()}
    documents |= {f"examples/{name}.json": example for name, example in example_files().items()}
    return {path: _text(document) for path, document in documents.items()} | {METRICS_PAGE: metrics_page()}


def differences(home: Path, files: Mapping[str, str]) -> Iterator[str]:
    """Yield the difference, as text, for each missing, changed or no longer generated file under `home`."""
    for path in sorted(files.keys() | set(_present(home))):
        target = home / path
        present = target.read_text(encoding="utf-8") if target.exists() else ""
        wanted = files.get(path, "")
        if present != wanted:
            lines = difflib.unified_diff(
                present.splitlines(),
                wanted.splitlines(),
                f"committed/{path}",
                f"generated/{path}",
                lineterm="",
            )
            yield "\n".join(islice(lines, _DIFF_MAX_LINES))


def write(home: Path, files: Mapping[str, str]) -> None:
    """Make the generated files under `home` exactly `files`."""
    for path in set(_present(home)) - files.keys():
        (home / path).unlink()
    for path, text in files.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m risk_hub_contracts.api.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file differs")
    parser.add_argument("--home", type=Path, default=HOME, help="the contracts/ folder")
    options = parser.parse_args(arguments)
    if not options.check:
        write(options.home, generated_files())
        return 0
    found = list(differences(options.home, generated_files()))
    if found:
        sys.stderr.write(
            f"{len(found)} generated file(s) differ from the models. Run `make contracts`, review the difference, "
            "and commit it with a line in contracts/CHANGELOG.md.\n\n" + "\n".join(found) + "\n",
        )
    return 1 if found else 0


def _present(home: Path) -> Iterator[str]:
    for folder in _GENERATED_FOLDERS:
        for file in (home / folder).glob("*.json"):
            yield f"{folder}/{file.name}"
    yield from (name for name in ("openapi.json", METRICS_PAGE) if (home / name).exists())


def _text(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
