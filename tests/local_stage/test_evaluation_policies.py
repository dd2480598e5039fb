"""Evaluation policies on the local stage: import, put, activation by another subject, and the reads."""

import hashlib
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from infra.local.bring_up import RunningStage
from infra.local.settings import REPOSITORY
from infra.tokens.register import TokenRegister
from risk_hub_contracts.base.limits import TOKEN_CACHE_MAX_AGE_SECONDS
from risk_hub_contracts.base.tokens import Token
from tests.fakes.calls import call
from tests.local_stage.caller import new_world

DEPLOYED = """
validation_profiles:
  strict:
    performance: {sharpe_min: 0.8, max_dd_max: 0.25}
    robustness: {dsr_min: 0.9}
default_profile_by_stage: {paper_only: strict}
"""
PROGRAM = (
    "import sys; from risk_hub_client.cli.app import build_app, run; sys.exit(run(build_app(), sys.argv[1:]))"
)
SUBJECTS = ("kim", "lee")


@pytest.fixture
def tokens(stage: RunningStage) -> Iterator[dict[str, str]]:
    """Two people with a token each, for the duration of one test."""
    given = {subject: f"rsh_{secrets.token_urlsafe(32)}" for subject in SUBJECTS}
    entries = [
        Token(
            id=f"{subject}-policies",
            sha256=hashlib.sha256(token.encode()).hexdigest(),
            scopes=["evaluations:read", "evaluations:write", "policies:write"],
            actors=[subject],
            subject=subject,
        )
        for subject, token in given.items()
    ]
    register = TokenRegister(stage.aws.client("secretsmanager"), stage.deployment.outputs["TokensSecretArn"])

    def add(listed: Sequence[Token]) -> Sequence[Token]:
        return [*listed, *entries]

    def remove(listed: Sequence[Token]) -> Sequence[Token]:
        return [each for each in listed if each not in entries]

    register.change(add)
    try:
        yield given
    finally:
        register.change(remove)


class Shell:
    """`risk-hub policy` as one person runs it."""

    def __init__(self, stage: RunningStage, token: str, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PYTHONPATH": f"{REPOSITORY}/contracts/src:{REPOSITORY}/client/src",
            "PATH": "/usr/bin:/bin",
            "RISK_HUB_URL": stage.hub.url,
            "RISK_HUB_TOKEN": token,
        }

    def __call__(self, *arguments: str, status: int = 0) -> Any:
        command = [sys.executable, "-c", PROGRAM, "policy", *arguments, "--json"]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout)


def wait_until_accepted(stage: RunningStage, tokens: Iterable[str]) -> None:
    """Wait until the function knows new tokens: a process keeps the list for a minute."""
    deadline = time.monotonic() + TOKEN_CACHE_MAX_AGE_SECONDS + 10
    for token in tokens:
        headers = {"Authorization": f"Bearer {token}"}
        while (status := call("GET", f"{stage.hub.url}/risk-hub/policies?limit=1", headers).status) != 200:
            assert status == 401
            assert time.monotonic() < deadline
            time.sleep(1)


def test_imported_policy_is_stored_activated_by_another_subject_and_read_back(
    stage: RunningStage, tokens: dict[str, str], tmp_path: Path
) -> None:
    kim, lee = (Shell(stage, tokens[subject], tmp_path) for subject in SUBJECTS)
    wait_until_accepted(stage, tokens.values())
    policy_id, world = f"policy-{secrets.token_hex(4)}", new_world()
    (tmp_path / "deployed.yaml").write_text(DEPLOYED, encoding="utf-8")
    imported = kim("import", "deployed.yaml", "--id", policy_id, "--out", "policy.yaml")
    stored = kim("put", "policy.yaml")
    assert stored["policy_hash"] == imported["policy_hash"]
    assert kim("put", "policy.yaml") == stored
    refused = kim("activate", world, policy_id, "1", "--reason", "first policy", status=1)
    assert refused["type"].endswith(":second-subject-required")
    activated = lee("activate", world, policy_id, "1", "--reason", "first policy")
    assert (activated["stored_by"], activated["activated_by"]) == SUBJECTS
    assert kim("active", world) == activated
    assert kim("history", world) == [activated]
    assert kim("show", policy_id, "1")["policy"] == imported["policy"]
    assert [each["version"] for each in kim("list", policy_id)] == ["1"]
