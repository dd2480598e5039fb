"""An audit without an answer is never reported as clean."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tools.security.audit import FOUND, PYTHON_LOCKS, UNANSWERED, audit_locks, status

UNKNOWN = {"dependencies": [{"name": "uv", "skip_reason": "Dependency not found and could not be audited"}]}
SOUND = {"dependencies": [{"name": "uv", "version": "1", "vulns": []}]}
ONE_UNKNOWN = {"dependencies": [*SOUND["dependencies"], *UNKNOWN["dependencies"]]}
BAD = {"dependencies": [{"name": "uv", "version": "1", "vulns": [{"id": "PYSEC-1"}]}]}
NODE_SOUND: dict[str, Any] = {"auditReportVersion": 2, "vulnerabilities": {}}
NODE_BAD = {"auditReportVersion": 2, "vulnerabilities": {"left-pad": {"severity": "high"}}}
NODE_REFUSED = {"message": "405 Method Not Allowed", "statusCode": 405}


class FakeAuditTools:
    """Replaces pip-audit and npm."""

    def __init__(self, python: object, node: object) -> None:
        self._python, self._node = python, node
        self.commands: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str], _folder: Path) -> str:
        self.commands.append(command)
        answer = self._python if "pip_audit" in command else self._node
        return answer if isinstance(answer, str) else json.dumps(answer)


@pytest.mark.parametrize(
    ("python", "node", "wanted"),
    [
        (SOUND, NODE_SOUND, 0),
        (UNKNOWN, NODE_SOUND, UNANSWERED),
        (ONE_UNKNOWN, NODE_SOUND, UNANSWERED),
        ("", NODE_SOUND, UNANSWERED),
        ("[]", NODE_SOUND, UNANSWERED),
        (SOUND, NODE_REFUSED, UNANSWERED),
        (SOUND, "npm ERR!", UNANSWERED),
        (BAD, NODE_SOUND, FOUND),
        (BAD, NODE_REFUSED, FOUND),
        (SOUND, NODE_BAD, FOUND),
    ],
)
def test_audit_passes_only_if_every_package_was_checked_and_is_not_vulnerable(
    python: object, node: object, wanted: int
) -> None:
    assert status(list(audit_locks(FakeAuditTools(python, node)))) == wanted


def test_every_lock_is_audited_by_its_hashes_and_nothing_is_installed() -> None:
    tools = FakeAuditTools(SOUND, NODE_SOUND)
    locks = [verdict.lock for verdict in audit_locks(tools)]
    assert locks == [
        *(f"requirements/{name}.txt" for name in PYTHON_LOCKS),
        "infra/ops/deploy/cdk/package-lock.json",
    ]
    python = [command for command in tools.commands if "pip_audit" in command]
    assert all({"--require-hashes", "--disable-pip"} <= set(command) for command in python)


def test_audit_covers_every_requirements_lock(pytestconfig: pytest.Config) -> None:
    folder = pytestconfig.rootpath / "requirements"
    assert {path.stem for path in folder.glob("*.txt")} == set(PYTHON_LOCKS)


def test_unavailable_audit_service_is_queried_only_once() -> None:
    tools = FakeAuditTools(UNKNOWN, NODE_REFUSED)
    assert len(list(audit_locks(tools))) == len(tools.commands) == 2


def test_vulnerable_package_is_named_in_the_verdict() -> None:
    (first, *_) = audit_locks(FakeAuditTools(BAD, NODE_SOUND))
    assert str(first) == "requirements/uv.txt: 1 judged, 0 not, 1 vulnerable\n    uv 1: PYSEC-1"
