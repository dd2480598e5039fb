"""The committed templates of the local stage: what `make up` deploys, and the record of every change to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOCAL_ASSEMBLY: Final = Path(__file__).parent / "local"
ASSETS_FILE: Final = "assets.json"


@dataclass(frozen=True, slots=True)
class LocalAssembly:
    """What a deployer of the local stage needs.

    Attributes:
        templates: Stack name to template, in the order of deployment.
        bucket: Bucket in which the templates look for code.
        keys: Bundle group to the key of its zip in that bucket.
    """

    templates: dict[str, dict[str, object]]
    bucket: str
    keys: dict[str, str]


def read_local_assembly(folder: Path = LOCAL_ASSEMBLY) -> LocalAssembly:
    """Reads the committed templates; needs neither Node nor CDK."""
    assets = json.loads((folder / ASSETS_FILE).read_text())
    return LocalAssembly(
        templates={
            stack: json.loads((folder / f"{stack}.template.json").read_text()) for stack in assets["stacks"]
        },
        bucket=assets["bucket"],
        keys=assets["keys"],
    )
