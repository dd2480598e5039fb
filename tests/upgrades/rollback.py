"""What this tree has written, read by the released code: what a rollback meets."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.upgrades.reader import ANSWERS
from tests.upgrades.recorder import record
from tests.upgrades.release import ROOT
from tests.upgrades.releases import Release
from tests.upgrades.wire import Wire, kept


def read_by(released: Release, home: Path) -> list[str]:
    """Return the questions that the released code answers otherwise from this tree's records than this tree does.

    The release may say less than this tree, never something else; questions that it answered wrongly are left out.
    """
    wire, folder, tree = Wire.of(record()), home / "wire", home / "release"
    folder.mkdir()
    wire.write(folder)
    shutil.copytree(released.tree, tree)
    shutil.rmtree(tree / "tests")
    shutil.copytree(ROOT / "tests", tree / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    environment = released.environment() | {"PYTHONPATH": f"{tree}:{tree / 'contracts' / 'src'}"}
    command = (sys.executable, "-m", "tests.upgrades.reader", folder)
    done = subprocess.run(command, cwd=tree, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        return [f"it cannot work on them at all: {done.stderr.splitlines()[-1]}"]
    answers = json.loads((folder / ANSWERS).read_text(encoding="utf-8"))
    repaired = Wire.read(ROOT / "contracts" / "released" / released.version).repaired
    return [
        asked
        for each, answer in zip(wire.reads, answers, strict=True)
        if (asked := f"{each['request']['method']} {each['request']['path']}") not in repaired
        and not kept(answer, each["answer"])
    ]
