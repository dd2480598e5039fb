"""The rehearsal's verdict: what it counts as a failure, and its message when it cannot run."""

import subprocess
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clients import as_client
from tools.upgrades import old_table
from tools.upgrades.checked_out_release import HistoryError, Release, check_out_last_release
from tools.upgrades.fixed_world import changed
from tools.upgrades.old_table import Announcements
from tools.upgrades.page import page
from tools.upgrades.rehearsal import Outcome, Phase

GOOD = Outcome(
    phases=[
        Phase("release 1.0.0", 100.0, checked=True),
        Phase("→ this tree", 110.0),
        Phase("this tree", 120.0, checked=True),
    ],
    answered=[("latest", 101.0, 0.1), ("publish", 111.0, 0.5), ("latest", 121.0, 0.2), ("page", 125.0, 2.0)],
    failed=[],
    published=1,
    lost=[],
    unannounced=[],
    announced_again=[],
    repeated_by_release=1,
    copies=[3, 1, 0],
    missing=[],
    duplicated=[],
    effects={"risk_engine": 1},
    dead_letters=0,
)
WRONG: dict[str, Any] = {
    "failed": [("publish", 111.0, "UnavailableError: HTTP 502")],
    "lost": ["w1/v1"],
    "unannounced": ["w1/v1"],
    "announced_again": ["w1/v1"],
    "missing": ["risk_engine w1/v1"],
    "duplicated": ["w1/v1"],
    "dead_letters": 1,
    "phases": [Phase("this tree", 100.0, differs=("risk-hub-local-risk-engine",))],
}


def test_rehearsal_without_failures_passes() -> None:
    assert GOOD.passed


@pytest.mark.parametrize("what", WRONG)
def test_any_single_failure_fails_the_rehearsal(what: str) -> None:
    assert not replace(GOOD, **{what: WRONG[what]}).passed


def test_changed_historical_answer_fails_the_rehearsal() -> None:
    assert not replace(GOOD, phases=[Phase("this tree", 100.0, changed=("latest",))]).passed


def test_requests_are_counted_in_the_phase_in_which_they_began() -> None:
    counted = [GOOD.within(phase) for phase in GOOD.phases]
    assert [(sum(names.values()), longest) for names, longest in counted] == [(1, 0.1), (1, 0.5), (2, 2.0)]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({"a": {"b": [1, {"c": 2, "new": 3}]}, "new": 1}, []),
        ({"a": {"b": [1, {"c": 3}]}}, ["q"]),
        ({"a": {"b": [1]}}, ["q"]),
        ({"a": {}}, ["q"]),
        ({"a": {"b": [1, {"c": 2}, 4]}}, ["q"]),
    ],
)
def test_added_member_is_ignored_and_any_other_difference_is_reported(
    after: dict[str, Any], expected: list[str]
) -> None:
    assert changed({"q": {"a": {"b": [1, {"c": 2}]}}}, {"q": after}) == expected


def test_rehearsal_page_shows_counts_and_failures() -> None:
    text = page(replace(GOOD, failed=WRONG["failed"]), ["GET /x"], Release("1.0.0", "0" * 40, Path()))
    assert "| this tree | 2 | 2.0 | 0 | 0 |" in text
    assert "| **requests that failed** | **1** |" in text
    assert "from this tree's records | 1 |" in text
    assert "- 00:01:51.000 publish: UnavailableError: HTTP 502" in text


def test_checkout_without_the_released_commit_suggests_git_fetch_unshallow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "init", "-q", shallow], check=True)
    monkeypatch.setattr("tools.upgrades.checked_out_release.ROOT", shallow)
    with pytest.raises(HistoryError, match="git fetch --unshallow"):
        check_out_last_release(tmp_path / "released")


class Announced:
    """The counts of an observer."""

    def __init__(self, **counts: int) -> None:
        self.announced: dict[str, int] = defaultdict(int, counts)


def announcements(observer: Announced, monkeypatch: pytest.MonkeyPatch) -> Announcements:
    monkeypatch.setattr(old_table, "QUIET_SECONDS", 0.01)
    monkeypatch.setattr(old_table, "POLL_SECONDS", 0.0)
    return Announcements(as_client(observer))


def test_snapshots_announced_before_and_after_an_upgrade_are_counted_as_announced_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    observer = Announced(a=1, b=1)
    found = announcements(observer, monkeypatch)
    found.begin({"a", "b"}, lambda: 0)
    observer.announced.update(b=2, c=1)
    found.end()
    assert found.again == ["b"]


def test_snapshots_announced_again_by_the_rolled_back_release_are_counted_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    observer = Announced(a=1, b=1)
    found = announcements(observer, monkeypatch)
    found.begin({"a", "b"}, lambda: 0)
    found.end()
    observer.announced.update(a=2)
    found.begin({"a", "b"}, lambda: 0)
    assert (found.again, found.repeated_by_release) == ([], 1)


def test_an_upgrade_waits_until_the_workers_are_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = [3, 1, 0]
    announcements(Announced(a=1), monkeypatch).begin({"a"}, lambda: waiting.pop(0) if waiting else 0)
    assert not waiting


def test_an_upgrade_stops_while_a_snapshot_of_the_old_table_is_unannounced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(old_table, "DEADLINE_SECONDS", 0.0)
    with pytest.raises(RuntimeError, match=r"0 messages wait; not announced: \['b'\]"):
        announcements(Announced(a=1), monkeypatch).begin({"a", "b"}, lambda: 0)
