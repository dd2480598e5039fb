"""Every interleaving of writers and anchoring over one run, with crashes at any call, and bugs that must be found.

Found means: the chain of a run verifies at every moment and against every anchor, each acknowledged item is
in it exactly once, and a repetition after a crash adds what is missing and nothing else.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from functions.evaluation.runs.anchor_runs import ANCHOR_SETTLE, AnchorRuns
from functions.evaluation.runs.append_item import AppendedItem, AppendItem, ItemDraft
from functions.evaluation.runs.create_runs import CreateRuns
from functions.evaluation.runs.ports import ChainWrite, RefusedAppend, StoredChain
from functions.evaluation.runs.read_chain import load_run
from functions.evaluation.runs.run_head import RunHead
from functions.evaluation.runs.verify_runs import broken_link
from risk_hub_contracts.runs.chain import ChainHead, StoredItem
from risk_hub_contracts.runs.payloads import OverrideApproved, Payload
from risk_hub_contracts.runs.run_key import RunKey
from risk_hub_contracts.runs.verification import verify_anchors
from tests.fakes.anchored_runs import APPROVAL, REQUEST
from tests.fakes.clock import START, FrozenClock
from tests.fakes.runs import MemoryAnchors, MemoryRuns, changed_item, draft, run_key, validation
from tools.simulator.interleavings import Explorer, Ports, Process, State

KEY = run_key()
STATES_MIN = 10
HOUR = timedelta(hours=1)


class ListedRuns(MemoryRuns):
    """Runs whose answers can be compared as texts."""

    def recorded_in(self, hour: str) -> Iterator[ChainHead]:
        return list(super().recorded_in(hour))  # type: ignore[return-value]

    def recorded(self) -> Iterator[ChainHead]:
        return list(super().recorded())  # type: ignore[return-value]


def append(entry_id: str, payload: Payload, ports: Ports, use_case: type[AppendItem] = AppendItem) -> object:
    return use_case(ports["runs"], ports.clock)(ItemDraft(KEY, entry_id, entry_id, payload))


def create(ports: Ports) -> object:
    return CreateRuns(ports["runs"], ports.clock)([draft()])


def anchor(ports: Ports) -> object:
    return AnchorRuns(ports["runs"], ports["anchors"], lambda: ports.now + HOUR + ANCHOR_SETTLE)()


def writer(entry_id: str, payload: Payload | None = None, use_case: type[AppendItem] = AppendItem) -> Process:
    given = validation(entry_id) if payload is None else payload
    return Process(entry_id, partial(append, entry_id, given, use_case=use_case))


CREATOR = Process("creator", create)
ANCHOR = Process("anchor", anchor)


def check(state: State) -> None:
    """Require that every run agrees with its list entry and with every anchor."""
    runs, anchors = state.stores["runs"], state.stores["anchors"]
    anchored = verify_anchors(anchors.anchors(), anchors.leaves, state.now)
    # A process's clock does not advance, so an item of a slow process can miss its anchors.
    anchored.last_hour = None
    assert anchored.first_break is None, f"{anchored.first_break} after {'; '.join(state.path)}"
    for chain in runs.chains():
        broken = broken_link(chain, anchored)
        assert broken is None, f"{broken} after {'; '.join(state.path)}"
        entry_ids = [each.item.entry_id for each in load_run(runs, chain.key)[0]]
        assert len(set(entry_ids)) == len(entry_ids), f"an item is doubled after {'; '.join(state.path)}"


THE_RUNS = Explorer({}, check)


def start(
    *processes: Process,
    runs: type[MemoryRuns] = ListedRuns,
    passes: tuple[timedelta, ...] = (),
    created: bool = True,
) -> State:
    stores = {"runs": runs(), "anchors": MemoryAnchors()}
    if created:
        CreateRuns(stores["runs"], FrozenClock())([draft()])  # type: ignore[arg-type]
    return State(START, stores, processes, passes)


def recorded(state: State) -> set[str]:
    return {each.item.entry_id for each in load_run(state.stores["runs"], KEY)[0]}


def explore(state: State) -> list[State]:
    """Check every reachable state; return the ends, each after a repetition of every writer."""
    states, ends = THE_RUNS.explore(state)
    assert states >= STATES_MIN
    return ends


HISTORIES: dict[str, Callable[[], State]] = {
    "three writers": lambda: start(writer("w1"), writer("w2"), writer("w3")),
    "two writers and an anchor": lambda: start(writer("w1"), writer("w2"), ANCHOR),
    "two creators and a writer": lambda: start(
        CREATOR, replace(CREATOR, name="creator 2"), writer("w1"), created=False
    ),
    "an override, a validation and an anchor": lambda: start(writer("o1", REQUEST), writer("w1"), ANCHOR),
    "one request delivered twice, and another writer": lambda: start(
        writer("w1"), replace(writer("w1"), name="again"), writer("w2")
    ),
    "two anchors and a writer": lambda: start(ANCHOR, replace(ANCHOR, name="anchor 2"), writer("w1")),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_no_interleaving_loses_doubles_or_breaks_an_item(name: str) -> None:
    for end in explore(HISTORIES[name]()):
        wanted = {each.name for each in end.processes if each.name[:1] in "wo"}
        missing = wanted - recorded(end)
        # Without the creation a writer finds no run; its caller gets an error.
        assert not missing or name == "two creators and a writer", "; ".join(end.path)


@pytest.mark.parametrize("name", HISTORIES)
def test_a_crash_at_any_call_is_repaired_by_repeating_the_request(name: str) -> None:
    crashing = replace(HISTORIES[name](), passes=(HOUR,))
    for end in explore(crashing):
        state = end
        for process in (*crashing.processes, *crashing.processes):
            state = THE_RUNS.run_alone(state, replace(process, name=f"{process.name} again"))
            check(state)
        assert recorded(state) == {"r1"} | {each.name for each in crashing.processes if each.name[:1] in "wo"}


def test_concurrent_approvals_of_one_override_are_one_approval() -> None:
    other = OverrideApproved(override_id="o1", expires_at="2027-01-01T00:00:00.000000Z")
    state = start(writer("a1", APPROVAL), writer("a2", other))
    AppendItem(state.stores["runs"], FrozenClock())(ItemDraft(KEY, "o1", "anna", REQUEST))
    for end in explore(state):
        assert recorded(end) in ({"r1", "o1", "a1"}, {"r1", "o1", "a2"})


class Overwrites(ListedRuns):
    """Plant a bug: the put of an item has no condition."""

    def append(self, writes: Any) -> RefusedAppend | None:
        for write in writes:
            item = write.item
            stored = StoredItem(item.item.sequence, item.sha256, item.data)
            self.rows.setdefault(item.item.key, {})[stored.sequence] = stored
            self.heads[item.item.key] = write.head
        return None


class ItemOnly(ListedRuns):
    """Plant a bug: the list entry is not written with an item."""

    def append(self, writes: Any) -> RefusedAppend | None:
        heads = dict(self.heads)
        refused = super().append(writes)
        self.heads = heads or self.heads
        return refused


class CutsTails(ListedRuns):
    """Plant a bug: a long chain loses its last item and the trace of it in the list entry."""

    def chain(self, key: RunKey) -> StoredChain:
        rows = self.rows[key]
        if len(rows) > 2:
            del rows[max(rows)]
            last = rows[max(rows)]
            self.heads[key] = replace(self.heads[key], sequence=last.sequence, sha256=last.sha256)
        return super().chain(key)


class SwapsItems(ListedRuns):
    """Plant a bug: the second and the third item change places."""

    def append(self, writes: Any) -> RefusedAppend | None:
        refused = super().append(writes)
        rows = self.rows[KEY]
        if len(rows) == 3:
            rows[2], rows[3] = replace(rows[3], sequence=2), replace(rows[2], sequence=3)
        return refused


class RewritesItems(ListedRuns):
    """Plant a bug: an item is replaced by a changed one, and all later digests are computed again."""

    def append(self, writes: Any) -> RefusedAppend | None:
        refused = super().append(writes)
        rows = self.rows[KEY]
        if len(rows) == 3 and refused is None:
            rows[2] = changed_item(rows[2], subject="forger")
            rows[3] = changed_item(rows[3], previous_sha256=rows[2].sha256)
            self.heads[KEY] = replace(self.heads[KEY], sha256=rows[3].sha256)
        return refused


class Swallows(AppendItem):
    """Plant a bug: a refused item counts as stored."""

    def __call__(self, draft: ItemDraft) -> AppendedItem:
        _, run = load_run(self.store, draft.key)
        item, grown = self._next(run, draft)
        self.store.append([ChainWrite(item, RunHead.of(grown))])
        return AppendedItem(item, grown, appended=True)


class Unrepeatable(AppendItem):
    """Plant a bug: a repeated request is not recognised."""

    def __call__(self, draft: ItemDraft) -> AppendedItem:
        _, run = load_run(self.store, draft.key)
        while True:
            item, grown = self._next(run, draft)
            if self.store.append([ChainWrite(item, RunHead.of(grown))]) is None:
                return AppendedItem(item, grown, appended=True)
            _, run = load_run(self.store, draft.key)


PLANTED_STORES: dict[str, tuple[type[MemoryRuns], str]] = {
    "an item overwritten": (Overwrites, "lost|item_changed|link_broken"),
    "a list entry that is not written": (ItemOnly, "head_differs"),
    "a cut tail": (CutsTails, "lost|tail_cut"),
    "a swapped item": (SwapsItems, "item_misplaced"),
    "an item rewritten with all digests": (RewritesItems, "item_changed"),
}


@pytest.mark.parametrize("name", PLANTED_STORES)
def test_planted_bug_of_the_store_is_found(name: str) -> None:
    planted, found = PLANTED_STORES[name]
    with pytest.raises(AssertionError, match=found):
        require_all(start(writer("w1"), writer("w2"), ANCHOR, runs=planted))


def require_all(state: State) -> None:
    """Require that each writer's item is recorded at every end, and is still whole after another anchor."""
    for end in explore(state):
        missing = {each.name for each in end.processes if each.name[:1] in "wo"} - recorded(end)
        assert not missing, f"{missing} are lost after {'; '.join(end.path)}"


def test_a_lost_override_is_found() -> None:
    state = start(writer("o1", REQUEST, Swallows), writer("w1"), writer("w2"))
    with pytest.raises(AssertionError, match="'o1'} are lost"):
        require_all(state)


def test_a_doubled_item_is_found() -> None:
    first = writer("w1", use_case=Unrepeatable)
    with pytest.raises(AssertionError, match="an item is doubled"):
        require_all(start(first, replace(first, name="again"), writer("w2")))
