"""Each setting has its intended effect in a fresh process, and in every process that it starts."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tools.portability import clock as moved
from tools.portability import combinations, interpreters, places, processors, setting
from tools.portability.__main__ import AXES
from tools.portability.process_facts import ProcessFacts
from tools.portability.setting import CONTROLLED_VARIABLES, Setting, unchanged_setting

ROWS = [*processors.processors(), *places.places()]


@pytest.fixture(scope="module")
def without() -> ProcessFacts:
    return unchanged_setting().observe()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.axis}: {row.value}")
def test_setting_has_its_effect_in_a_new_process(row: Setting, without: ProcessFacts) -> None:
    if row.absent:
        pytest.skip(row.absent)
    assert row.has_effect(without, row.observe())


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.axis in {"vector instructions", "C library", "time zone", "shell"}]
)
def test_setting_without_an_effect_is_detected(row: Setting, without: ProcessFacts) -> None:
    if row.absent:
        pytest.skip(row.absent)
    assert not row.has_effect(without, without)


def test_prescott_and_haswell_load_different_blas_kernels() -> None:
    rows = {row.environment.get("OPENBLAS_CORETYPE"): row for row in ROWS}
    if rows["Prescott"].absent or rows["Haswell"].absent:
        pytest.skip("this processor cannot run both")
    assert rows["Prescott"].observe().kernels != rows["Haswell"].observe().kernels


def test_numpy_imports_without_warnings_when_instruction_sets_are_disabled() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import numpy"],
        env=setting.Setting("", "", (), lambda *_: True, processors.without_vectors()).variables(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_setting_overrides_the_callers_environment_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CONTROLLED_VARIABLES:
        monkeypatch.setenv(name, "the caller's")
    assert "the caller's" not in unchanged_setting().variables().values()


def test_the_instruction_sets_to_disable_are_the_same_if_the_caller_has_disabled_them() -> None:
    wanted = processors.without_vectors()
    if not wanted:
        pytest.skip("numpy uses nothing above its baseline here")
    code = "from tools.portability import processors; print(processors.without_vectors())"
    printed = subprocess.check_output(
        [sys.executable, "-c", code],
        env=unchanged_setting().variables() | wanted,
        cwd=setting.PROJECT,
        encoding="utf-8",
    )
    assert printed.strip() == str(wanted)


@pytest.fixture
def clock_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if reason := moved.clock_unavailable_reason():
        pytest.skip(reason)
    if "FAKETIME" in os.environ:
        pytest.skip("the clock of this run is already moved")
    monkeypatch.setattr(moved, "OWN_FOLDER", tmp_path)
    return tmp_path


NOW_IN_A_CHILD = (
    "import json, subprocess, sys, time; child = [sys.executable, '-c', 'import time; print(time.time())']; "
    "read = float(subprocess.check_output(child, env={})); print(json.dumps([time.time(), read, sys.prefix]))"
)


def test_shifted_clock_applies_to_a_child_process_with_an_empty_environment(
    clock_folder: Path,
) -> None:
    ahead = timedelta(days=2_000)
    python = moved.moved_interpreter(Path(sys.executable), "twin", ahead)
    own, child, prefix = json.loads(subprocess.check_output([python, "-c", NOW_IN_A_CHILD], env={}))
    wanted = (datetime.now(UTC) + ahead).timestamp()
    assert own == pytest.approx(wanted, abs=60)
    assert child == pytest.approx(wanted, abs=60)
    assert prefix == str(clock_folder / "twin")


def test_shifted_clock_applies_to_a_shell_found_on_the_path(clock_folder: Path) -> None:
    python = moved.moved_interpreter(Path(sys.executable), "twin", timedelta(days=2_000))
    year = subprocess.check_output(
        ["sh", "-c", "date -u +%Y"], env=moved.with_programs(python), encoding="utf-8"
    )
    assert int(year) == (datetime.now(UTC) + timedelta(days=2_000)).year
    assert clock_folder in python.parents


def test_pip_uses_the_real_clock_under_a_shifted_clock(clock_folder: Path) -> None:
    python = moved.moved_interpreter(Path(sys.executable), "twin", timedelta(days=2_000))
    (clock_folder / "pip").mkdir()
    program = clock_folder / "pip" / "now.py"
    program.write_text("import time; print(time.time())", encoding="utf-8")
    output = float(subprocess.check_output([python, program]))
    assert output == pytest.approx(datetime.now(UTC).timestamp(), abs=60)


def test_interpreter_with_a_shifted_clock_has_the_same_packages(clock_folder: Path) -> None:
    python = moved.moved_interpreter(Path(sys.executable), "twin", timedelta(days=1))
    paths = [
        subprocess.check_output([each, "-c", "import numpy; print(numpy.__version__)"], env={})
        for each in (python, sys.executable)
    ]
    assert paths[0] == paths[1]
    assert (clock_folder / "twin" / "bin" / "ruff").exists()


@pytest.mark.parametrize(
    ("now", "leap_day"),
    [
        (datetime(2026, 11, 30, tzinfo=UTC), datetime(2028, 2, 29, 12, tzinfo=UTC)),
        (datetime(2028, 2, 28, 13, tzinfo=UTC), datetime(2028, 2, 29, 12, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), datetime(2032, 2, 29, 12, tzinfo=UTC)),
    ],
)
def test_the_next_leap_day_is_after_today(now: datetime, leap_day: datetime) -> None:
    assert moved.next_leap_day(now) == leap_day


def test_end_of_year_clock_starts_just_before_new_year() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert datetime(2027, 1, 1, tzinfo=UTC) - moved.end_of_year(now) == moved.JUST_BEFORE


def test_an_interpreter_that_is_not_installed_is_reported_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters, "find_interpreter", lambda _version: None)
    _, absent = interpreters.environment_of("3.99")
    assert absent is not None
    assert "3.99" in absent


def test_python_shim_that_fails_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "python3.11"
    shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert interpreters.find_interpreter("3.11") is None


def test_the_short_form_sets_every_axis_of_processors_and_places() -> None:
    processor, place = combinations.ci_combinations()
    assert processor.environment.items() >= processors.without_vectors().items()
    assert {"TZ", "LC_ALL", "PYTHONHASHSEED"} <= set(place.environment)
    assert (place.python != Path(sys.executable)) == (moved.clock_unavailable_reason() is None)


def test_each_axis_contains_only_its_own_settings() -> None:
    lazily = ("clock", "Python", "together")
    found = {
        name: {each.axis for each in settings()} for name, settings in AXES.items() if name not in lazily
    }
    assert found == {name: {name} for name in found}
    assert sorted({each.axis for each in ROWS}) == sorted(found)
