"""The whole hub on simulated ports: the real use cases, put together as the composition root does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from functions.hub.adapters.body_store import BodyStore
from functions.hub.adapters.stream_records import StreamRecords
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.use_cases.announce_commits import AnnounceCommits
from functions.hub.use_cases.expand_parts import ExpandParts
from functions.hub.use_cases.publish_snapshot import PublishSnapshot
from functions.hub.use_cases.read_snapshots import ReadSnapshots
from functions.hub.use_cases.relay_records import RelayRecords
from functions.risk.evaluate import EvaluateRisk
from infra.stages import STAGES
from tests.fakes.stores import MemoryBlobs, MemoryEvaluations, MemorySnapshots, MemoryWorlds
from tests.simulator.faults import Faults
from tests.simulator.ledger import Ledger
from tests.simulator.ports import (
    WiredBlobs,
    WiredBus,
    WiredEvaluations,
    WiredFailures,
    WiredSnapshots,
    WiredWorlds,
)
from tests.simulator.queues import Queue
from tests.simulator.streams import Stream
from tests.simulator.tasks import Task, Tasks
from tests.simulator.trace import Trace
from tests.simulator.wire import HubClock, Wire

RETENTION = timedelta(days=30)
# A process's clock may be off by this much; with the writer's time limit it stays below KNOWN_AT_SETTLE_SECONDS.
SKEW_MAX_US = 400_000


@dataclass(frozen=True)
class Parts:
    """What the hub is made of; a test plants a bug by giving another part.

    Attributes:
        writer_timeout_seconds: after which the writer's process is killed.
    """

    snapshots: type[MemorySnapshots] = MemorySnapshots
    blobs: type[MemoryBlobs] = MemoryBlobs
    worlds: type[MemoryWorlds] = MemoryWorlds
    evaluations: type[MemoryEvaluations] = MemoryEvaluations
    publish: type[PublishSnapshot] = PublishSnapshot
    announce: type[AnnounceCommits] = AnnounceCommits
    relay: type[RelayRecords] = RelayRecords
    read: type[ReadSnapshots] = ReadSnapshots
    writer_timeout_seconds: int = STAGES["prod"].snapshot_writer.timeout_seconds
    notes_once: bool = True


class Hub:
    """One hub, its surroundings, and the observer."""

    def __init__(self, random: Random, faults: Faults, parts: Parts) -> None:
        self.random, self.faults, self.parts = random, faults, parts
        self.trace, self.ledger = Trace(), Ledger()
        self.tasks = Tasks(random, random.choice((0.05, 0.3, 0.6)))
        self.clock = HubClock(self.tasks)
        self.wire = Wire(random, self.clock, self.tasks, faults, self.trace)
        self._make_ports()
        self._make_use_cases()

    def _make_ports(self) -> None:
        wire, ledger, parts = self.wire, self.ledger, self.parts
        self.snapshot_stream, self.evaluation_stream = Stream(self.faults), Stream(self.faults)
        self.repairs = Stream(self.faults)
        self.evaluation_queue, self.note_queue = self._queue("risk_engine"), self._queue("notes")
        self.snapshots = WiredSnapshots(wire, parts.snapshots(), ledger, self.snapshot_stream)
        self.blobs = WiredBlobs(wire, parts.blobs())
        self.worlds = WiredWorlds(wire, parts.worlds(), ledger)
        self.evaluations = WiredEvaluations(wire, parts.evaluations(), ledger, self.evaluation_stream)
        rules = {"risk_snapshot_updated": self.evaluation_queue, "risk_evaluated": self.note_queue}
        self.bus = WiredBus(wire, self.random, ledger, rules)
        self.failures = WiredFailures(wire, [])

    def _queue(self, name: str) -> Queue:
        return Queue(name, self.random, self.clock, self.faults)

    def _make_use_cases(self) -> None:
        parts, clock = self.parts, self.clock
        policy = OffloadPolicy(enabled=True, inline_threshold_entries=self.random.choice((3, 100)))
        self.publish = parts.publish(self.snapshots, self.blobs, clock, policy, RETENTION)
        self.read = parts.read(self.snapshots, self.worlds, clock)
        self.expand = ExpandParts(self.blobs)
        announce = parts.announce(self.worlds, self.bus)
        self.relay = parts.relay(StreamRecords(BodyStore(None, "")), announce, self.failures)
        self.evaluate = EvaluateRisk(self.snapshots, self.blobs, self.evaluations, clock, RETENTION)

    def start(  # noqa: PLR0913
        self,
        name: str,
        work: Callable[[], Any],
        done: Callable[[Task], None],
        timeout: timedelta,
        *,
        subject: Any = None,
        what: str = "",
    ) -> None:
        """Start a process."""
        skew_us = self.random.randrange(-SKEW_MAX_US, SKEW_MAX_US + 1) if self.random.random() < 0.3 else 0
        self.trace.add(self.clock.now, name, f"starts {what}")
        self.tasks.start(Task(name, work, done, self.clock.now + timeout, skew_us, subject))

    def last_reading(self) -> datetime:
        """Return what the clock last told the process that runs."""
        task = self.tasks.current
        return self.clock.told if task is None else task.readings[-1]
