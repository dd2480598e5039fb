"""The observer of a history: every item that a store accepted, every answer, and every clock reading."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from risk_hub_contracts.runs.run_item import SealedItem
from risk_hub_contracts.runs.run_key import RunKey
from tools.simulator.runs.evaluating import expected_status
from tools.simulator.runs.model import Intent, ModelRun, model_of

CLOCK_ERROR_MAX = timedelta(minutes=20)
"""The error of a clock that anchors must tolerate; greater ones are jumps, which verification reports."""


@dataclass(frozen=True)
class Written:
    """An item as the store first accepted it, and the true time of that."""

    intent: Intent
    item: SealedItem
    at: datetime

    @property
    def recorded_at(self) -> datetime:
        return datetime.fromisoformat(self.item.item.recorded_at)

    @property
    def has_jumped_clock(self) -> bool:
        return abs(self.recorded_at - self.at) > CLOCK_ERROR_MAX + timedelta(minutes=1)


@dataclass(frozen=True)
class Acknowledged:
    """A success that a client received, on its first or a later attempt."""

    intent: Intent
    attempts: int


@dataclass
class Ledger:
    """All effects and answers of one history.

    Attributes:
        chains: by run, the accepted items in the order of their sequences.
        unknown: accepted items that no client sent.
        replaced: runs of which an accepted item was written over.
        acknowledged: every success that a client received.
        verdicts: the status that an evaluation answered, by run.
        anchor_jumped: whether the clock of an anchoring process was wrong by more than CLOCK_ERROR_MAX.
    """

    intents: dict[tuple[RunKey, str], Intent] = field(default_factory=dict)
    chains: dict[RunKey, list[Written]] = field(default_factory=dict)
    unknown: list[SealedItem] = field(default_factory=list)
    replaced: set[RunKey] = field(default_factory=set)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    verdicts: dict[RunKey, str] = field(default_factory=dict)
    anchor_jumped: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def plan(self, intent: Intent) -> Intent:
        self.intents[intent.key, intent.entry_id] = intent
        return intent

    def record_item(self, item: SealedItem, at: datetime) -> None:
        """Record an item that the store accepted."""
        key = item.item.key
        intent = self.intents.get((key, item.item.entry_id))
        if intent is None:
            self.unknown.append(item)
            return
        chain = self.chains.setdefault(key, [])
        if item.item.sequence <= len(chain):
            self.replaced.add(key)
            return
        chain.append(Written(intent, item, at))
        self.counts["items"] += 1

    def intents_of(self, key: RunKey) -> list[Intent]:
        return [each.intent for each in self.chains[key]]

    def model_of(self, key: RunKey, intents: Sequence[Intent] | None = None) -> ModelRun | None:
        """Return the expected state of a run, or that after other entries than the accepted ones."""
        first = self.chains[key][0]
        version = first.item.item.payload["policy_version"]
        status = expected_status(version, first.intent.payload["sharpe"])
        return model_of(status, self.intents_of(key) if intents is None else intents)
