# ruff: noqa: INP001 - a script next to the locks, not in a package
"""Create an environment from a hashed lock file. Standard library only: it runs before any installation.

    python install.py FOLDER LOCK

pip installs uv, and uv installs the rest in a few seconds; both check hashes. Only what the lock lists is installed.
If uv cannot reach the package index, pip installs everything, more slowly.
"""

import ast
import fcntl
import json
import os
import shlex
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
LOCKS = REPOSITORY / ".local"
LAUNCHER_NAME = "risk-hub"
# Folders of this repository that hold importable packages.
PACKAGE_FOLDERS = (".", "contracts/src", "client/src")
# Isolated mode, so that the caller's folder and PYTHONPATH have no effect on what runs.
LAUNCHER = """#!/bin/sh
exec {python} -I -c '
import sys
sys.path[:0] = {paths}
from infra.ops.operate.cli import main
sys.exit(main())' "$@"
"""
UV_LOCK = HERE / "uv.txt"
MARK_NAME = "installed.txt"
UV_SETTING_OF = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "cert": ("SSL_CERT_FILE", " "),
}
# Any index may serve a file, as with pip: the hashes in the lock decide which files are accepted.
UV_BEHAVIOUR = {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_HTTP_TIMEOUT": "30", "UV_HTTP_RETRIES": "1"}
HASHED = ("--require-hashes", "--no-deps")


class InstallError(Exception):
    """An error message for the user."""


def main() -> int:
    """Build the environment unless it already matches the lock; return the exit status."""
    folder, lock = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()
    LOCKS.mkdir(exist_ok=True)
    with (LOCKS / f"install-{folder.name.lstrip('.')}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        try:
            if not is_current(folder, lock):
                build(folder, lock)
            write_launcher(folder)
        except (InstallError, OSError) as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


def is_current(folder: Path, lock: Path) -> bool:
    """Return whether the environment was built completely from this lock."""
    mark = folder / MARK_NAME
    return mark.is_file() and mark.read_bytes() == lock.read_bytes() and (folder / "bin" / "python").exists()


def build(folder: Path, lock: Path) -> None:
    """Build the environment from scratch; mark it as complete at the very end."""
    version = ".".join(map(str, sys.version_info[:3]))
    say(f"Creating {folder.name} with Python {version} from {lock.name} (first time only) ...")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        venv.create(folder, with_pip=True)
    except subprocess.CalledProcessError as error:
        raise InstallError(
            f"Python {version} cannot create an environment in {folder}: {error}. "
            "Install its venv and ensurepip modules, or choose another Python with PYTHON=/path/to/python3."
        ) from error
    python = folder / "bin" / "python"
    if not (install_uv(python) and install_by_uv(python, lock)):
        say("uv cannot install the packages; trying pip, which takes a minute or two ...")
        install_by_pip(python, lock)
    shutil.copyfile(lock, folder / MARK_NAME)


def write_launcher(folder: Path) -> None:
    """Write `bin/risk-hub`, which runs this repository's commands in this environment, from any folder."""
    paths = json.dumps([str(REPOSITORY / folder) for folder in PACKAGE_FOLDERS]).replace("'", "\\u0027")
    launcher = folder / "bin" / LAUNCHER_NAME
    launcher.write_text(
        LAUNCHER.format(python=shlex.quote(str(folder / "bin" / "python")), paths=paths), encoding="utf-8"
    )
    launcher.chmod(0o755)


def install_uv(python: Path) -> bool:
    """Install uv with pip, which knows the machine's package index."""
    return run([python, "-m", "pip", "install", "-qq", *HASHED, "-r", UV_LOCK])


def install_by_uv(python: Path, lock: Path) -> bool:
    """Install the lock with uv, using the index that pip is configured for."""
    say("Installing packages ...")
    environment = {**uv_settings(python), **UV_BEHAVIOUR, **os.environ}
    flags = ("--quiet", "--python", str(python), "--compile-bytecode")
    return run([python.parent / "uv", "pip", "install", *flags, *HASHED, "-r", lock], environment)


def install_by_pip(python: Path, lock: Path) -> None:
    """Install the lock with pip."""
    if not run([python, "-m", "pip", "install", "-qq", *HASHED, "-r", lock]):
        raise InstallError(
            f"pip cannot install the packages of {lock.name}; its error is above. "
            "Check the network and the package index in pip's configuration, then try again.",
        )


def uv_settings(python: Path) -> dict[str, str]:
    """Return pip's index settings as uv's variables: some machines configure pip only."""
    command = [str(python), "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)  # noqa: S603 - our own command
    settings = {}
    for line in listed.stdout.splitlines():
        key, _, value = line.partition("=")
        name, separator = UV_SETTING_OF.get(key.rpartition(".")[2], ("", ""))
        if name:
            settings[name] = separator.join(ast.literal_eval(value).split())
    return settings


def run(command: "list[str | Path]", environment: "dict[str, str] | None" = None) -> bool:
    """Run one installer command; its output goes to the terminal."""
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", **(environment or os.environ)}
    finished = subprocess.run([str(part) for part in command], env=quiet, check=False)  # noqa: S603 - our own
    return finished.returncode == 0


def say(text: str) -> None:
    """Print a progress message."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
