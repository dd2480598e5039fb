"""Settings that passed at a commit are not run again; failed ones, or changes since, are."""

from pathlib import Path

import pytest

from tools.portability import result_cache
from tools.portability.run import Result
from tools.portability.setting import Setting, unchanged_setting

SETTING = Setting("time zone", "`TZ=UTC`", ("tests/docs",), lambda *_: True)
GOOD = Result(SETTING, passed=2, seconds=1.5, seen=unchanged_setting().observe())
BAD = Result(SETTING, passed=1, failed=1, failures=("a::b",))


@pytest.mark.parametrize("result", [GOOD, BAD])
def test_cached_result_round_trips(tmp_path: Path, result: Result) -> None:
    result_cache.write(tmp_path / "new" / "result.json", result)
    assert result_cache.read(tmp_path / "new" / "result.json", SETTING) == result


@pytest.mark.parametrize(("first", "runs"), [(GOOD, 1), (BAD, 2)])
def test_only_passed_settings_are_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: Result, runs: int
) -> None:
    started: list[Setting] = []
    monkeypatch.setattr(result_cache, "file_of", lambda _setting: tmp_path / "result.json")

    def run(setting: Setting) -> Result:
        started.append(setting)
        return first

    monkeypatch.setattr(result_cache, "run", run)
    result_cache.run_cached(SETTING)
    assert result_cache.run_cached(SETTING) == first
    assert len(started) == runs


@pytest.mark.parametrize("changed", ["", " M README.md"])
def test_modified_tree_caches_no_result(monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    monkeypatch.setattr(
        result_cache, "_git", lambda *arguments: changed if arguments[0] == "status" else "c0ffee"
    )
    assert (result_cache.file_of(SETTING) is None) == bool(changed)
