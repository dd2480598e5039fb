"""The job runs every step, and fails for a failed step but not for an unanswered one."""

import sys
from pathlib import Path

import pytest

from tools.security.__main__ import STEPS, Step, main
from tools.security.audit import UNANSWERED


def step(question: str, status: int) -> Step:
    return Step(question, "a command", (sys.executable, "-c", f"raise SystemExit({status})"), UNANSWERED)


@pytest.mark.parametrize(
    ("statuses", "job", "verdicts"),
    [
        ((0, 0), 0, ["passed", "passed"]),
        ((UNANSWERED, 0), 0, ["not answered", "passed"]),
        ((1, 0), 1, ["**failed**", "passed"]),
        ((0, 3), 1, ["passed", "**failed**"]),
    ],
)
def test_security_job_runs_every_step_and_fails_if_any_step_failed(
    tmp_path: Path, statuses: tuple[int, ...], job: int, verdicts: list[str]
) -> None:
    page = tmp_path / "page.md"
    assert main([step(f"question {n}", status) for n, status in enumerate(statuses)], page) == job
    rows = [
        line.split(" | ")
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("| question")
    ]
    assert [row[2] for row in rows] == verdicts


def test_only_the_audit_step_may_be_unanswered() -> None:
    assert [each.shown for each in STEPS if each.unanswered is not None] == ["make audit"]


def test_every_security_step_has_its_own_make_target(pytestconfig: pytest.Config) -> None:
    makefile = (pytestconfig.rootpath / "Makefile").read_text(encoding="utf-8")
    for each in STEPS:
        if each.shown.startswith("make "):
            assert f"\n{each.shown.split()[1]}:" in makefile, each.shown
