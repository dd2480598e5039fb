"""The mover: its scheduled runs move old snapshots to history and compare history with the table."""

from datetime import datetime, timedelta

from functions.history.move_worlds import MoveRun, MoveWorlds
from functions.hub.ports import DependencyUnavailableError
from risk_hub_contracts.base.limits import CLOCK_SKEW_MAX_SECONDS
from tools.simulator.hub import SKEW_MAX_US, Hub
from tools.simulator.intents import WORLDS
from tools.simulator.ledger import require
from tools.simulator.readers import Readers
from tools.simulator.tasks import Crash, Task

TIMEOUT = timedelta(seconds=240)
# A run begins no segment in its last seconds.
RESERVE = timedelta(seconds=45)
RECONCILE_SHARE = 0.3
DELAYS = (timedelta(0), timedelta(seconds=1), timedelta(minutes=30))
# The clocks of mover and reader differ by less than the hub allows for.
MOVER_SKEW_MAX_US = CLOCK_SKEW_MAX_SECONDS * 1_000_000 - SKEW_MAX_US - 1


class Movers:
    """The runs of the mover.

    Attributes:
        crashes: runs that ended in the middle.
    """

    def __init__(self, hub: Hub, readers: Readers) -> None:
        self.hub, self._readers = hub, readers
        self.crashes = 0
        self._runs = 0
        self._live: list[Task] = []

    def act(self) -> bool:
        """Start a run if something is due, or a read while one runs; in a quiet history, wait until one is due."""
        if not self._is_due():
            return self.hub.is_quiet and self._wait()
        if self._live and (self._reconciles(self._live) or not self.hub.faults.occurs("duplicate")):
            return self._readers.act()
        self._start(reconciles=not self._live and self.hub.random.random() < RECONCILE_SHARE)
        return True

    def _is_due(self) -> bool:
        instants = self._due_instants()
        return bool(self.hub.segments.store.plans) or (bool(instants) and instants[0] <= self.hub.clock.now)

    def _due_instants(self) -> list[datetime]:
        """Return the instants from which on the snapshots in the table can be moved."""
        move, rows = self.hub.move, self.hub.snapshots.store.rows.values()
        return sorted(max(row.as_of + move.longest_window, row.created_at + move.settle) for row in rows)

    def _wait(self) -> bool:
        """Let the processes continue; without any, let time pass until a snapshot is due."""
        hub, instants = self.hub, self._due_instants()
        if not instants:
            return False
        if hub.tasks.live:
            hub.tasks.resume_one()
        else:
            hub.clock.now = hub.random.choice(instants) + hub.random.choice(DELAYS)
        return True

    def _start(self, *, reconciles: bool) -> None:
        self._runs += 1
        self.hub.start(
            f"mover-{self._runs}",
            lambda: self._run(reconciles=reconciles),
            self._ended,
            TIMEOUT,
            subject=reconciles,
            what="and reconciles" if reconciles else "",
            skew_max_us=MOVER_SKEW_MAX_US,
            begun=self._live.append,
        )

    def _reconciles(self, runs: list[Task]) -> bool:
        return any(task.subject for task in runs)

    def _run(self, *, reconciles: bool) -> MoveRun:
        hub = self.hub
        stop_at = hub.clock() + TIMEOUT - RESERVE
        run = MoveWorlds(lambda: hub.wire.call("registry.rows", lambda: WORLDS), hub.move, hub.clock)(stop_at)
        for error in run.errors:
            if not isinstance(error, DependencyUnavailableError):
                raise error
        if reconciles:
            for world_id in WORLDS:
                result = hub.reconcile(world_id, stop_at)
                require(not result.differences, "INV-01", f"reconciliation finds {result.differences}")
        return run

    def _ended(self, task: Task) -> None:
        self._live.remove(task)
        self.crashes += isinstance(task.error, Crash)
        if task.error is not None and not isinstance(task.error, Crash | DependencyUnavailableError):
            raise task.error
