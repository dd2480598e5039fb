"""The committed assembly: the templates as synthesized, and the S3 locations of the code."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from infra.assembly import ASSETS_FILE, LOCAL_ASSEMBLY
from infra.errors import LocalStageError
from infra.names import LOCAL_STAGE, BundleGroup, stack_name

TEMPLATE_SUFFIX: Final = ".template.json"


@dataclass(frozen=True, slots=True)
class Template:
    """One stack: its name and its template, byte for byte as committed."""

    stack_name: str
    body: str

    def resources(self, resource_type: str) -> dict[str, dict[str, Any]]:
        """Return logical id -> properties of every resource of a type."""
        return {
            logical_id: resource.get("Properties", {})
            for logical_id, resource in json.loads(self.body)["Resources"].items()
            if resource["Type"] == resource_type
        }

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """Return the parameters that the template declares."""
        return cast("dict[str, dict[str, Any]]", json.loads(self.body).get("Parameters", {}))


@dataclass(frozen=True, slots=True)
class Assembly:
    """The assembly committed by `make synth`: stacks in order, and the S3 locations of the code."""

    templates: tuple[Template, ...]
    asset_bucket: str
    asset_keys: dict[BundleGroup, str]


def read_assembly(folder: Path = LOCAL_ASSEMBLY) -> Assembly:
    """Read the committed assembly.

    Raises:
        LocalStageError: a file is missing; the checkout is incomplete.
    """
    try:
        assets = json.loads((folder / ASSETS_FILE).read_text(encoding="utf-8"))
        templates = tuple(_template(folder, name) for name in assets["stacks"])
    except FileNotFoundError as error:
        raise LocalStageError(
            f"{error.filename} is missing. It is committed: restore it, or run `make synth`.",
        ) from error
    return Assembly(templates, assets["bucket"], assets["keys"])


def read_operations(folder: Path = LOCAL_ASSEMBLY) -> Template:
    """Read the template of the operations stack, which is not deployed, for its alarms and dashboards.

    Raises:
        LocalStageError: the file is missing; the checkout is incomplete.
    """
    try:
        return _template(folder, stack_name(LOCAL_STAGE, "operations"))
    except FileNotFoundError as error:
        raise LocalStageError(f"{error.filename} is missing. It is committed: restore it.") from error


def _template(folder: Path, name: str) -> Template:
    return Template(name, (folder / f"{name}{TEMPLATE_SUFFIX}").read_text(encoding="utf-8"))
