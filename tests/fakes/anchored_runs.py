"""Runs with anchors in memory, at a clock that a test advances hour by hour."""

from datetime import timedelta

from functions.evaluation.runs.anchor_runs import ANCHOR_SETTLE, AnchoredHour, AnchorRuns
from functions.evaluation.runs.append_item import AppendItem, ItemDraft
from functions.evaluation.runs.create_runs import CreateRuns, RunDraft
from functions.evaluation.runs.verify_runs import Verification, VerifyRuns
from risk_hub_contracts.runs.payloads import OverrideApproved, OverrideRequested, Payload
from risk_hub_contracts.runs.run_key import RunKey
from tests.fakes.clock import START, FrozenClock
from tests.fakes.runs import MemoryAnchors, MemoryRuns, draft, run_key, validation

REQUEST = OverrideRequested(override_id="o1", reason="data vendor outage")
APPROVAL = OverrideApproved(override_id="o1", expires_at="2026-02-01T00:00:00.000000Z")


class AnchoredRuns:
    """A store of runs, its anchors and their clock."""

    def __init__(self) -> None:
        self.runs, self.anchors = MemoryRuns(), MemoryAnchors()
        self.clock = FrozenClock(START)

    def create(self, *drafts: RunDraft) -> None:
        CreateRuns(self.runs, self.clock)(drafts)

    def append(self, key: RunKey, entry_id: str, payload: Payload | None = None) -> None:
        AppendItem(self.runs, self.clock)(ItemDraft(key, entry_id, "worker", payload or validation()))

    def next_hour(self) -> list[AnchoredHour]:
        """Advance to the moment at which the present hour is anchored, and anchor it."""
        self.clock.now = self.clock.now.replace(minute=0) + timedelta(hours=1) + ANCHOR_SETTLE
        return self.anchor()

    def anchor(self) -> list[AnchoredHour]:
        return AnchorRuns(self.runs, self.anchors, self.clock)()

    def verify(self) -> Verification:
        return VerifyRuns(self.runs, self.anchors, self.clock)()

    def broken(self) -> list[tuple[str, int | str, str]]:
        """Return the first broken link of each chain: chain, position and kind."""
        return [(each.chain, each.position, each.kind) for each in self.verify().broken]


def anchored_sample() -> AnchoredRuns:
    """Return runs `a`, `b`, `c`, anchored over four hours; the last item of `c` is not anchored yet."""
    world = AnchoredRuns()
    a, b, c = map(run_key, "abc")
    world.create(draft(a), draft(b))
    world.next_hour()
    world.append(a, "e1", REQUEST)
    world.append(a, "e2", APPROVAL)
    world.create(draft(c))
    world.next_hour()
    world.append(b, "e1", validation("cohort", "fail"))
    world.append(a, "e3", validation("stress", "warn"))
    world.next_hour()
    world.next_hour()
    world.append(c, "e1", validation("cohort", "warn"))
    return world
