"""Locked wheels of a bundle, installed for the function's platform, trimmed and compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from infra.bundles.aws_models import trim_models
from infra.bundles.contents import PYTHON, WHEEL_MACHINE, WHEEL_PLATFORMS, is_unused
from infra.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

    from infra.bundles.contents import Bundle

PIP_TIMEOUT_SECONDS: Final = 600


def require_runtime_python() -> None:
    """Check that this Python has the functions' version, which the bundles' bytecode needs.

    Raises:
        BundleError: the running Python has another version.
    """
    if sys.version_info[:2] != PYTHON:
        wanted, running = (".".join(map(str, version)) for version in (PYTHON, sys.version_info[:2]))
        raise BundleError(
            f"bundles are compiled for Python {wanted}, this is {running}: run python{wanted} -m infra.bundles",
        )


def install(bundle: Bundle, target: Path) -> dict[str, str]:
    """Install the locked wheels for the bundle's platform; pip considers no other version.

    Returns:
        Distribution to version, for the manifest.

    Raises:
        BundleError: pip failed: no package index is reachable, or the lock does not name a wheel.
    """
    platforms = [f"--platform={tag}_{WHEEL_MACHINE[bundle.architecture]}" for tag in WHEEL_PLATFORMS]
    answer = subprocess.run(  # noqa: S603 - our own interpreter and lock
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"),
            *("--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "--no-warn-conflicts"),
            *("--implementation=cp", f"--python-version={'.'.join(map(str, PYTHON))}", *platforms),
            *("--target", str(target), "--requirement", str(bundle.lock)),
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=PIP_TIMEOUT_SECONDS,
        check=False,
    )
    if answer.returncode != os.EX_OK:
        raise BundleError(
            f"pip could not install {bundle.lock.name} for {bundle.architecture} "
            f"(it needs a package index or a warm cache):\n{answer.stderr.strip()}",
        )
    return _versions(target)


def trim(target: Path) -> None:
    """Remove files that no function imports, and botocore's models of operations that no function calls."""
    trim_models(target / "botocore" / "data")
    for path in sorted(target.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif is_unused(path.relative_to(target).as_posix()):
            path.unlink()


def compile_wheels(target: Path) -> None:
    """Replace each source by its bytecode: the sources would be a fifth of the bundle.

    Raises:
        BundleError: a source does not compile.
    """
    _compile(target, "-b", "-o2")
    for source in target.rglob("*.py"):
        source.unlink()


def compile_hub_code(target: Path) -> None:
    """Add bytecode next to each source; the sources stay, so that stack traces in the log show their lines.

    Raises:
        BundleError: a source does not compile.
    """
    _compile(target)


def _compile(target: Path, *options: str) -> None:
    """Compile to bytecode that Python loads without comparing it with the source.

    File dates in Lambda are meaningless and its code folder is read-only: bytecode checked by date would be
    stale, and would be compiled again on each cold start.
    """
    answer = subprocess.run(  # noqa: S603 - our own interpreter
        [
            *(
                sys.executable,
                "-m",
                "compileall",
                "-q",
                "-j1",
                "--invalidation-mode=unchecked-hash",
                *options,
            ),
            *("-s", str(target), str(target)),
        ],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONHASHSEED": "0"},
        check=False,
    )
    if answer.returncode != os.EX_OK:
        raise BundleError(f"compiling {target.name} failed:\n{answer.stdout}{answer.stderr}")


def _versions(target: Path) -> dict[str, str]:
    stems = (path.name.removesuffix(".dist-info") for path in sorted(target.glob("*.dist-info")))
    return dict(stem.rsplit("-", maxsplit=1) for stem in stems)
