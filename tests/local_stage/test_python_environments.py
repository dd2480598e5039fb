"""A fresh clone finds a working Python and matches the lock; each obstacle is reported in one sentence."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.settings import REPOSITORY

REQUIREMENTS = REPOSITORY / "requirements"
# A script next to the locks, not a package; and a library uses the folder's name.
INSTALL = runpy.run_path(str(REQUIREMENTS / "install.py"))
MARK_NAME = INSTALL["MARK_NAME"]
TOOLS = ("sh", "sort", "tr", "dirname", "cmp")
WORKING = f'exec "{sys.executable}" "$@"'
BROKEN_SHIM = 'echo "pyenv: python: command not found" >&2; exit 127'
TOO_OLD = '[ "$1" = --version ] && echo "Python 3.6.15"; exit 1'


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder that is the whole PATH: a few tools, no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(next(path for path in places(tool) if path.exists()))
    return folder


def places(tool: str) -> list[Path]:
    return [Path(folder) / tool for folder in os.environ["PATH"].split(os.pathsep)]


def program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    file.chmod(0o755)
    return file


def run(
    script: str, *arguments: object, path: object, **environment: str
) -> "subprocess.CompletedProcess[str]":
    command = ["sh", str(REQUIREMENTS / script), *map(str, arguments)]
    variables = {"PATH": str(path), "HOME": "/nonexistent", **environment}
    return subprocess.run(command, env=variables, capture_output=True, encoding="utf-8", check=False)


def test_failing_shim_does_not_hide_a_working_python(programs: Path, tmp_path: Path) -> None:
    program(programs, "python3.13", BROKEN_SHIM)
    program(programs, "python3", BROKEN_SHIM)
    program(tmp_path / "later", "python3.13", WORKING)
    found = run("find_python.sh", path=f"{programs}:{tmp_path / 'later'}")
    assert (found.returncode, found.stdout.strip()) == (0, sys.executable)


def test_any_sufficiently_new_python_is_accepted(programs: Path) -> None:
    program(programs, "python", WORKING)
    assert run("find_python.sh", path=programs).stdout.strip() == sys.executable


def test_pyenvs_versions_are_found_behind_its_shims(programs: Path, tmp_path: Path) -> None:
    version = tmp_path / "pyenv" / "versions" / "3.12.9" / "bin"
    version.mkdir(parents=True)
    program(version, "python", WORKING)
    found = run("find_python.sh", path=programs, PYENV_ROOT=str(tmp_path / "pyenv"))
    assert found.stdout.strip() == sys.executable


def test_missing_python_is_reported_with_the_version_to_install(programs: Path) -> None:
    found = run("find_python.sh", path=programs)
    assert found.returncode == 1
    assert "found: none" in found.stderr
    assert "Install Python 3.13" in found.stderr


def test_too_old_python_is_reported_with_its_version(programs: Path) -> None:
    program(programs, "python3", TOO_OLD)
    found = run("find_python.sh", path=programs)
    assert found.returncode == 1
    assert "Python 3.6.15" in found.stderr


@pytest.mark.parametrize("script", [BROKEN_SHIM, TOO_OLD])
def test_unusable_chosen_python_is_rejected(programs: Path, tmp_path: Path, script: str) -> None:
    program(programs, "python3", WORKING)
    chosen = program(tmp_path / "chosen", "python3", script)
    found = run("find_python.sh", path=programs, PYTHON=str(chosen))
    assert found.returncode == 1
    assert f"PYTHON={chosen}" in found.stderr


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """An environment made from the `lock.txt` next to it."""
    folder = tmp_path / "venv"
    program_folder = folder / "bin"
    program_folder.mkdir(parents=True)
    program(program_folder, "python", WORKING)
    INSTALL["write_launcher"](folder)
    for file in (folder / MARK_NAME, tmp_path / "lock.txt"):
        file.write_text("same==1 --hash=sha256:00\n", encoding="ascii")
    return folder


def test_environment_matching_its_lock_is_not_reinstalled(
    environment: Path, tmp_path: Path, programs: Path
) -> None:
    ensured = run("ensure.sh", environment, tmp_path / "lock.txt", path=programs)
    assert (ensured.returncode, ensured.stdout, ensured.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "damage", ["other lock", "interrupted", "python gone", "python broken", "launcher gone"]
)
def test_outdated_or_damaged_environment_is_recreated(
    environment: Path, tmp_path: Path, programs: Path, damage: str
) -> None:
    if damage == "other lock":
        (tmp_path / "lock.txt").write_text("other==1\n", encoding="ascii")
    elif damage == "interrupted":
        (environment / MARK_NAME).unlink()
    elif damage == "python gone":
        (environment / "bin" / "python").unlink()
    elif damage == "launcher gone":
        (environment / "bin" / "risk-hub").unlink()
    else:
        program(environment / "bin", "python", BROKEN_SHIM)
    installer = program(tmp_path / "base", "python", f'[ "$1" = -B ] && echo making "$3" && exit; {WORKING}')
    program(tmp_path / "base", "python3.13", f'[ "$1" = -c ] && echo "{installer}"')
    ensured = run("ensure.sh", environment, tmp_path / "lock.txt", path=f"{programs}:{tmp_path / 'base'}")
    assert ensured.stdout.strip() == f"making {environment}"


def test_installation_without_its_marker_file_is_not_current(environment: Path, tmp_path: Path) -> None:
    assert INSTALL["is_current"](environment, tmp_path / "lock.txt")
    (environment / MARK_NAME).unlink()
    assert not INSTALL["is_current"](environment, tmp_path / "lock.txt")


def test_the_launcher_runs_every_command_from_any_folder(tmp_path: Path) -> None:
    (tmp_path / "an environment" / "bin").mkdir(parents=True)
    program(tmp_path / "an environment" / "bin", "python", WORKING)
    INSTALL["write_launcher"](tmp_path / "an environment")
    command = [str(tmp_path / "an environment" / "bin" / "risk-hub"), "--help"]
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": "/nonexistent"}
    helped = subprocess.run(
        command, cwd=tmp_path, env=variables, capture_output=True, encoding="utf-8", check=False
    )
    assert (helped.returncode, helped.stderr) == (0, "")
    assert {"lint", "queues", "events"} <= set(helped.stdout.split())


def test_uv_uses_the_package_index_of_pip(tmp_path: Path) -> None:
    reported = (
        r"""printf '%s\n' "global.index-url='https://index.example/simple'" "global.find-links='/a\n/b'" """
    )
    python = program(tmp_path / "bin", "python", reported)
    assert INSTALL["uv_settings"](python) == {
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "UV_FIND_LINKS": "/a,/b",
    }


def test_incomplete_environment_is_reported_without_a_traceback() -> None:
    paths = os.pathsep.join(str(REPOSITORY / folder) for folder in (".", "contracts/src", "client/src"))
    without_libraries = [sys.executable, "-S", "-m", "infra.local", "status"]
    finished = subprocess.run(
        without_libraries, env={"PYTHONPATH": paths}, capture_output=True, encoding="utf-8", check=False
    )
    assert finished.returncode != 0
    assert "Traceback" not in finished.stderr
    assert "is incomplete" in finished.stderr


@pytest.mark.parametrize("lock", sorted(REQUIREMENTS.glob("*.txt")), ids=lambda lock: str(lock.name))
def test_lock_file_hashes_every_package_and_names_no_index(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    pinned = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert pinned
    assert all("==" in line and line.endswith("\\") for line in pinned)
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_runtime_locks_are_subsets_of_the_dev_lock() -> None:
    seen = set(pins("dev"))
    assert set(pins("local")) <= seen
    assert set(pins("risk")) <= seen
    assert set(pins("hub")) <= seen
    assert set(pins("uv")) <= seen


def pins(name: str) -> list[str]:
    lines = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line.split()[0] for line in lines if "==" in line]
