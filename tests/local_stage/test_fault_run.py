"""A small fault run: a short form of `make faults`."""

from pathlib import Path

import pytest
from rich.console import Console

from infra.local.bring_up import start_stage
from infra.local.settings import ANY_FREE_PORT, LocalSettings
from tools.faults.install import RATES, REFUSED_WORKER
from tools.faults.load import RISKY_RULES
from tools.faults.moves import SHORT_WINDOW
from tools.faults.run import POISONED_RECORDS, Plan, fault_run

PLAN = Plan(snapshots=40, worlds=4, visibility_seconds=3, wait_max_seconds=120)
RISKY_SNAPSHOTS = 4
RULES = sum(map(len, RISKY_RULES.values()))


def test_inv_04_inv_05_injected_faults_cause_no_lost_or_duplicate_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rates in RATES.values():
        for operation, faults in rates.items():
            monkeypatch.setitem(rates, operation, {name: rate * 2 for name, rate in faults.items()})
    settings = LocalSettings(tmp_path / "stage", ANY_FREE_PORT, ANY_FREE_PORT, history=SHORT_WINDOW)
    stage = start_stage(settings, Console(quiet=True), detached=False, fresh=True)
    try:
        outcome = fault_run(stage, tmp_path / "faults", PLAN)
    finally:
        stage.process.stop()
    assert outcome.faults
    assert (outcome.given_up, outcome.lost, outcome.duplicated) == ([], [], [])
    assert outcome.history.moved > 0
    assert outcome.history.wrong == []
    assert (outcome.committed, outcome.announced, outcome.isolated) == (
        PLAN.snapshots,
        PLAN.snapshots,
        POISONED_RECORDS,
    )
    reports = {outcome.workers[name].stored for name in ("risk_engine", "stress_engine")}
    assert reports == {PLAN.snapshots}
    signals = outcome.workers["exit_engine"]
    # A late snapshot is never the latest, and causes no signal.
    assert 0 < signals.stored == signals.expected <= RISKY_SNAPSHOTS * RULES
    assert outcome.workers[REFUSED_WORKER].dead_letters >= PLAN.snapshots // PLAN.worlds
