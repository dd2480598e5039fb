"""Build a bundle, or reuse the one built from the same lock and sources."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from infra.bundles.archive import write_zip
from infra.bundles.contents import MAX_BYTES, PROJECT, hub_files
from infra.bundles.wheels import compile_hub_code, compile_wheels, install, require_runtime_python, trim
from infra.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.bundles.contents import Bundle

BUILD_FOLDER: Final = PROJECT / ".build" / "bundles"
MANIFEST: Final = "bundle.json"
KEPT_BUILDS: Final = 3
_KEY_CHARS: Final = 16


def bundle_zip(bundle: Bundle, folder: Path = BUILD_FOLDER) -> Path:
    """Return the bundle's zip; build it only if its lock, the hub's sources or the recipe changed."""
    require_runtime_python()
    target = folder / f"{bundle.name}-{_key(bundle)}.zip"
    if not target.exists():
        build(bundle, target, wheels_folder=folder)
    return target


def build(bundle: Bundle, target: Path, *, wheels_folder: Path) -> None:
    """Build the bundle into `target`; keep the trimmed and compiled wheels in `wheels_folder`.

    Raises:
        BundleError: the running Python has another version, pip failed, or the zip is over its budget.
    """
    wheels_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=wheels_folder) as scratch:
        contents, zipped = Path(scratch) / "contents", Path(scratch) / "bundle.zip"
        assemble(bundle, contents, wheels_folder=wheels_folder)
        write_zip(contents, zipped)
        _check_size(bundle, zipped)
        target.parent.mkdir(parents=True, exist_ok=True)
        zipped.replace(target)
    _delete_old_builds(target.parent, bundle)


def assemble(bundle: Bundle, contents: Path, *, wheels_folder: Path = BUILD_FOLDER) -> None:
    """Fill the folder `contents` with the files of the bundle's zip.

    Raises:
        BundleError: the running Python has another version, or pip failed.
    """
    require_runtime_python()
    shutil.copytree(_wheels(bundle, wheels_folder), contents)
    _add_hub_code(bundle, contents)


def _wheels(bundle: Bundle, folder: Path) -> Path:
    """Return the installed wheels, made once per lock and recipe; of two concurrent builds one wins."""
    kept = folder / f"wheels-{bundle.name}-{_digest([bundle.lock, *_build_scripts()])}"
    if kept.exists():
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder))
    try:
        versions = install(bundle, scratch)
        trim(scratch)
        compile_wheels(scratch)
        _write_manifest(bundle, versions, scratch)
        if not kept.exists():
            scratch.rename(kept)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return kept


def _add_hub_code(bundle: Bundle, contents: Path) -> None:
    with tempfile.TemporaryDirectory(dir=contents.parent) as scratch:
        own = Path(scratch)
        for name, source in hub_files(bundle.group).items():
            target = own / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        compile_hub_code(own)
        shutil.copytree(own, contents, dirs_exist_ok=True)


def _delete_old_builds(folder: Path, bundle: Bundle) -> None:
    built = sorted(folder.glob(f"{bundle.name}-*.zip"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in built[KEPT_BUILDS:]:
        path.unlink(missing_ok=True)


def _write_manifest(bundle: Bundle, versions: dict[str, str], contents: Path) -> None:
    manifest = {
        "group": bundle.group,
        "architecture": bundle.architecture,
        "python": platform.python_version(),
        "lock_sha256": hashlib.sha256(bundle.lock.read_bytes()).hexdigest(),
        "distributions": versions,
    }
    (contents / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _check_size(bundle: Bundle, zipped: Path) -> None:
    size_bytes, limit_bytes = zipped.stat().st_size, MAX_BYTES[bundle.group]
    if size_bytes > limit_bytes:
        raise BundleError(
            f"bundle {bundle.name} has {size_bytes} bytes; its budget is {limit_bytes}. "
            "Check which packages were added to its lock, or exclude more files in infra/bundles/contents.py.",
        )


def _key(bundle: Bundle) -> str:
    return _digest([bundle.lock, *_build_scripts(), *hub_files(bundle.group).values()])


def _build_scripts() -> list[Path]:
    return sorted(Path(__file__).parent.glob("*.py"))


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256(platform.python_version().encode())
    for path in files:
        digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:_KEY_CHARS]
