"""A changed number needs a new ENGINE_VERSION: this version's results are stored next to it."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from functions.evaluation.risk.receipt import ENGINE_VERSION
from tests.evaluation.risk_golden import GOLDEN_FILE, kept

KEPT = json.loads(GOLDEN_FILE.read_text(encoding="utf-8"))
RULE = "a changed number needs a new ENGINE_VERSION; then: python -m tests.evaluation.risk_golden --write"
LAST_DIGIT = 5e-12


@pytest.fixture(scope="module")
def found() -> list[dict[str, Any]]:
    """Return the results of a fresh process with one BLAS thread, and with two."""
    return [
        json.loads(
            subprocess.run(
                [sys.executable, "-m", "tests.evaluation.risk_golden"],
                env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": os.pathsep.join(sys.path)},
                capture_output=True,
                encoding="utf-8",
                check=True,
            ).stdout
        )
        for threads in ("1", "2")
    ]


def test_risk_numbers_equal_the_golden_file_of_this_engine_version(found: list[dict[str, Any]]) -> None:
    assert KEPT["engine_version"] == ENGINE_VERSION, RULE
    for each in found:
        books = kept(each)["books"]
        assert books.keys() == KEPT["books"].keys()
        for name, book in books.items():
            wanted = KEPT["books"][name]
            same = wanted if "result_hash" in wanted else pytest.approx(wanted, rel=LAST_DIGIT, abs=0)
            assert book == same, f"{name}: {RULE}"


def test_golden_books_are_bit_identical_with_one_or_two_blas_threads(found: list[dict[str, Any]]) -> None:
    assert found[0] == found[1]
