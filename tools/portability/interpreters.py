"""Each Python that the project supports, in an environment made from the lock."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.portability.setting import DATED, NUMERIC, OWN_FOLDER, PROJECT, TEXTUAL, Effect, Setting

MINORS: Final = (11, 12, 13)
OLDEST: Final = "3.11"
PROBE: Final = "import sys, ensurepip, ssl, venv; print('%d.%d' % sys.version_info[:2])"
LOCK: Final = PROJECT / "requirements" / "dev.txt"


def interpreters() -> Iterator[Setting]:
    """Yield each version."""
    tests = tuple(dict.fromkeys((*NUMERIC, *DATED, *TEXTUAL)))
    for minor in MINORS:
        version = f"3.{minor}"
        python, absent = environment_of(version)
        yield Setting("Python", version, tests, is_version(version), {}, python, absent=absent)


def environment_of(version: str) -> tuple[Path, str | None]:
    """Return the interpreter of an environment with that version, or the reason it is unavailable."""
    own = Path(sys.executable)
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return own, None
    found = find_interpreter(version)
    if found is None:
        return own, f"no Python {version} with venv was found on PATH, in pyenv or in uv"
    folder = OWN_FOLDER / f"python{version}"
    command = ("sh", str(PROJECT / "requirements" / "ensure.sh"), str(folder), str(LOCK))
    done = subprocess.run(command, cwd=PROJECT, env={**os.environ, "PYTHON": str(found)}, check=False)
    return (
        folder / "bin" / "python",
        "its environment could not be made: see above" if done.returncode else None,
    )


def find_interpreter(version: str) -> Path | None:
    """Return an interpreter of that version that runs and can create environments; None if not found."""
    home = Path.home()
    candidates = [
        *(Path(folder) / f"python{version}" for folder in os.get_exec_path()),
        *sorted(
            Path(os.environ.get("PYENV_ROOT") or home / ".pyenv").glob(f"versions/{version}.*/bin/python")
        ),
        *sorted((home / ".local/share/uv/python").glob(f"cpython-{version}.*/bin/python3")),
    ]
    return next(
        (each for each in candidates if shutil.which(each) and reported_version(each) == version), None
    )


def reported_version(python: Path) -> str:
    """Return the version that a program reports; empty for one that fails, such as a shim without a version."""
    command = (str(python), "-c", PROBE)
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False).stdout.strip()


def is_version(version: str) -> Effect:
    """Return the check that a process runs on that version."""
    return lambda _without, under: under.python == version
