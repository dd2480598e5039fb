"""Use cases as tasks that can be stopped between any two port calls: one runs at a time, in the seed's order.

A use case is plain code, so each task has a thread; control is handed over by locks, so threads never run in
parallel and the same seed gives the same interleaving.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any


class Crash(BaseException):
    """The process died here; the code under test must not catch this."""


@dataclass(eq=False)
class Task:
    """One invocation of a use case.

    Attributes:
        deadline: the hub's true time at which the process is killed.
        skew_us: how far its process's clock is off, in microseconds.
        readings: the readings of its clock.
        done: called with the result or the error, in the scheduler's own thread.
    """

    name: str
    work: Callable[[], Any]
    done: Callable[["Task"], None]
    deadline: datetime
    skew_us: int = 0
    subject: Any = None
    readings: list[datetime] = field(default_factory=list)
    value: Any = None
    error: BaseException | None = None
    finished: bool = False
    runner: "_Runner | None" = None

    def run(self) -> None:
        try:
            self.value = self.work()
        except BaseException as error:  # noqa: BLE001  (a task's end is data to the scheduler)
            self.error = error
        self.finished = True


def _closed_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


class _Runner:
    """A thread that runs one task after another."""

    idle: "list[_Runner]" = []  # noqa: RUF012  (threads are reused by all histories)

    def __init__(self) -> None:
        self.wake = _closed_lock()
        self.turn = _closed_lock()
        self.task: Task | None = None
        threading.Thread(target=self._loop, name="simulated process", daemon=True).start()

    def _loop(self) -> None:
        while True:
            self.wake.acquire()
            if self.task is not None:
                self.task.run()
            self.turn.release()

    def go(self) -> None:
        """Let the task run until it pauses or ends."""
        self.wake.release()
        self.turn.acquire()

    def yield_control(self) -> None:
        """Return control to the scheduler; called inside the task."""
        self.turn.release()
        self.wake.acquire()


class Tasks:
    """The running processes."""

    def __init__(self, random: Random, pause_rate: float) -> None:
        self.live: list[Task] = []
        self.current: Task | None = None
        self._random, self._pause_rate = random, pause_rate
        self._aborting = False

    def start(self, task: Task) -> None:
        task.runner = _Runner.idle.pop() if _Runner.idle else _Runner()
        task.runner.task = task
        self.live.append(task)
        self._run(task)

    def resume_one(self) -> None:
        self._run(self._random.choice(self.live))

    def pause(self) -> None:
        """Let others run at random before the task continues; called at each port call."""
        task = self.current
        if task is None or task.runner is None or self._random.random() >= self._pause_rate:
            return
        task.runner.yield_control()
        if self._aborting:
            raise Crash

    def abort(self) -> None:
        """End all tasks, so that no thread remains in the middle of a failed history."""
        self._aborting = True
        for task in list(self.live):
            task.done = _ignore_result
            with suppress(Exception):
                self._run(task)

    def _run(self, task: Task) -> None:
        runner = task.runner
        if runner is None:
            return
        self.current = task
        runner.go()
        self.current = None
        if task.finished:
            self.live.remove(task)
            runner.task = task.runner = None
            _Runner.idle.append(runner)
            task.done(task)


def _ignore_result(_task: Task) -> None:
    """Ignore the end of a task."""
