"""The program that invokes a release's functions, on the functions of this tree."""

import json
from pathlib import Path

import pytest

from risk_hub_contracts.compatibility.release import last_release
from tools.upgrades.checked_out_release import Release
from tools.upgrades.deployed_hub import Json
from tools.upgrades.recorder import answer_of
from tools.upgrades.release import ROOT
from tools.upgrades.rollback import plan_for, run_reader
from tools.upgrades.wire import Wire, preserves

THIS_TREE = Release("this tree", "HEAD", ROOT)


@pytest.fixture(scope="module")
def released() -> Wire:
    folder = last_release()
    assert folder is not None
    return Wire.read(folder)


def read(plan: Json, home: Path) -> tuple[str | None, list[Json]]:
    """Return the error of the program, and its answers."""
    (home / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    error = run_reader(THIS_TREE, home / "plan.json", home / "answers.json")
    replies = [] if error else json.loads((home / "answers.json").read_text(encoding="utf-8"))
    return error, [answer_of(reply) for reply in replies]


def test_reader_answers_at_the_recorded_times_from_the_recorded_records(
    released: Wire, tmp_path: Path
) -> None:
    reads = [
        each
        for each in released.reads
        if "/snapshots" in each["request"]["path"] and not _is_repaired(each, released)
    ]
    plan = plan_for(Wire(released.writes, reads, released.announced[:4], released.records))
    error, answers = read(plan, tmp_path)
    assert error is None
    assert len(answers) > 10
    differing = [
        each["request"]["path"]
        for each, answer in zip(reads, answers, strict=True)
        if not preserves(each["answer"], answer)
    ]
    assert differing == []


def test_reader_fails_when_the_relay_sends_a_record_to_its_failure_queue(
    released: Wire, tmp_path: Path
) -> None:
    whole = released.records["tables"]["snapshots"][0]
    unreadable = {name: whole[name] for name in ("world_id", "version")}
    stored: Json = {"tables": {"snapshots": [unreadable], "evaluations": []}, "objects": []}
    error, _ = read(plan_for(Wire([], [], [], stored)), tmp_path)
    assert error is not None
    assert "sent a record to its failure queue" in error


def _is_repaired(exchange: Json, released: Wire) -> bool:
    requested = f"{exchange['request']['method']} {exchange['request']['path']}"
    return (
        requested in released.repaired or f"{requested} {exchange['answer']['status']}" in released.repaired
    )
