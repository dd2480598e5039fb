"""Every text file and every output of a process is read as UTF-8 under any locale."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "contracts/src",
    "client/src",
    "events",
    "functions",
    "infra",
    "tests",
    "tools",
    "requirements",
    "docs/guides/examples",
)


TEXT_MODES = {"text=True", "universal_newlines=True"}


def without_encoding(source: str) -> Iterator[int]:
    """Yield the line of each text that names no encoding: `read_text`, `write_text`, the output of a process."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            positional = {"read_text": 0, "write_text": 1}.get(node.func.attr)
            named = any(keyword.arg == "encoding" for keyword in node.keywords)
            if positional is not None and not named and len(node.args) <= positional:
                yield node.lineno
            if not named and any(ast.unparse(keyword) in TEXT_MODES for keyword in node.keywords):
                yield node.lineno


def test_every_text_file_is_read_and_written_with_a_named_encoding() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        for line in without_encoding(path.read_text(encoding="utf-8"))
    }
    assert sorted(found) == []


@pytest.mark.parametrize(
    "source",
    [
        "path.read_text()",
        "path.write_text(text)",
        "(a / b).write_text(f'{x}', errors='strict')",
        "subprocess.run([], text=True)",
    ],
)
def test_missing_encoding_argument_is_detected(source: str) -> None:
    assert list(without_encoding(source)) == [1]
