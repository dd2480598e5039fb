"""Random histories of evaluation runs keep every acknowledged item; each planted bug is reported by its name."""

from random import Random

import pytest

from tools.simulator.faults import Faults
from tools.simulator.runs.__main__ import main, run_many
from tools.simulator.runs.findings import RULES, Finding
from tools.simulator.runs.history import run_history
from tools.simulator.runs.hub import MAX_RATES, RunsDependencies
from tools.simulator.runs.planted import PLANTED_RUN_BUGS, CutsTails

HISTORIES = 80
KIND_SEEDS_MAX = 20
PLANTED_SEEDS_MAX = 400
CRASHED_SEED = 8


def test_no_history_loses_doubles_or_misreports_an_item() -> None:
    totals = {"items": 0, "acknowledged": 0, "anchored": 0, "refused": 0}
    for outcome in run_many(0, HISTORIES):
        assert not outcome.findings, outcome.report()
        totals = {name: count + outcome.counts[name] for name, count in totals.items()}
    assert totals["items"] > 5 * HISTORIES
    assert totals["acknowledged"] > 5 * HISTORIES
    assert totals["anchored"] > HISTORIES
    assert totals["refused"] > HISTORIES / 2


@pytest.mark.parametrize("kind", MAX_RATES)
def test_the_rules_hold_under_each_fault_alone(kind: str) -> None:
    struck = 0
    for seed in range(KIND_SEEDS_MAX):
        outcome = run_history(seed, faults=lambda random: Faults(random, {kind: MAX_RATES[kind]}))
        assert not outcome.findings, outcome.report()
        struck += outcome.faults[kind]
    assert struck


def test_a_crash_before_or_after_any_store_call_loses_and_doubles_nothing() -> None:
    """Run one history without other faults once for each place at which a process can end."""
    calm = run_history(CRASHED_SEED, faults=lambda random: Faults(random, {}))
    assert not calm.findings, calm.report()
    assert calm.boundaries > 50
    for place in range(calm.boundaries):
        crashed = run_history(CRASHED_SEED, faults=lambda random, at=place: _crash_at(random, at))  # type: ignore[misc]
        assert not crashed.findings, f"crash at boundary {place}\n{crashed.report()}"
        assert crashed.faults == {"crash": 1}


def _crash_at(random: Random, place: int) -> Faults:
    return Faults(random, {}, crash_at=place)


def test_a_clock_that_jumps_is_reported_unless_a_later_anchor_covers_its_items() -> None:
    reported = 0
    for seed in range(KIND_SEEDS_MAX):
        outcome = run_history(seed, faults=lambda random: Faults(random, {"clock jump": 0.3}))
        assert not outcome.findings, outcome.report()
        reported += outcome.counts["reported after a clock jump"]
    assert reported


@pytest.mark.parametrize("name", PLANTED_RUN_BUGS)
def test_the_oracle_names_the_planted_bug_of_runs(name: str) -> None:
    plant = PLANTED_RUN_BUGS[name]
    outcomes = run_many(0, PLANTED_SEEDS_MAX, plant.dependencies)
    found = next((outcome for outcome in outcomes if plant.rule in outcome.rules), None)
    assert found is not None, f"{name}: not found in {PLANTED_SEEDS_MAX} histories"


def test_a_seed_gives_the_same_history_of_runs_each_time() -> None:
    first, second = run_history(42), run_history(42)
    assert first.trace.steps
    assert first.trace.steps == second.trace.steps


def test_a_finding_has_one_of_the_rules() -> None:
    assert {plant.rule for plant in PLANTED_RUN_BUGS.values()} <= RULES
    with pytest.raises(ValueError, match="is not a rule"):
        Finding("other", "run", "detail")


def test_the_report_names_the_rule_the_run_and_the_replay_command(capsys: pytest.CaptureFixture[str]) -> None:
    broken = RunsDependencies(runs=CutsTails)
    failing = next(outcome for outcome in run_many(0, 50, broken) if outcome.findings)
    assert main(["--seed", str(failing.seed)], broken) == 1
    output = capsys.readouterr().out
    assert output == failing.report() + "\n"
    assert "tail cut: " in output
    assert output.endswith(f"replay: python -m tools.simulator.runs --seed {failing.seed}\n")


def test_sound_histories_print_their_number_and_the_number_of_items(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--seed", "7", "--histories", "3"]) == 0
    output = capsys.readouterr().out
    assert "3 histories of evaluation runs from seed 7 are sound" in output
    assert "acknowledged" in output
