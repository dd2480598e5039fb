"""Report of a run: counts, failures, settings that could not be measured; and the resulting exit status."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tools.portability.__main__ import report
from tools.portability.page import page, row
from tools.portability.run import NO_EFFECT, Result, counted, run
from tools.portability.setting import PROJECT, Setting

SETTING = Setting("time zone", "`TZ=UTC`", ("tests/docs",), lambda *_: True)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("1 failed, 2515 passed in 67.71s (0:01:07)\n", (2515, 1, 0, 0)),
        (
            "FAILED a::b - 3 failed in 2s of 4\n== 2 failed, 3 passed, 1 skipped, 2 errors in 3.10s ==\n",
            (3, 2, 2, 1),
        ),
        ("1439 passed in 122.36s (0:02:02)\n", (1439, 0, 0, 0)),
        ("no tests ran in 0.01s\n", (0, 0, 0, 0)),
        ("ERROR: file or directory not found\n", (0, 0, 0, 0)),
    ],
)
def test_results_are_parsed_from_the_last_pytest_summary_line(text: str, counts: tuple[int, ...]) -> None:
    found = counted(text)
    assert tuple(found[name] for name in ("passed", "failed", "error", "skipped")) == counts


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (Result(SETTING, passed=3), 0),
        (Result(SETTING, passed=3, failed=1, failures=("tests/a.py::b",)), 1),
        (Result(SETTING, why=NO_EFFECT), 1),
        (Result(SETTING), 1),
        (Result(replace(SETTING, absent="no such zone"), why="no such zone"), 0),
    ],
)
def test_the_exit_status_is_1_when_a_test_failed_or_none_ran(result: Result, status: int) -> None:
    assert report([SETTING], run_one=lambda _setting: result) == status


def test_report_without_settings_exits_with_status_1() -> None:
    assert report([]) == 1


def test_a_setting_without_an_effect_runs_no_test_and_fails() -> None:
    result = run(replace(SETTING, has_effect=lambda *_: False))
    assert (result.why, result.passed, result.is_ok) == (NO_EFFECT, 0, False)


def test_an_absent_setting_is_reported_with_its_reason() -> None:
    absent = Result(replace(SETTING, absent="no Python 3.99"), why="no Python 3.99")
    assert "| not measured: no Python 3.99 |" in row(absent)
    assert "1 not measured: see the rows." in page([Result(SETTING, passed=1), absent], date(2026, 1, 1))


def test_a_failed_test_is_named_on_the_page() -> None:
    text = page([Result(SETTING, passed=1, failed=1, failures=("tests/a.py::b",))], date(2026, 1, 1))
    assert "**1 of 1 failed.**" in text
    assert "- `TZ=UTC`: `tests/a.py::b`" in text


def test_the_tests_of_a_setting_are_run_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "test_two.py"
    file.write_text(
        "import os\n\ndef test_sees_it():\n    assert os.environ['TZ'] == 'Asia/Seoul'\n\ndef test_fails():\n    assert 0\n",
        encoding="utf-8",
    )
    result = run(replace(SETTING, tests=(str(file),), environment={"TZ": "Asia/Seoul"}))
    assert (result.passed, result.failed) == (1, 1)
    assert [name.rpartition("::")[2] for name in result.failures] == ["test_fails"]


def test_the_committed_page_reports_no_failure_and_names_every_axis() -> None:
    text = (PROJECT / "docs" / "portability.md").read_text(encoding="utf-8")
    assert "**All " in text
    axes = (
        "BLAS kernels",
        "BLAS threads",
        "vector instructions",
        "C library",
        "time zone",
        "locale",
        "clock",
        "Python",
    )
    assert [axis for axis in axes if f"\n| {axis} | " not in text] == []
