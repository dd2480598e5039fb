"""Ports of runs with the guarantees of DynamoDB and S3: each call passes through the wire of faults."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from functions.evaluation.runs.evaluation_marker import EvaluationMarker
from functions.evaluation.runs.ports import ChainWrite, RefusedAppend, StoredChain
from functions.evaluation.runs.run_query import RunPage, RunQuery
from risk_hub_contracts.runs.chain import ChainHead, StoredItem
from risk_hub_contracts.runs.run_key import RunKey
from risk_hub_contracts.runs.verification import StoredAnchor
from tests.fakes.runs import MemoryAnchors, MemoryRuns
from tools.simulator.faults import Faults
from tools.simulator.runs.ledger import CLOCK_ERROR_MAX, Ledger
from tools.simulator.tasks import Tasks
from tools.simulator.wire import HubClock, Wire

JUMP_HOURS = (-26, -3, -2, 2, 3, 26)
INDEX_DELAY = timedelta(seconds=1)


class SteppingClock(HubClock):
    """The true time, and its reading by a process whose clock is wrong and sometimes jumps."""

    def __init__(self, tasks: Tasks, faults: Faults, random: Random, ledger: Ledger) -> None:
        super().__init__(tasks)
        self._faults, self._random, self._ledger = faults, random, ledger

    def __call__(self) -> datetime:
        """Return the reading of the running process."""
        task = self._tasks.current
        if task is None:
            return self.now
        error = timedelta(microseconds=task.skew_us)
        if self._faults.occurs("clock jump"):
            error += timedelta(hours=self._random.choice(JUMP_HOURS))
        if task.subject is None and abs(error) > CLOCK_ERROR_MAX:
            self._ledger.anchor_jumped = True
        return self.now + error


@dataclass
class WiredRuns:
    """RunStore and MovedHeads: strong reads of one run, delayed reads of the indexes."""

    wire: Wire
    store: MemoryRuns
    ledger: Ledger

    def append(self, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        return self.wire.call("runs.append", lambda: self._recorded(self.store.append(writes), writes))

    def begin(self, marker: EvaluationMarker, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        return self.wire.call("runs.begin", lambda: self._recorded(self.store.begin(marker, writes), writes))

    def marker(self, world_id: str, evaluation_id: str) -> EvaluationMarker | None:
        return self.wire.call("runs.marker", lambda: self.store.marker(world_id, evaluation_id))

    def first_items(self, keys: Sequence[RunKey]) -> Mapping[RunKey, StoredItem]:
        return self.wire.call("runs.first_items", lambda: self.store.first_items(keys))

    def chain(self, key: RunKey) -> StoredChain:
        return self.wire.call("runs.chain", lambda: self._torn(key))

    def items(self, key: RunKey, after: int, limit: int) -> Sequence[StoredItem]:
        return self.wire.call("runs.items", lambda: self.store.items(key, after, limit))

    def page(self, query: RunQuery) -> RunPage:
        return self.wire.call("runs.page", lambda: self.store.page(query))

    def chains(self) -> Iterator[StoredChain]:
        return iter(self.wire.call("runs.chains", lambda: list(self.store.chains())))

    def recorded_in(self, hour: str) -> Iterator[ChainHead]:
        return self._moved("runs.recorded_in", lambda: list(self.store.recorded_in(hour)))

    def recorded(self) -> Iterator[ChainHead]:
        return self._moved("runs.recorded", lambda: list(self.store.recorded()))

    def _recorded(self, refused: RefusedAppend | None, writes: Sequence[ChainWrite]) -> RefusedAppend | None:
        for write in writes if refused is None else ():
            self.ledger.record_item(write.item, self.wire.clock.now)
            self.wire.note(f"STORED {write.item.item.key.text} {write.item.item.sequence}")
        return refused

    def _torn(self, key: RunKey) -> StoredChain:
        """Read the list entry before the items: a write between both makes it older than the last item."""
        head = self.store.chain(key).head
        self.wire.tasks.pause()
        return StoredChain(key, self.store.chain(key).items, head)

    def _moved(self, name: str, read: Callable[[], list[ChainHead]]) -> Iterator[ChainHead]:
        """Return the entries of the index; a stale one misses what was written within the last second."""

        def stale() -> list[ChainHead]:
            return [head for head in read() if not self._is_recent(head)]

        return iter(self.wire.call(name, read, stale))

    def _is_recent(self, head: ChainHead) -> bool:
        chain = self.ledger.chains.get(RunKey.parse(head.key), [])
        recent = self.wire.clock.now - INDEX_DELAY
        return any(each.item.sha256 == head.sha256 and each.at > recent for each in chain)


@dataclass
class WiredAnchors:
    """AnchorStore: objects that cannot change."""

    wire: Wire
    store: MemoryAnchors

    def newest(self) -> StoredAnchor | None:
        return self.wire.call("anchors.newest", self.store.newest)

    def first_hour(self, hour: str) -> str:
        return self.wire.call(f"anchors.first_hour {hour}", lambda: self.store.first_hour(hour))

    def put_once(self, hour: str, data: bytes) -> bytes:
        return self.wire.call(f"anchors.put_once {hour}", lambda: self.store.put_once(hour, data))

    def put_leaves(self, root: str, data: bytes) -> None:
        self.wire.call("anchors.put_leaves", lambda: self.store.put_leaves(root, data))

    def anchors(self) -> Iterator[StoredAnchor]:
        return self.wire.call("anchors.anchors", self.store.anchors)

    def leaves(self, root: str) -> bytes | None:
        return self.wire.call("anchors.leaves", lambda: self.store.leaves(root))
