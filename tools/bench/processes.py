"""Fresh processes from the sources or the built bundle, run in turn so that machine load affects all alike."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.bundles.contents import PROJECT

Figures = Mapping[str, float]
PROCESSES = 9


def best_of(commands: Mapping[str, Sequence[str]], rounds: int = PROCESSES) -> dict[str, Figures]:
    """Return the minimum of each figure that each command printed."""
    runs = [{name: figures(command) for name, command in commands.items()} for _ in range(rounds)]
    return {
        name: {figure: min(run[name][figure] for run in runs) for figure in runs[0][name]}
        for name in commands
    }


def from_source(what: str, kind: str) -> list[str]:
    """Return the command that runs a module here in the environment as installed."""
    return [sys.executable, "-m", f"tools.bench.{what}", kind]


def from_bundle(what: str, kind: str, bundle: Path) -> list[str]:
    """Return the command that runs `main` of a module here with only the bundle's libraries."""
    code = (
        f"import sys; sys.path[:0] = [{str(bundle)!r}]; from tools.bench.{what} import main; main({kind!r})"
    )
    return [sys.executable, "-S", "-c", code]


def figures(command: Sequence[str]) -> Any:
    """Return a command's output, run without this shell's settings and with a fixed order of sets."""
    environment = {"PYTHONHASHSEED": "0"}
    if "-S" not in command:
        environment["PYTHONPATH"] = ":".join(
            str(PROJECT / each) for each in ("", "contracts/src", "client/src")
        )
    return json.loads(subprocess.check_output(command, cwd=PROJECT, env=environment))
