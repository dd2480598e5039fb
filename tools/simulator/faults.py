"""Fault rates: each history draws a different mix, so that rare combinations are covered."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

# The greatest rate of each fault, per occasion.
MAX_RATES: Mapping[str, float] = {
    "crash": 0.06,  # the process dies before or after a port call takes effect
    "throttle": 0.15,  # DependencyUnavailableError, without effect
    "lost answer": 0.10,  # DependencyUnavailableError, although it took effect
    "dropped response": 0.25,  # the client never receives the answer of a POST
    "duplicate": 0.25,  # a batch or message is delivered again
    "delay": 0.30,  # a message is delivered late
    "refusal": 0.25,  # the bus refuses an entry
    "stale read": 0.30,  # where the port does not promise strong consistency
    "poison": 0.10,  # a record or message that cannot be read
    "damage": 0.30,  # a blob is overwritten, truncated or removed without the hub's knowledge
    "slow": 0.05,  # much time passes while processes are running
}
SHARE_OF_KINDS = 0.6


@dataclass
class Faults:
    """Faults drawn from the seed while enabled.

    Attributes:
        crash_at: the one port boundary, counted from 0, at which the process dies; each call has two
            boundaries.
        boundaries: how many port boundaries were passed.
        counts: how often each fault occurred.
    """

    random: Random
    rates: Mapping[str, float]
    crash_at: int | None = None
    on: bool = True
    boundaries: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def draw(cls, random: Random) -> "Faults":
        kinds = [kind for kind in MAX_RATES if random.random() < SHARE_OF_KINDS]
        return cls(random, {kind: MAX_RATES[kind] * random.uniform(0.2, 1) for kind in kinds})

    def occurs(self, kind: str) -> bool:
        rate = self.rates.get(kind, 0.0)
        if not self.on or not rate or self.random.random() >= rate:
            return False
        self.counts[kind] += 1
        return True

    def crashes_here(self) -> bool:
        """Return whether the process dies at this port boundary."""
        boundary, self.boundaries = self.boundaries, self.boundaries + 1
        if boundary == self.crash_at:
            self.counts["crash"] += 1
            return True
        return self.occurs("crash")
