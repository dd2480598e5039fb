"""`make release`: freeze the contract, its wire and its stored records as contracts/released/<version>/.

The version is the contract's own (`risk_hub_contracts.__version__`), and follows from the changes since the
last release: a break is refused, an addition is a minor version, no visible change is a patch. The first
release may have any version.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

from risk_hub_contracts import __version__
from risk_hub_contracts.api.generate import differences, generated_files
from risk_hub_contracts.compatibility.promises import contract_findings
from risk_hub_contracts.compatibility.release import RELEASED, Contract, last_release, version_of
from risk_hub_contracts.compatibility.repairs import repaired, unrepaired
from tools.upgrades.recorder import record
from tools.upgrades.wire import Wire

ROOT: Final = Path(__file__).parents[2]
MANIFEST: Final = "manifest.json"


class ReleaseError(Exception):
    """The tree cannot be released in its present state; the text names the reason and the remedy."""


def minimum_version(last: Path | None, present: Contract) -> tuple[int, ...]:
    """Return the lowest version under which a contract may be released.

    Raises:
        ReleaseError: the contract removes or changes what the last release has.
    """
    if last is None:
        return (0, 0, 0)
    released = Contract.released(last)
    broken = list(map(str, unrepaired(contract_findings(released, present), repaired(last))))
    if broken:
        raise ReleaseError("\n".join(("This breaks what was released:", *broken)))
    major, minor, patch = version_of(last.name)
    return (
        (major, minor, patch + 1)
        if _unversioned(released) == _unversioned(present)
        else (major, minor + 1, 0)
    )


def _unversioned(contract: Contract) -> Any:
    """Return the content of a contract without the version in its documents."""
    text = json.dumps([contract.openapi | {"info": None}, contract.schemas, contract.events, contract.limits])
    documents = json.loads(text)
    for schema in documents[1].values():
        schema.pop("$id", None)
    return documents, contract.problems, contract.examples, contract.metrics


def manifest(commit: str) -> dict[str, str]:
    """Return the description of a release: its versions, and the commit of its code."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"contract": __version__, "hub": project["version"], "commit": commit}


def check_generated(version: str, contracts: Path = ROOT / "contracts") -> None:
    """Check that the generated files and the changelog name the version.

    Raises:
        ReleaseError: they do not.
    """
    if list(differences(contracts, generated_files())):
        raise ReleaseError(
            "The generated files are not what the models say. Run `make contracts`, and commit."
        )
    if f"## [{version}]" not in (contracts / "CHANGELOG.md").read_text(encoding="utf-8"):
        raise ReleaseError(f"contracts/CHANGELOG.md has no section [{version}]: give Unreleased that number.")


def clean_commit() -> str:
    """Return the commit of the working tree.

    Raises:
        ReleaseError: the tree has uncommitted changes.
    """
    if _git("status", "--porcelain"):
        raise ReleaseError(
            "The working tree has changes. A release names the commit whose code it is: commit first."
        )
    return _git("rev-parse", "HEAD")


def release() -> Path:
    """Freeze the present contract; return the new folder.

    Raises:
        ReleaseError: the tree cannot be released as it is.
    """
    present = Contract.present(ROOT / "contracts", ROOT / "events")
    least = minimum_version(last_release(), present)
    if version_of(__version__) < least:
        text = ".".join(map(str, least))
        raise ReleaseError(
            f"The contract is at {__version__} and must be released as {text} or later: set `__version__` in "
            "contracts/src/risk_hub_contracts/__init__.py and `version` in contracts/pyproject.toml, give the section "
            "Unreleased of contracts/CHANGELOG.md that number, run `make contracts`, and commit."
        )
    check_generated(__version__)
    folder, commit = RELEASED / __version__, clean_commit()
    present.freeze(folder)
    Wire.of(record()).write(folder)
    (folder / MANIFEST).write_text(json.dumps(manifest(commit), indent=2) + "\n", encoding="utf-8")
    return folder


def _git(*arguments: str) -> str:
    done = subprocess.run(("git", *arguments), cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
    return done.stdout.strip()


def main() -> int:
    """Run the command; return its exit status."""
    try:
        folder = release()
    except ReleaseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Frozen in {folder.relative_to(ROOT)}. Look at it and commit it.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
