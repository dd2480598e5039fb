"""Sums of floats in risk code are rounded once: the builtin `sum` rounds differently on Python 3.11 and 3.12."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPUTING = (
    "functions/evaluation/**/*.py",
    "functions/measures/**/*.py",
    "infra/local/sample/*.py",
)
EXACT_FILES = sorted(path.relative_to(ROOT).as_posix() for glob in COMPUTING for path in ROOT.glob(glob))
COUNTED = ("isinstance", "len")
HITS = {"sum(hits)", "sum(tested)", "sum(hits[-BASEL_OBSERVATIONS:])"}
WHOLE_NUMBERS = {"sum(map(mul, integers, other_integers))"}


def float_sums(source: str) -> Iterator[str]:
    """Yield each call of the builtin `sum` on floats: not of comparisons, whole numbers or lists of hits."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sum":
            given = node.args[0]
            what = given.elt if isinstance(given, ast.GeneratorExp | ast.ListComp) else given
            if not counts(what) and ast.unparse(node) not in HITS | WHOLE_NUMBERS:
                yield ast.unparse(node)


def counts(what: ast.expr) -> bool:
    if isinstance(what, ast.Call) and isinstance(what.func, ast.Name):
        return what.func.id in COUNTED
    return isinstance(what, ast.Compare) or (isinstance(what, ast.Constant) and type(what.value) is int)


@pytest.mark.parametrize("glob", COMPUTING)
def test_every_folder_of_risk_code_contains_modules(glob: str) -> None:
    assert list(ROOT.glob(glob))


@pytest.mark.parametrize("file", EXACT_FILES)
def test_risk_code_has_no_builtin_sum_of_floats(file: str) -> None:
    assert not list(float_sums((ROOT / file).read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "source",
    [
        "sum(row[i] for i, row in enumerate(m))",
        "sum(weights)",
        "sum(map(mul, a, b))",
        "sum([a * b for a in c])",
    ],
)
def test_checker_finds_a_builtin_sum_of_floats(source: str) -> None:
    assert list(float_sums(source))
