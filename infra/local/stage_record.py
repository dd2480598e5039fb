"""Who the running stage is, so that `down` ends exactly that process and no other."""

import json
import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StageRecord:
    """The server process and its addresses; `started` tells it from a later process of the same number."""

    pid: int
    started: str
    front_url: str
    aws_endpoint: str

    def is_alive(self) -> bool:
        """Tell whether that very process still runs."""
        return process_start(self.pid) == self.started


def process_start(pid: int) -> str | None:
    """Return when a process started, in the system's own words; None when it has ended."""
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
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a number only
    return answer.stdout.strip() or None


def write_record(path: Path, record: StageRecord) -> None:
    """Keep the record beside the stage's other files."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(record)), encoding="utf-8")
    draft.replace(path)


def read_record(path: Path) -> StageRecord | None:
    """Return the record of a process that still runs; None, and no file, otherwise."""
    try:
        record = StageRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    if record.is_alive():
        return record
    path.unlink(missing_ok=True)
    return None


def end_group(pid: int, number: int) -> None:
    """Signal a server and its workers: it leads its own process group."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
