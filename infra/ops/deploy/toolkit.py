"""The CDK command line in the locked version, on the Node that the requirements lock."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from infra.errors import DeployError
from infra.locked_node import locked_npm, use_locked_node
from infra.ops.deploy.assembly import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCK_FOLDER: Final = Path(__file__).parent / "cdk"
INSTALL_FOLDER: Final = PROJECT / ".build" / "cdk"
LOCK_FILES: Final = ("package.json", "package-lock.json")
PROGRAM: Final = Path("node_modules", "aws-cdk", "bin", "cdk")
# No telemetry, and no check for a newer version.
QUIET_ENVIRONMENT: Final = {"CDK_DISABLE_VERSION_CHECK": "1", "CDK_DISABLE_CLI_TELEMETRY": "true"}
OPTIONS: Final = ("--no-notices", "--ci")
ERROR_LINES_SHOWN: Final = 15


class Toolkit:
    """Run `cdk` on one assembly."""

    def __init__(self, assembly: Path, environment: Mapping[str, str] = os.environ) -> None:
        self._assembly = assembly
        self._environment = {**environment, **QUIET_ENVIRONMENT}

    def run(self, verb: str, *arguments: str) -> None:
        """Run one command of the CLI with its output on this process's output.

        Raises:
            DeployError: the CLI ended with a status other than 0, after printing the reason.
        """
        command = [
            _node(),
            str(install() / PROGRAM),
            verb,
            *arguments,
            "--app",
            str(self._assembly),
            *OPTIONS,
        ]
        done = subprocess.run(command, cwd=PROJECT, env=self._environment, check=False)  # noqa: S603 - the pinned CLI
        if done.returncode:
            raise DeployError(f"cdk {verb} did not succeed (status {done.returncode}); its output is above.")


def install(folder: Path = INSTALL_FOLDER) -> Path:
    """Return the folder of the CLI; install the locked version if it is missing.

    Raises:
        DeployError: npm could not install it.
    """
    if (
        all(_same_content(LOCK_FOLDER / name, folder / name) for name in LOCK_FILES)
        and (folder / PROGRAM).exists()
    ):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in LOCK_FILES:
        shutil.copyfile(LOCK_FOLDER / name, folder / name)
    command = [
        _node(),
        str(locked_npm()),
        "ci",
        "--no-audit",
        "--no-fund",
        "--omit-lockfile-registry-resolved",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)  # noqa: S603 - the locked npm
    if done.returncode:
        error_lines = "\n".join(done.stderr.splitlines()[-ERROR_LINES_SHOWN:])
        shutil.rmtree(folder, ignore_errors=True)
        raise DeployError(
            f"npm could not install the CDK command line; is your registry reachable?\n{error_lines}"
        )
    return folder


def _node() -> str:
    use_locked_node()
    return os.environ["JSII_NODE"]


def _same_content(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()
