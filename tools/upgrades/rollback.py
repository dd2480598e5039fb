"""Rollback: the released code reads the records that this tree has written."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.upgrades.checked_out_release import Release
from tools.upgrades.deployed_hub import Json
from tools.upgrades.reader import ANSWERS
from tools.upgrades.recorder import record
from tools.upgrades.release import ROOT
from tools.upgrades.wire import Wire, preserves, repaired_only, wrong_parts


def misread_by(released: Release, home: Path) -> list[str]:
    """Return the questions that the released code answers differently from this tree, based on this tree's
    records.

    The release may omit members, but not change them; of answers that it got wrong, the other parts are
    compared.
    """
    wire, folder, tree = Wire.of(record()), home / "wire", home / "release"
    folder.mkdir()
    wire.write(folder)
    shutil.copytree(released.tree, tree)
    shutil.rmtree(tree / "tests")
    shutil.copytree(ROOT / "tests", tree / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    environment = released.environment() | {"PYTHONPATH": f"{tree}:{tree / 'contracts' / 'src'}"}
    command = (sys.executable, "-m", "tools.upgrades.reader", folder)
    done = subprocess.run(command, cwd=tree, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        return [f"it cannot work on them at all: {done.stderr.splitlines()[-1]}"]
    answers = json.loads((folder / ANSWERS).read_text(encoding="utf-8"))
    repaired = Wire.read(ROOT / "contracts" / "released" / released.version).repaired
    return [
        request_line
        for each, answer in zip(wire.reads, answers, strict=True)
        if not _agrees(
            answer,
            each["answer"],
            wrong_parts(repaired, request_line := _request_line(each["request"]), answer),
        )
    ]


def _request_line(request: Json) -> str:
    return f"{request['method']} {request['path']}"


def _agrees(answer: Json, now: Json, wrong: Sequence[str] | None) -> bool:
    """Return whether the release's answer equals this tree's, or differs only in the parts that were wrong."""
    return preserves(answer, now) if wrong is None else repaired_only(answer, now, wrong)
