"""One assembly: built once from a commit, identified by its digest, deployed with the tested files."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from infra.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT: Final = Path(__file__).resolve().parents[3]
ASSEMBLIES: Final = PROJECT / ".build" / "assembly"
RECORD_FILE: Final = "risk-hub.json"
CHANGED_SUFFIX: Final = "-changed"
TEST_FOLDER: Final = "tests/infra"
TESTED_ASSEMBLY_VARIABLE: Final = "RISK_HUB_ASSEMBLY"
PASSED_TESTS: Final = re.compile(r"\b([1-9]\d*) passed")


@dataclass(frozen=True, slots=True)
class Record:
    """Record of an assembly, stored next to the templates and not part of the digest.

    Attributes:
        stage: deployment stage.
        given: context given to the build, as in `-c key=value`.
        commit: commit of the build; ends in `-changed` if the tree differed from that commit.
        digest: SHA-256 over names and bytes of all its files.
        tests_passed: number of template tests that passed on these files; 0 before they ran.
    """

    stage: str
    given: dict[str, str]
    commit: str
    digest: str
    tests_passed: int = 0


def build(stage: str, given: Mapping[str, str], folder: Path) -> Record:
    """Synthesize a stage with built bundles into `folder`, which is emptied first.

    Raises:
        DeployError: the stage cannot be synthesized with the given context.
    """
    shutil.rmtree(folder, ignore_errors=True)
    context = [f"{key}={value}" for key, value in {"stage": stage, **given}.items()]
    command = [sys.executable, "-m", "infra.cdk.app", *(part for pair in context for part in ("-c", pair))]
    done = subprocess.run(  # noqa: S603 - our own app
        command,
        cwd=PROJECT,
        env={**_environment(), "CDK_OUTDIR": str(folder)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise DeployError(f"Stage {stage!r} could not be synthesized.\n{done.stderr.strip() or done.stdout}")
    record = Record(stage, dict(given), _commit(), assembly_digest(folder))
    _write(folder, record)
    return record


def run_template_tests(folder: Path) -> Record:
    """Run the template tests on exactly these files and record that they passed.

    Raises:
        DeployError: a test failed; the output says which.
    """
    record = read(folder)
    done = subprocess.run(  # noqa: S603 - our own tests
        [sys.executable, "-m", "pytest", "-q", "-n", "0", TEST_FOLDER],
        cwd=PROJECT,
        env={**_environment(), TESTED_ASSEMBLY_VARIABLE: str(folder)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    passed = PASSED_TESTS.search(done.stdout)
    if done.returncode or passed is None:
        raise DeployError(f"The assembly does not pass its tests, so it is not deployed.\n{done.stdout}")
    tested = replace(record, tests_passed=int(passed.group(1)))
    _write(folder, tested)
    return tested


def read(folder: Path) -> Record:
    """Return the record of an assembly after checking that its files match the record.

    Raises:
        DeployError: there is no assembly, or a file changed after the build.
    """
    try:
        document: dict[str, Any] = json.loads((folder / RECORD_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DeployError(
            f"{folder} does not contain an assembly. Build one: make assembly STAGE=..."
        ) from None
    record = Record(**document)
    if assembly_digest(folder) != record.digest:
        raise DeployError(
            f"{folder} is not the assembly that was built and tested: a file changed. Build it again."
        )
    return record


def assembly_digest(folder: Path) -> str:
    """Return the SHA-256 (hex) over names and bytes of an assembly's files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != RECORD_FILE):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _write(folder: Path, record: Record) -> None:
    (folder / RECORD_FILE).write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'contracts' / 'src'}"}


def _commit() -> str:
    """Return the commit of the tree, or `unknown` without git."""
    commit = _git("rev-parse", "HEAD")
    return (commit + (CHANGED_SUFFIX if _git("status", "--porcelain") else "")) if commit else "unknown"


def _git(*arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    done = subprocess.run([git, *arguments], cwd=PROJECT, capture_output=True, encoding="utf-8", check=False)  # noqa: S603 - fixed arguments
    return done.stdout.strip()
