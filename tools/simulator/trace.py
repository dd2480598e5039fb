"""Record of the steps in order, and the report when an invariant breaks."""

from dataclasses import dataclass, field
from datetime import datetime

TRACE_MAX_LINES = 40


class BrokenInvariantError(AssertionError):
    """The history broke an invariant."""

    def __init__(self, invariant: str, detail: str, about: str = "") -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant
        self.about = about


@dataclass
class Trace:
    """One line per step, formatted only when read."""

    steps: list[tuple[datetime, str, str]] = field(default_factory=list)

    def add(self, at: datetime, actor: str, what: str) -> None:
        self.steps.append((at, actor, what))

    def lines(self, about: str = "") -> list[str]:
        """Return the last steps; if the failure concerns one version, the last ones that mention it."""
        chosen = [step for step in self.steps if about in step[1] or about in step[2]] or self.steps
        return [f"{at:%d %H:%M:%S.%f}  {actor:<18} {what}" for at, actor, what in chosen[-TRACE_MAX_LINES:]]
