"""Journal of alarm transitions, one line each, for the terminal and for later queries."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from infra.local.alarms.watch import Transition


@dataclass(frozen=True, slots=True)
class Entry:
    """One line; times are UTC text."""

    at: str
    alarm: str
    severity: str
    before: str
    after: str
    reason: str
    page: str

    @classmethod
    def of(cls, transition: Transition) -> Self:
        """Return the entry of a transition."""
        rule = transition.rule
        return cls(
            transition.at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            rule.name,
            rule.severity,
            transition.before,
            transition.after,
            transition.reason,
            f"docs/runbook/{rule.page}.md",
        )


class Journal:
    """A file to which one process appends and from which others read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def start(self) -> None:
        """Empty the journal."""
        self._path.write_text("", encoding="utf-8")

    def append(self, entry: Entry) -> None:
        """Add one line."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(entry)) + "\n")

    def entries(self, after: int = 0) -> list[Entry]:
        """Return the entries of this run after the first `after`; the list is empty before the first run."""
        return list(self._read())[after:]

    def active_alarms(self) -> dict[str, Entry]:
        """Return the alarms in state ALARM, by name."""
        last = {entry.alarm: entry for entry in self._read()}
        return {name: entry for name, entry in last.items() if entry.after == "ALARM"}

    def _read(self) -> Iterator[Entry]:
        if not self._path.exists():
            return
        for line in self._path.read_text(encoding="utf-8").splitlines(keepends=True):
            # The last line may be incomplete.
            if line.endswith("\n"):
                yield Entry(**json.loads(line))
