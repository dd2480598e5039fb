"""`python -m tools.security`: every step of the security job, one after the other; writes docs/security-run.md."""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.security.audit import UNANSWERED

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "security-run.md"
ENFORCEMENT_TESTS = ("tests/local_stage/test_permissions.py", "tests/local_stage/test_network_policy.py")


@dataclass(frozen=True, slots=True)
class Step:
    """One question of the job, and the command that answers it.

    Attributes:
        question: the question.
        shown: the command as people run it.
        command: the same for this Python.
        unanswered: exit status of a command that could not answer.
    """

    question: str
    shown: str
    command: tuple[str, ...]
    unanswered: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Result of a step: its exit status and duration."""

    step: Step
    status: int
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether the job fails because of this step."""
        return self.status not in {0, self.step.unanswered}

    @property
    def verdict(self) -> str:
        """One word for the table."""
        if self.failed:
            return "**failed**"
        return "not answered" if self.status else "passed"


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *name.split())


STEPS = (
    Step(
        "Does a package in the lock files have a known vulnerability?",
        "make audit",
        _module("tools.security.audit"),
        UNANSWERED,
    ),
    Step("Does something fail without each grant of each role?", "make grants", _module("tools.grants")),
    Step("Does a token rotation under load make a request fail?", "make rotation", _module("tools.rotation")),
    Step(
        "Can a role or another network do more than it is allowed to?",
        f"make test TESTS='{' '.join(ENFORCEMENT_TESTS)}'",
        _module(f"pytest -q -n 0 {' '.join(ENFORCEMENT_TESTS)}"),
    ),
    Step(
        "Does anything logged, printed, announced or stored contain a secret?",
        "make test TESTS=tests/secrecy",
        _module("pytest -q -n 0 tests/secrecy"),
    ),
    Step(
        "Does CloudFormation's linter report an error in a template?",
        "python -m tools.security.lint",
        _module("tools.security.lint"),
    ),
    Step(
        "Can input from outsiders control a workflow?",
        "zizmor --offline .github",
        (str(Path(sys.executable).with_name("zizmor")), "--offline", "--quiet", ".github"),
    ),
)


def page(results: Sequence[Result], commit: str) -> str:
    """Return the page of results."""
    lines = "\n".join(
        f"| {result.step.question} | `{result.step.shown}` | {result.verdict} | {result.seconds:.0f} |"
        for result in results
    )
    return f"""# Security run

Written by `make security` on {datetime.now(UTC).date()}, at {commit}. *Not answered* does not mean *passed*: the advisory
services could not be reached, or did not know the packages.

| check | command | result | seconds |
|---|---|---|---|
{lines}

Grants: [security-grants.md](security-grants.md). Rotation: [token-rotation.md](token-rotation.md).
Threats: [SECURITY.md](../SECURITY.md). cdk-nag runs in every synthesis.
All tests of the local stage run with enforced policies.
"""


def run(step: Step) -> Result:
    """Run one step with this process's output."""
    sys.stdout.write(f"\n== {step.question} ({step.shown})\n")
    sys.stdout.flush()
    started = time.monotonic()
    done = subprocess.run(step.command, cwd=PROJECT, check=False)
    return Result(step, done.returncode, time.monotonic() - started)


def main(steps: Sequence[Step] = STEPS, file: Path = PAGE) -> int:
    """Run every step regardless of earlier failures; return 1 if one failed."""
    results = [run(step) for step in steps]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=PROJECT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    ).stdout.strip()
    text = page(results, commit or "an unknown commit")
    file.write_text(text, encoding="utf-8")
    sys.stdout.write(f"\n{text}")
    return 1 if any(result.failed for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
