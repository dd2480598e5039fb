"""What one run of the mover reports: metrics and every difference first, then the worlds that failed."""

import json
from datetime import timedelta

import pytest

from functions.history.move_worlds import MoveRun
from functions.history.reconcile import Difference
from functions.history.reconcile_worlds import ReconcileRun
from functions.hub.ports import Dependency, DependencyUnavailableError
from functions.snapshot_mover.run_metrics import report

MOVED = MoveRun(7, 2, timedelta(hours=1), [])
DIFFERENCE = Difference("us20", "2026-01-05", "the table lists 1 moved snapshots, the segments hold 0")


@pytest.fixture(autouse=True)
def namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "RiskSignalHub/dev")


def test_report_returns_the_counts_and_writes_the_metrics_of_the_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts = report(MOVED, ReconcileRun(3, [DIFFERENCE], timedelta(days=1), []))
    assert counts == {"moved": 7, "segments": 2, "reconciled": 3, "differences": 1}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (metrics,) = [line for line in lines if "_aws" in line]
    assert metrics["worker"] == "snapshot_mover"
    assert metrics["risk_hub_history_lag_seconds"] == [3_600.0]
    assert metrics["risk_hub_history_difference_total"] == [1]
    assert metrics["risk_hub_history_unreconciled_seconds"] == [86_400.0]
    (difference,) = [line for line in lines if line.get("message") == "history differs"]
    assert (difference["world_id"], difference["day"], difference["detail"]) == (
        "us20",
        "2026-01-05",
        DIFFERENCE.detail,
    )


def test_failed_worlds_fail_the_run_after_its_metrics_were_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    moving, reading = (DependencyUnavailableError(each, "throttled") for each in list(Dependency)[:2])
    with pytest.raises(ExceptionGroup, match="2 worlds failed") as raised:
        report(MoveRun(0, 0, timedelta(0), [moving]), ReconcileRun(0, [DIFFERENCE], timedelta(0), [reading]))
    assert raised.value.exceptions == (moving, reading)
    printed = capsys.readouterr().out
    assert "risk_hub_history_difference_total" in printed
    assert "history differs" in printed
