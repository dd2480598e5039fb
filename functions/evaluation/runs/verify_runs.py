"""Verify stored runs: chains, list entries and anchors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from functions.evaluation.runs.ports import AnchorStore, RunStore, StoredChain
from functions.evaluation.runs.run_head import RunHead
from functions.hub.ports import Clock
from risk_hub_contracts.runs.chain import BrokenLink
from risk_hub_contracts.runs.fold import RunFoldError, fold
from risk_hub_contracts.runs.run_item import FIRST_SEQUENCE, RunItemError, unseal
from risk_hub_contracts.runs.run_key import RunKey
from risk_hub_contracts.runs.verification import AnchoredHeads, lost_runs, verify_anchors, verify_run


@dataclass(frozen=True, slots=True)
class RunScope:
    """The runs to verify: of one world, of one strategy of it, or all."""

    world_id: str | None = None
    strategy_id: str | None = None

    def includes(self, key: RunKey) -> bool:
        """Return whether a run is verified."""
        return self.world_id in {None, key.world_id} and self.strategy_id in {None, key.strategy_id}


EVERY_RUN: Final = RunScope()


@dataclass(frozen=True, slots=True)
class Verification:
    """What was verified, and every chain that is broken, each with its first broken link.

    Attributes:
        last_hour: the hour of the newest anchor; later items are verified against their chain alone.
        broken: the chain of anchors first, then the runs in the order of their keys.
    """

    runs: int
    items: int
    anchors: int
    last_hour: str | None
    broken: tuple[BrokenLink, ...]


@dataclass(frozen=True, slots=True)
class VerifyRuns:
    """Recompute all chains and anchors."""

    store: RunStore
    anchors: AnchorStore
    clock: Clock

    def __call__(self, scope: RunScope = EVERY_RUN) -> Verification:
        """Verify every run of a scope, and that no anchored run is missing."""
        anchored = self._anchored()
        broken: list[BrokenLink] = []
        seen: set[str] = set()
        items = 0
        for chain in self.store.chains():
            if not scope.includes(chain.key):
                continue
            seen.add(chain.key.text)
            items += len(chain.items)
            broken += self._confirmed(chain, anchored)
        # A run without any row is not in the scan. A run that was created during the scan is not either.
        for lost in lost_runs(anchored, seen):
            key = RunKey.parse(lost.chain)
            broken += self._of_run(key, anchored) if scope.includes(key) else ()
        first = [] if anchored.first_break is None else [anchored.first_break]
        found = (*first, *sorted(broken, key=lambda each: each.chain))
        return Verification(len(seen), items, anchored.count, anchored.last_hour, found)

    def run(self, key: RunKey) -> Verification:
        """Verify one run, and the anchors."""
        anchored = self._anchored()
        chain = self.store.chain(key)
        first = [] if anchored.first_break is None else [anchored.first_break]
        found = (*first, *self._confirmed(chain, anchored))
        return Verification(1, len(chain.items), anchored.count, anchored.last_hour, found)

    def _anchored(self) -> AnchoredHeads:
        return verify_anchors(self.anchors.anchors(), self.anchors.leaves, self.clock())

    def _confirmed(self, chain: StoredChain, anchored: AnchoredHeads) -> Iterator[BrokenLink]:
        """Yield the break of a chain after a second read: a scan reads the rows of a run at several times."""
        if broken_link(chain, anchored) is not None:
            yield from self._of_run(chain.key, anchored)

    def _of_run(self, key: RunKey, anchored: AnchoredHeads) -> Iterator[BrokenLink]:
        broken = broken_link(self.store.chain(key), anchored)
        if broken is not None:
            yield broken


def broken_link(chain: StoredChain, anchored: AnchoredHeads) -> BrokenLink | None:
    """Return the first broken link of a run, its list entry included."""
    head = None if chain.head is None else chain.head.chain_head
    broken = verify_run(chain.key, chain.items, head, anchored)
    return _entry_differs(chain) if broken is None else broken


def _entry_differs(chain: StoredChain) -> BrokenLink | None:
    """Return the break of a list entry that does not follow from the items of its run."""
    if not chain.items:
        return BrokenLink(chain.key.text, FIRST_SEQUENCE, "tail_cut", "the run has no item")
    last = chain.items[-1].sequence
    try:
        head = RunHead.of(fold([unseal(item.data) for item in chain.items]))
    except (RunItemError, RunFoldError) as error:
        return BrokenLink(chain.key.text, last, "item_unreadable", str(error))
    if head == chain.head:
        return None
    return BrokenLink(chain.key.text, last, "head_differs", f"the list entry is {chain.head}, not {head}")
