"""`python -m tools.security.audit`: check the locked packages for known vulnerabilities.

pip-audit calls a lock clean even if the advisory service knew none of its packages, so its results are
counted here: how many packages were judged, and how many were not. The smallest lock comes first; if the
service cannot judge that one, it is not asked about the rest.

Exit status: 0 everything was judged and nothing found, 1 something was found, 2 something could not be
judged.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.locked_node import locked_npm, node_path
from infra.ops.deploy.toolkit import LOCK_FOLDER

PROJECT = Path(__file__).parents[2]
FIRST_LOCK = "uv"
PYTHON_LOCKS = (FIRST_LOCK, "hub", "risk", "local", "dev", "peers")
FOUND, UNANSWERED = 1, 2
TIMEOUT_SECONDS = 300

Run = Callable[[Sequence[str], Path], str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The audit result of one lock.

    Attributes:
        lock: its file, relative to the project's root.
        judged: packages that the service knew.
        unjudged: packages that it did not know, or all of them when it did not answer.
        vulnerable: `name version: advisory` of each package with a known vulnerability.
    """

    lock: str
    judged: int
    unjudged: int
    vulnerable: tuple[str, ...] = ()

    def __str__(self) -> str:
        found = "".join(f"\n    {each}" for each in self.vulnerable)
        return f"{self.lock}: {self.judged} judged, {self.unjudged} not, {len(self.vulnerable)} vulnerable{found}"


def audit_locks(run: Run) -> Iterator[Verdict]:
    """Yield the verdict on each lock; only the first ones if the advisory services do not answer."""
    for name in PYTHON_LOCKS:
        verdict = python_verdict(f"requirements/{name}.txt", run)
        yield verdict
        if name == FIRST_LOCK and not verdict.judged:
            break
    yield node_verdict(run)


def python_verdict(lock: str, run: Run) -> Verdict:
    """Return pip-audit's verdict on one hashed lock, for the Python that runs this."""
    options = ("--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    answer = _json(run([sys.executable, "-m", "pip_audit", "-r", lock, *options], PROJECT))
    if "dependencies" not in answer:
        return Verdict(lock, 0, _packages(lock))
    judged = [each for each in answer["dependencies"] if "vulns" in each]
    vulnerable = tuple(
        f"{each['name']} {each['version']}: {vulnerability['id']}"
        for each in judged
        for vulnerability in each["vulns"]
    )
    return Verdict(lock, len(judged), len(answer["dependencies"]) - len(judged), vulnerable)


def node_verdict(run: Run) -> Verdict:
    """Return npm's verdict on the CDK command line's lock."""
    file = LOCK_FOLDER / "package-lock.json"
    count = sum(1 for name in json.loads(file.read_text(encoding="utf-8"))["packages"] if name)
    lock = str(file.relative_to(PROJECT))
    command = [node_path(), str(locked_npm()), "audit", "--package-lock-only", "--json"]
    answer = _json(run(command, LOCK_FOLDER))
    if "auditReportVersion" not in answer:
        return Verdict(lock, 0, count)
    found = answer["vulnerabilities"].items()
    return Verdict(lock, count, 0, tuple(f"{name}: {each['severity']}" for name, each in found))


def status(verdicts: Sequence[Verdict]) -> int:
    """Return the exit status."""
    if any(verdict.vulnerable for verdict in verdicts):
        return FOUND
    return UNANSWERED if any(verdict.unjudged for verdict in verdicts) else 0


def main() -> int:
    """Print each verdict and the overall result."""
    verdicts: list[Verdict] = []
    for verdict in audit_locks(_output):
        verdicts.append(verdict)
        sys.stdout.write(f"{verdict}\n")
    words = {
        0: "Everything was judged; nothing is known to be vulnerable.",
        FOUND: "Something is known to be vulnerable: see above.",
        UNANSWERED: "Nothing is known of what was not judged: the advisory service was not reached, or does not know it.",
    }
    sys.stdout.write(f"{words[status(verdicts)]}\n")
    return status(verdicts)


def _output(command: Sequence[str], folder: Path) -> str:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, encoding="utf-8", check=False, timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout


def _json(text: str) -> dict[str, Any]:
    """Return an answer, or nothing if the tool gave up before it had one."""
    try:
        answer = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _packages(lock: str) -> int:
    return sum(
        "==" in line and not line.startswith("#")
        for line in (PROJECT / lock).read_text(encoding="utf-8").splitlines()
    )


if __name__ == "__main__":
    raise SystemExit(main())
