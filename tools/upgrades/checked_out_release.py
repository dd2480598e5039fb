"""The last release as code: taken from this repository's history, with its own templates, functions and client."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.local.assembly import read_assembly
from infra.local.install import LocalRelease
from infra.names import BundleGroup
from risk_hub_contracts.compatibility.release import last_release
from tools.upgrades.release import MANIFEST, ROOT

ASSEMBLY = Path("infra/assembly/local")
# Print the zip of one bundle group, built by the release's own rules.
ZIP_PROGRAM = (
    "import sys; from infra.local.code_zip import build_code_zip; "
    "sys.stdout.buffer.write(build_code_zip(sys.argv[1]))"
)


class HistoryError(Exception):
    """The released commit is not in this checkout; the text names the remedy."""


@dataclass(frozen=True, slots=True)
class Release:
    """A checked-out release."""

    version: str
    commit: str
    tree: Path

    def local(self) -> LocalRelease:
        """Return the files that its deployment puts on the emulator."""
        return LocalRelease(read_assembly(self.tree / ASSEMBLY), self._code_zip)

    def environment(self) -> dict[str, str]:
        """Return the environment in which a program runs with this release's contracts and client."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        # Release 1.0.0 has the client in its contracts; later releases have a package for it.
        folders = (self.tree / "contracts" / "src", self.tree / "client" / "src")
        return {**kept, "PYTHONPATH": ":".join(map(str, folders))}

    def environment_of_code(self) -> dict[str, str]:
        """Return the environment in which a program runs with all code of this release."""
        environment = self.environment()
        return environment | {"PYTHONPATH": f"{self.tree}:{environment['PYTHONPATH']}"}

    def _code_zip(self, group: BundleGroup) -> bytes:
        command = (sys.executable, "-c", ZIP_PROGRAM, group)
        environment = self.environment_of_code()
        return subprocess.run(command, cwd=self.tree, env=environment, check=True, capture_output=True).stdout


def check_out_last_release(folder: Path) -> Release:
    """Write the code of the last release into a folder.

    Raises:
        HistoryError: nothing was released, or the commit is not in this checkout's history.
    """
    released = last_release()
    if released is None:
        raise HistoryError("There is no release yet: the folder contracts/released/ does not exist.")
    commit = json.loads((released / MANIFEST).read_text(encoding="utf-8"))["commit"]
    archive = subprocess.run(("git", "archive", commit), cwd=ROOT, check=False, capture_output=True)
    if archive.returncode:
        raise HistoryError(
            f"Release {released.name} is commit {commit}, which is not in this checkout. "
            "If the clone is shallow, run `git fetch --unshallow`."
        )
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(("tar", "-x", "-C", folder), input=archive.stdout, check=True)
    return Release(released.name, commit, folder)
