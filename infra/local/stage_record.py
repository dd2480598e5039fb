"""Record of the running stage, so that `down` ends exactly that process."""

import json
import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StageRecord:
    """Server process and addresses; `started` distinguishes it from a later process with the same pid."""

    pid: int
    started: str
    front_url: str
    aws_endpoint: str

    def is_alive(self) -> bool:
        """Return whether the recorded process still runs."""
        return process_start(self.pid) == self.started


def process_start(pid: int) -> str | None:
    """Return a process's start time in the system's notation, or None if it has ended."""
    try:
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        )
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self/stat").exists() else _process_start_by_ps(pid)
    state, start_ticks = fields[0], fields[19]
    return None if state in {"Z", "X"} else start_ticks


def _process_start_by_ps(pid: int) -> str | None:
    command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)  # noqa: S603 - a number only
    return answer.stdout.strip() or None


def write_record(path: Path, record: StageRecord) -> None:
    """Write the record next to the stage's other files."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(record)), encoding="utf-8")
    draft.replace(path)


def read_record(path: Path) -> StageRecord | None:
    """Return the record if its process still runs; otherwise delete the file and return None."""
    try:
        record = StageRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    if record.is_alive():
        return record
    path.unlink(missing_ok=True)
    return None


def end_group(pid: int, number: int) -> None:
    """Signal a server's process group, which includes its workers."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
