"""The whole hub on simulated ports: the real use cases, wired as by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from events.envelope import CloudEvent
from functions.announcing.announce_commits import AnnounceCommits
from functions.announcing.relay_records import RelayRecords
from functions.announcing.replay_snapshots import ReplaySnapshots
from functions.announcing.stream_records import StreamRecordDecoder
from functions.evaluation.exits.emit_exit_signals import EmitExitSignals
from functions.evaluation.risk.evaluate import EvaluateRisk
from functions.evaluation.stress.evaluate import EvaluateStress
from functions.history.hot_window import WINDOW_MIN
from functions.history.move_snapshots import MoveSnapshots
from functions.history.read_history import ReadHistory
from functions.history.reconcile import Reconcile
from functions.history.whole_history import WholeHistory
from functions.hub.adapters.body_store import BodyStore
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.use_cases.expand_components import ExpandComponents
from functions.hub.use_cases.publish_snapshot import PublishRequest, PublishResult, PublishSnapshot
from functions.hub.use_cases.read_snapshots import ReadSnapshots
from infra.functions import FUNCTIONS
from tests.fakes.history import MemoryHotTable, MemorySegments
from tests.fakes.marks import MemoryMarks
from tests.fakes.reconciling import MemoryLedger, MemoryReconcileNotes
from tests.fakes.stores import (
    MemoryBlobs,
    MemoryForecasts,
    MemoryInputNotes,
    MemoryReports,
    MemoryWorlds,
)
from tools.simulator.faults import Faults
from tools.simulator.forecast_ports import WiredForecasts, WiredInputNotes
from tools.simulator.ledger import Ledger
from tools.simulator.ports import (
    WiredBlobs,
    WiredBus,
    WiredFailures,
    WiredMarks,
    WiredReports,
    WiredSnapshots,
    WiredWorlds,
)
from tools.simulator.queues import Queue
from tools.simulator.seam_ports import WiredHotTable, WiredSegments
from tools.simulator.streams import Stream
from tools.simulator.tasks import Task, Tasks
from tools.simulator.trace import Trace
from tools.simulator.wire import HubClock, Wire

RETENTION = timedelta(days=30)
# No record here has its body in S3.
NO_S3: Any = None
# Maximum error of a process's clock; with the writer's time limit it stays below KNOWN_AT_SETTLE_SECONDS.
SKEW_MAX_US = 400_000
WORKERS = ("risk_engine", "stress_engine", "exit_engine", "notes")
# In the other histories the stress and exit engines have no rule, which leaves time for more histories.
ALL_ENGINES_SHARE = 0.4
# In the quiet histories time passes between publications, so that snapshots leave the hot window.
QUIET_SHARE = 0.5
LONGEST_WINDOWS = (WINDOW_MIN, WINDOW_MIN + timedelta(minutes=10))
# Longer than the time limit of a writer and the difference of two clocks together.
SETTLE_SECONDS = (90, 900)
Worker = Callable[[CloudEvent], str]


@dataclass(frozen=True)
class HubDependencies:
    """The components of the hub; a test plants a bug by replacing one.

    Attributes:
        writer_timeout_seconds: after which the writer's process is killed.
        longest_windows: of which each history draws the longest window of the hot table.
        notes_once: whether the second worker's effect is put once.
        rewire: changes the hub after it is assembled.
    """

    snapshots: type[MemoryHotTable] = MemoryHotTable
    blobs: type[MemoryBlobs] = MemoryBlobs
    worlds: type[MemoryWorlds] = MemoryWorlds
    reports: type[MemoryReports] = MemoryReports
    publish: type[PublishSnapshot] = PublishSnapshot
    announce: type[AnnounceCommits] = AnnounceCommits
    relay: type[RelayRecords] = RelayRecords
    read: type[ReadSnapshots] = ReadSnapshots
    exits: type[EmitExitSignals] = EmitExitSignals
    whole: type[WholeHistory] = WholeHistory
    history: type[ReadHistory] = ReadHistory
    move: type[MoveSnapshots] = MoveSnapshots
    longest_windows: tuple[timedelta, ...] = LONGEST_WINDOWS
    writer_timeout_seconds: int = FUNCTIONS["snapshot_writer"].timeout_seconds
    notes_once: bool = True
    rewire: "Callable[[Hub], None] | None" = None


class Hub:
    """One hub, its environment, and the observer."""

    def __init__(self, random: Random, faults: Faults, dependencies: HubDependencies) -> None:
        self.random, self.faults, self.dependencies = random, faults, dependencies
        self.trace, self.ledger = Trace(), Ledger()
        self.tasks = Tasks(random, random.choice((0.05, 0.3, 0.6)))
        self.clock = HubClock(self.tasks)
        self.wire = Wire(random, self.clock, self.tasks, faults, self.trace)
        self.runs_all_engines = random.random() < ALL_ENGINES_SHARE
        self.is_quiet = random.random() < QUIET_SHARE
        self._make_ports()
        self._make_seam()
        self._make_use_cases()
        if dependencies.rewire is not None:
            dependencies.rewire(self)

    def _make_ports(self) -> None:
        wire, ledger, dependencies = self.wire, self.ledger, self.dependencies
        self.snapshot_stream, self.report_stream = Stream(self.faults), Stream(self.faults)
        risk, stress, exits, notes = map(self._queue, WORKERS)
        self.rules = {"risk_snapshot_updated": [risk], "risk_evaluated": [notes]}
        if self.runs_all_engines:
            self.rules["risk_snapshot_updated"] += [stress]
            self.rules["risk_evaluated"] += [exits]
            self.rules |= {"stress_evaluated": [exits]}
            self.rules |= {"exit_signal_emitted": [notes], "exit_signal_cleared": [notes]}
        self.queues = (risk, stress, exits, notes)
        self.snapshots = WiredSnapshots(wire, dependencies.snapshots(), ledger, self.snapshot_stream)
        self.blobs = WiredBlobs(wire, dependencies.blobs())
        self.marks = WiredMarks(wire, MemoryMarks())
        self.worlds = WiredWorlds(wire, dependencies.worlds(), ledger)
        self.reports = WiredReports(wire, dependencies.reports(), ledger, self.report_stream)
        self.forecasts = WiredForecasts(wire, MemoryForecasts())
        self.notes = WiredInputNotes(wire, MemoryInputNotes())
        self.bus = WiredBus(wire, ledger, self.rules)
        self.failures = WiredFailures(wire, [])

    def _make_seam(self) -> None:
        wire, ledger, clock, table = self.wire, self.ledger, self.clock, self.snapshots.store
        self.segments = WiredSegments(wire, MemorySegments(), ledger)
        hot_table = WiredHotTable(wire, table, self.segments.store, ledger, self.snapshot_stream)
        history = self.dependencies.history(self.segments, self.segments)
        self.whole = self.dependencies.whole(self.snapshots, lambda: history, clock.unrecorded)
        settle = timedelta(seconds=self.random.choice(SETTLE_SECONDS))
        window = self.random.choice(self.dependencies.longest_windows)
        self.move = self.dependencies.move(hot_table, self.segments, self.segments, clock, window, settle)
        notes = MemoryReconcileNotes()
        self.reconcile = Reconcile(MemoryLedger(table), self.segments, self.segments, notes, clock)

    def _queue(self, name: str) -> Queue:
        return Queue(name, self.random, self.clock, self.faults)

    def _make_use_cases(self) -> None:
        dependencies, clock = self.dependencies, self.clock
        policy = OffloadPolicy(
            enabled=True, inline_threshold_entries=self.random.choice((3, 100)), inline_returns_max_bytes=0
        )
        self.publish: Callable[[PublishRequest], PublishResult] = dependencies.publish(
            self.whole, self.blobs, self.marks, clock, policy, RETENTION
        )
        self.read = dependencies.read(self.whole, self.worlds, clock)
        self.expand = ExpandComponents(self.blobs)
        announce = dependencies.announce(self.worlds, self.bus)
        self.relay = dependencies.relay(StreamRecordDecoder(BodyStore(NO_S3, "")), announce, self.failures)
        self.replay = ReplaySnapshots(self.whole, self.reports, self.reports, announce, clock)
        evaluating = (self.whole, self.blobs, self.reports)
        forecast_ports = (self.forecasts, self.notes)
        self.workers: dict[str, Worker] = {
            "risk_engine": EvaluateRisk(*evaluating, *forecast_ports, clock, RETENTION),
            "stress_engine": EvaluateStress(*evaluating, clock, RETENTION),
            "exit_engine": dependencies.exits(self.whole, self.worlds, self.reports, clock, RETENTION),
        }

    def start(  # noqa: PLR0913
        self,
        name: str,
        work: Callable[[], Any],
        done: Callable[[Task], None],
        timeout: timedelta,
        *,
        subject: Any = None,
        what: str = "",
        skew_max_us: int = SKEW_MAX_US,
        begun: Callable[[Task], None] = lambda _task: None,
    ) -> None:
        """Start a process; `begun` is called before its first step."""
        skew_us = self.random.randrange(-skew_max_us, skew_max_us + 1) if self.random.random() < 0.3 else 0
        self.trace.add(self.clock.now, name, f"starts {what}")
        task = Task(name, work, done, self.clock.now + timeout, skew_us, subject)
        begun(task)
        self.tasks.start(task)

    def last_reading(self) -> datetime:
        """Return the last clock reading of the running process."""
        task = self.tasks.current
        return self.clock.last_time if task is None else task.readings[-1]
