"""The wire between use cases and ports: where tasks switch and faults occur."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from functions.hub.ports import Dependency, DependencyUnavailableError
from tests.fakes.clock import START
from tools.simulator.faults import Faults
from tools.simulator.tasks import Crash, Tasks
from tools.simulator.trace import Trace

T = TypeVar("T")
LATENCIES_US = (0, 0, 0, 1, 800, 25_000)
SLOW_SECONDS = (1, 4, 9, 13, 40)


class HubClock:
    """The true time, and its reading by a process whose clock is slightly off."""

    def __init__(self, tasks: Tasks) -> None:
        self.now = self.last_time = START
        self._tasks = tasks

    def __call__(self) -> datetime:
        """Answer the running process, and record the reading: nothing else may decide expiry (INV-07)."""
        task = self._tasks.current
        if task is None:
            self.last_time = self.now
            return self.now
        task.readings.append(self.unrecorded())
        return task.readings[-1]

    def unrecorded(self) -> datetime:
        """Answer the running process without a record, for a reading that decides no expiry."""
        task = self._tasks.current
        return self.now if task is None else self.now + timedelta(microseconds=task.skew_us)

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Wire:
    """The path of every port call: it delays the call, and may crash the task, lose the answer or fail the call."""

    def __init__(self, random: Random, clock: HubClock, tasks: Tasks, faults: Faults, trace: Trace) -> None:
        self.clock, self.tasks, self.faults, self.trace = clock, tasks, faults, trace
        self._random = random

    def call(self, name: str, effect: Callable[[], T], stale: Callable[[], T] | None = None) -> T:
        """Let the call take effect or fail, and its answer arrive or be lost; `stale`: an older replica's
        answer.
        """
        self._delay()
        if self._crashes_here():
            self._crash(name, "before")
        if self.faults.occurs("throttle"):
            self.note(f"{name} throttled")
            raise DependencyUnavailableError(Dependency.SNAPSHOT_STORE, f"{name}: throttled")
        old = stale is not None and self.faults.occurs("stale read")
        answer = stale() if stale is not None and old else effect()
        self.note(f"{name}{' (stale)' if old else ''}")
        if self._crashes_here():
            self._crash(name, "after")
        if self.faults.occurs("lost answer"):
            self.note(f"{name}: answer lost")
            raise DependencyUnavailableError(Dependency.SNAPSHOT_STORE, f"{name}: the answer was lost")
        return answer

    def note(self, what: str) -> None:
        task = self.tasks.current
        self.trace.add(self.clock.now, "-" if task is None else task.name, what)

    def _delay(self) -> None:
        self.clock.advance(microseconds=self._random.choice(LATENCIES_US))
        if self.faults.occurs("slow"):
            self.clock.advance(seconds=self._random.choice(SLOW_SECONDS))
        self.tasks.pause()
        task = self.tasks.current
        if task is not None and self.clock.now > task.deadline:
            self.note("timed out: killed")
            raise Crash

    def _crashes_here(self) -> bool:
        return self.tasks.current is not None and self.faults.crashes_here()

    def _crash(self, name: str, when: str) -> None:
        self.note(f"CRASH {when} {name}")
        raise Crash
