"""Random histories of the real use cases keep INV-01 to INV-09; a seed always gives the same history."""

import os
import subprocess
import sys
from pathlib import Path
from random import Random
from secrets import randbelow

import pytest

from tools.simulator.__main__ import SEEDS, main, one_processor, run_many
from tools.simulator.faults import MAX_RATES, Faults
from tools.simulator.history import Outcome, run_history
from tools.simulator.hub import HubDependencies
from tools.simulator.planted_stores import HeadWithoutCondition

ROOT = Path(__file__).parents[2]
BLOCKS, BLOCK_HISTORIES = 4, 200
RANDOM_HISTORIES = 200
KIND_SEEDS_MAX = 200
# The second history moves no snapshot.
CRASHED_SEEDS = ((6, 2), (15, 0))


def fails(outcome: Outcome) -> str:
    return "" if outcome.broken is None else outcome.report()


@pytest.mark.parametrize("block", range(BLOCKS))
def test_inv_01_to_09_hold_for_fixed_seeds(block: int) -> None:
    commits = faults = moved = 0
    for outcome in run_many(block * BLOCK_HISTORIES, BLOCK_HISTORIES):
        assert not fails(outcome), fails(outcome)
        commits += outcome.commits
        faults += outcome.faults.total()
        moved += outcome.moves["moved among faults"]
    assert commits > BLOCK_HISTORIES
    assert faults > BLOCK_HISTORIES
    assert moved > BLOCK_HISTORIES / 3


@pytest.mark.parametrize("kind", MAX_RATES)
def test_invariants_hold_under_each_fault_kind_alone(kind: str) -> None:
    for seed in range(KIND_SEEDS_MAX):
        outcome = run_history(seed, faults=lambda random: Faults(random, {kind: MAX_RATES[kind]}))
        assert not fails(outcome), fails(outcome)
        if outcome.faults[kind]:
            return
    pytest.fail(f"{kind} strikes in none of {KIND_SEEDS_MAX} histories")


def test_inv_01_to_09_hold_for_random_seeds() -> None:
    base = randbelow(SEEDS)
    sys.stdout.write(
        f"base seed {base}: python -m tools.simulator --seed {base} --histories {RANDOM_HISTORIES}\n"
    )
    for outcome in run_many(base, RANDOM_HISTORIES):
        assert not fails(outcome), fails(outcome)


@pytest.mark.parametrize(("seed", "moved"), CRASHED_SEEDS)
def test_f5_crash_at_any_port_call_loses_and_duplicates_nothing(seed: int, moved: int) -> None:
    """Run a history without other faults once for each place at which a process can die."""
    with one_processor():
        calm = run_history(seed, faults=lambda random: Faults(random, {}))
        assert not fails(calm), fails(calm)
        assert calm.boundaries > 50
        assert calm.moves["moved among faults"] == moved
        for place in range(calm.boundaries):
            crashed = run_history(seed, faults=lambda random, at=place: _crash_at(random, at))  # type: ignore[misc]
            assert not fails(crashed), f"crash at boundary {place}\n{fails(crashed)}"
            assert crashed.faults == {"crash": 1}


def _crash_at(random: Random, place: int) -> Faults:
    return Faults(random, {}, crash_at=place)


def test_a_seed_gives_the_same_history_each_time() -> None:
    first, second = run_history(42), run_history(42)
    assert first.trace.steps
    assert first.trace.steps == second.trace.steps


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_a_seed_gives_the_same_history_in_every_process(hash_seed: str) -> None:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": f"{ROOT}:{ROOT}/contracts/src:{ROOT}/client/src",
    }
    command = [sys.executable, "-m", "tools.simulator", "--seed", "42", "--trace"]
    output = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert "\n".join(run_history(42).trace.lines()) in output


def test_failure_report_names_seed_invariant_and_replay_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken_hub = HubDependencies(worlds=HeadWithoutCondition)
    failing = next(outcome for outcome in run_many(0, 50, broken_hub) if outcome.broken is not None)
    assert main(["--seed", str(failing.seed)], broken_hub) == 1
    output = capsys.readouterr().out
    assert output == failing.report() + "\n"
    assert output.startswith(f"seed {failing.seed} breaks INV-03")
    assert output.endswith(f"replay: python -m tools.simulator --seed {failing.seed}\n")
    assert len(output.splitlines()) <= 42


def test_successful_run_prints_the_number_of_histories_and_commits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--seed", "7", "--histories", "5"]) == 0
    output = capsys.readouterr().out
    assert "5 histories from seed 7 are sound" in output
    assert "commits" in output
