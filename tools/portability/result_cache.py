"""Results of an interrupted run: one file per setting and commit, so that the next run can resume."""

import hashlib
import json
import subprocess
from dataclasses import asdict
from pathlib import Path

from tools.portability.process_facts import ProcessFacts
from tools.portability.run import Result, run
from tools.portability.setting import OWN_FOLDER, PROJECT, Setting

MEASURED = ("passed", "failed", "skipped", "seconds", "failures", "why")


def run_cached(setting: Setting) -> Result:
    """Return the stored result of a setting that passed at this commit, else run its tests and store it."""
    file = file_of(setting)
    if file is None or setting.absent is not None:
        return run(setting)
    if file.exists() and (result := read(file, setting)).is_ok:
        return result
    result = run(setting)
    write(file, result)
    return result


def file_of(setting: Setting) -> Path | None:
    """Return the file of a setting's result; None if something has changed since the commit."""
    if _git("status", "--porcelain"):
        return None
    name = hashlib.sha256(f"{setting.axis}: {setting.value}".encode()).hexdigest()[:16]
    return OWN_FOLDER / "results" / _git("rev-parse", "HEAD") / f"{name}.json"


def write(file: Path, result: Result) -> None:
    """Write a result."""
    measured = {name: getattr(result, name) for name in MEASURED}
    seen = None if result.seen is None else asdict(result.seen)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**measured, "seen": seen}), encoding="utf-8")


def read(file: Path, setting: Setting) -> Result:
    """Return a stored result."""
    fields = json.loads(file.read_text(encoding="utf-8"))
    seen = fields.pop("seen")
    if seen is not None:
        seen = ProcessFacts(**{**seen, "vectors": tuple(seen["vectors"])})
    return Result(setting, **{**fields, "failures": tuple(fields["failures"])}, seen=seen)


def _git(*arguments: str) -> str:
    command = ("git", *arguments)
    return subprocess.run(
        command, cwd=PROJECT, capture_output=True, encoding="utf-8", check=True
    ).stdout.strip()
