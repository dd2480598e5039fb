"""Write the committed templates of the local stage, or check that they match the code.

`python -m infra.cdk.synth_local` writes `infra/assembly/local/`; with `--check` it only compares, and fails if
the files differ.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from infra import names
from infra.assembly import ASSETS_FILE, LOCAL_ASSEMBLY
from infra.cdk.constructs.function_code import placeholder_code
from infra.cdk.stacks.hub import add_hub, new_app
from infra.context_values import resolve_environment
from infra.functions import BUNDLE_OF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import cx_api

_DEPLOYED_LOCALLY: tuple[names.StackPart, ...] = ("data", "service")
# The emulator cannot evaluate these alarms; the local stage evaluates them from the template.
_READ_LOCALLY: tuple[names.StackPart, ...] = ("operations",)


def local_files(**given: str) -> dict[str, str]:
    """Synthesize the local stage; return file name in the committed folder to text.

    Args:
        given: values of the stage by the names of `CONTEXT_KEYS`; the committed files are made without any.
    """
    with tempfile.TemporaryDirectory() as folder:
        app = new_app(Path(folder) / "cdk.out")
        add_hub(app, resolve_environment("local", **given), placeholder_code(Path(folder)))
        assembly = app.synth()
        stacks = [names.stack_name("local", part) for part in _DEPLOYED_LOCALLY]
        read = [names.stack_name("local", part) for part in _READ_LOCALLY]
        files = {f"{stack}.template.json": _template(assembly, stack) for stack in (*stacks, *read)}
        files[ASSETS_FILE] = _json({"stacks": stacks, **_assets(assembly)})
    return files


def differences(files: dict[str, str], folder: Path = LOCAL_ASSEMBLY) -> list[str]:
    """Return unified differences between the committed files and these; empty if they are equal."""
    lines: list[str] = []
    for name, text in files.items():
        path = folder / name
        committed = path.read_text(encoding="utf-8") if path.exists() else ""
        lines += difflib.unified_diff(
            committed.splitlines(),
            text.splitlines(),
            f"committed/{name}",
            f"synthesized/{name}",
            lineterm="",
        )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the files; return 0, or 1 if `--check` finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m infra.cdk.synth_local", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; fail with a difference")
    check = parser.parse_args(arguments).check
    files = local_files()
    lines = differences(files)
    if check:
        return _report(lines)
    LOCAL_ASSEMBLY.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (LOCAL_ASSEMBLY / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{LOCAL_ASSEMBLY.name}: {'changed' if lines else 'no change'}\n")
    return os.EX_OK


def _report(lines: list[str]) -> int:
    if not lines:
        return os.EX_OK
    sys.stderr.write(
        "\n".join([*lines, "", "The local templates are out of date: python -m infra.cdk.synth_local", ""])
    )
    return 1


def _template(assembly: cx_api.CloudAssembly, stack: str) -> str:
    return _json(assembly.get_stack_by_name(stack).template)


def _assets(assembly: cx_api.CloudAssembly) -> dict[str, object]:
    """Return code bucket and keys as in the service template, with the pseudo-parameters filled in."""
    service = assembly.get_stack_by_name(names.stack_name("local", "service")).template
    functions = [
        r["Properties"] for r in service["Resources"].values() if r["Type"] == "AWS::Lambda::Function"
    ]
    group_of = {names.handler(folder): group for folder, group in BUNDLE_OF.items()}
    bucket = functions[0]["Code"]["S3Bucket"]["Fn::Sub"]
    for pseudo, value in (("AccountId", names.LOCAL_ACCOUNT), ("Region", names.LOCAL_REGION)):
        bucket = bucket.replace(f"${{AWS::{pseudo}}}", value)
    keys = {group_of[function["Handler"]]: function["Code"]["S3Key"] for function in functions}
    return {"bucket": bucket, "keys": dict(sorted(keys.items()))}


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
