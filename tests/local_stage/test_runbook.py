"""The commands of the runbook, run unchanged against a local stage: each once, even if several pages give it."""

import functools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping

import pytest

from infra.local.aws import LocalAws
from infra.local.bring_up import RunningStage
from infra.local.settings import REPOSITORY, LocalSettings
from infra.ops.operate import stage_access
from infra.ops.operate.cli import main
from tests.local_stage.caller import Caller, small_body
from tests.local_stage.test_guides import BLOCK, EXPECTATION

RUNBOOK = REPOSITORY / "docs" / "runbook"
WORLD = "us20"
COVARIANCE = {"ids": ["AAPL", "MSFT"], "upper": [0.0004, 0.0002, 0.0003]}
EXPECTATIONS_MIN_COUNT = 12
DEADLINE_SECONDS = 60
FAILED = re.compile(r"Usage: |No such command|no such route|command not found")


def commands() -> list[str]:
    """Return every command once, the first page's function first."""
    pages = sorted(RUNBOOK.glob("*.md"), key=lambda page: (page.name != "README.md", page.name))
    lines = [
        line
        for page in pages
        for block in BLOCK.findall(page.read_text(encoding="utf-8"))
        for line in block.splitlines()
    ]
    return list(dict.fromkeys(lines))


class Shell:
    """Run a line as a shell would; a plain `risk-hub` command in this process, since starting Python is slow."""

    def __init__(
        self, function: str, environment: Mapping[str, str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._function, self._environment, self._capsys = function, environment, capsys

    def output(self, line: str) -> str:
        first, *arguments = shlex.split(line, comments=True)
        if first != "risk-hub" or "|" in arguments:
            return self._in_bash(line)
        self._capsys.readouterr()
        main(arguments)
        printed = self._capsys.readouterr()
        return printed.out + printed.err

    def _in_bash(self, line: str) -> str:
        command = ["bash", "-c", f"{self._function}\n{line}"]
        ended = subprocess.run(
            command,
            cwd=REPOSITORY,
            env=self._environment,
            check=False,
            timeout=DEADLINE_SECONDS,
            encoding="utf-8",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return ended.stdout


@pytest.fixture
def shell(
    stage: RunningStage,
    settings: LocalSettings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Shell:
    given = {
        "PYTHON": sys.executable,
        "RISK_HUB_LOCAL_DIR": str(settings.home),
        "RISK_HUB_URL": stage.hub.url,
        "RISK_HUB_TOKEN": stage.hub.token,
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    # Creating a client takes most of a command's time.
    kept = LocalAws(stage.aws.endpoint)
    monkeypatch.setattr(kept, "client", functools.cache(kept.client))
    monkeypatch.setattr(stage_access, "clients_for", lambda _: kept)
    function, *_ = commands()
    assert function.startswith("risk-hub()")
    return Shell(function, {"PATH": os.environ["PATH"], **given}, capsys)


def test_every_command_of_the_runbook_works(hub: Caller, shell: Shell) -> None:
    assert hub.post(WORLD, small_body(covariance=COVARIANCE)).status == 201
    hub.risk(WORLD, "v1", within_seconds=DEADLINE_SECONDS)
    _, *lines = commands()
    expectations = 0
    for line in lines:
        output = shell.output(line)
        assert not FAILED.search(output), f"{line}\n{output}"
        if match := EXPECTATION.match(line):
            expectations += 1
            assert match["expected"].lower() in output.lower(), f"{line}\n{output}"
    assert expectations >= EXPECTATIONS_MIN_COUNT
