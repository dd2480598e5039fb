"""`python -m risk_hub_contracts.compatibility`: fail if the contract breaks its last release."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from risk_hub_contracts.compatibility.promises import contract_findings
from risk_hub_contracts.compatibility.release import RELEASED, Contract, last_release
from risk_hub_contracts.compatibility.repairs import repaired, unrepaired


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m risk_hub_contracts.compatibility", description=__doc__)
    parser.add_argument("--contracts", type=Path, default=RELEASED.parent, help="the contracts/ folder")
    parser.add_argument(
        "--events", type=Path, default=RELEASED.parents[1] / "events", help="the events/ folder"
    )
    options = parser.parse_args(arguments)
    release = last_release(options.contracts / "released")
    if release is None:
        sys.stdout.write("There is no release yet, so there is nothing to compare with.\n")
        return 0
    present = Contract.present(options.contracts, options.events)
    found = list(unrepaired(contract_findings(Contract.released(release), present), repaired(release)))
    if found:
        sys.stderr.write(
            f"{len(found)} promise(s) of contract {release.name} are broken. Keep what was released and add to it, "
            "or add a new API version; to correct a mistake, add an entry to repaired-contract.json (docs/upgrade.md).\n\n"
            + "".join(f"{finding}\n" for finding in found),
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
