"""Manifest of a save: size and SHA-256 of every file, and a checksum of the manifest itself."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

MANIFEST_NAME: Final = "manifest.json"


class DamagedSaveError(Exception):
    """A save differs from its manifest; the text names the file and the difference."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Size and digest of a file when it was saved."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A save: the deployed fingerprint, the time (RFC 3339), and its files by relative path."""

    fingerprint: str
    saved_at: str
    files: Mapping[str, FileFacts]

    def text(self) -> str:
        """Return the manifest as JSON, with its own checksum."""
        content = asdict(self)
        return json.dumps({"sha256": _checksum(content), "content": content}, indent=1, sort_keys=True)


def file_facts(file: Path) -> FileFacts:
    """Read a file and return its size and SHA-256."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
        return FileFacts(opened.tell(), digest)


def read_manifest(save: Path) -> Manifest:
    """Read the manifest of a save.

    Raises:
        DamagedSaveError: it is missing, is not JSON, or does not match its checksum.
    """
    file = save / MANIFEST_NAME
    try:
        document = json.loads(file.read_bytes())
        content: dict[str, Any] = document["content"]
        if _checksum(content) != document["sha256"]:
            raise DamagedSaveError(f"{file} does not match its checksum")
        files = {name: FileFacts(**facts) for name, facts in content["files"].items()}
        return Manifest(content["fingerprint"], content["saved_at"], files)
    except OSError as error:
        raise DamagedSaveError(f"{file} cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedSaveError(f"{file} is not a manifest ({type(error).__name__})") from error


def verify(save: Path, manifest: Manifest) -> None:
    """Compare every file of a save with its manifest.

    Raises:
        DamagedSaveError: a file differs; the text names the first one and how many there are.
    """
    damages = list(_damages(save, manifest))
    if damages:
        more = f" (and {len(damages) - 1} more files)" if len(damages) > 1 else ""
        raise DamagedSaveError(damages[0] + more)


def _damages(save: Path, manifest: Manifest) -> Iterator[str]:
    for name, wanted in manifest.files.items():
        file = save / name
        try:
            found = file_facts(file)
        except OSError as error:
            yield f"{file} cannot be read ({error.strerror})"
            continue
        if found.size_bytes != wanted.size_bytes:
            yield f"{file} has {found.size_bytes:,} bytes; {wanted.size_bytes:,} were saved"
        elif found.sha256 != wanted.sha256:
            yield f"{file} has SHA-256 {found.sha256[:16]}...; {wanted.sha256[:16]}... was saved"


def _checksum(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
