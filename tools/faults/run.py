"""One fault run: load with faults on, faults off, dead letters redriven, all queues at rest, then the counts."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.local.bring_up import RunningStage
from infra.names import relay_failures_name, table_name
from tools.faults.dead_letters import DeadLetters
from tools.faults.effect_observer import POISON_PREFIX, WORKERS, EffectObserver
from tools.faults.install import REFUSED_WORKER, STAGE, Faults
from tools.faults.load import Load
from tools.faults.moves import COMPLETED, HistoryObserver, MovedCount, Mover

POLL_SECONDS = 0.5
POISONED_RECORDS = 5
FAULTY_SHARE = 0.9
# The run in progress, and one that finishes what an earlier one left.
RUNS_AFTER_FAULTS = 2


@dataclass(frozen=True)
class Plan:
    """The size of a fault run.

    Attributes:
        visibility_seconds: time after which a message that a worker returned, or died with, is delivered
            again.
        wait_max_seconds: maximum duration of each wait.
    """

    snapshots: int
    worlds: int
    visibility_seconds: int = 5
    wait_max_seconds: float = 1_800


@dataclass(frozen=True)
class WorkerCount:
    """The effects of one worker for the committed snapshots.

    Attributes:
        expected: effects that the committed snapshots must have.
        stored: effects in the store.
        dead_letters: messages that the worker gave up and that were moved back.
        lost: expected, but not stored or not announced; must be empty.
        duplicated: stored without being expected, or announced as more than one; must be empty.
    """

    expected: int
    stored: int
    dead_letters: int
    lost: list[str]
    duplicated: list[str]


@dataclass(frozen=True)
class Outcome:
    """The counts of a fault run.

    Attributes:
        faults: how often each fault was injected.
        answers: how often each HTTP status was returned.
        committed: snapshots in the table.
        announced: committed snapshots that were announced.
        repeated: announcements beyond the first of a snapshot.
        isolated: records in the relay's failure queue.
        unannounced: committed snapshots that were never announced; must be empty.
        workers: the counts of each worker.
        history: the counts of the mover.
        given_up: snapshots for which a producer never received a success answer; must be empty.
        seconds: duration of load and rest.
    """

    faults: dict[str, int]
    answers: dict[int, int]
    committed: int
    announced: int
    repeated: int
    isolated: int
    unannounced: list[str]
    workers: Mapping[str, WorkerCount]
    history: MovedCount
    given_up: list[str]
    seconds: float

    @property
    def lost(self) -> list[str]:
        """Return everything that was lost; must be empty."""
        of_workers = (name for count in self.workers.values() for name in count.lost)
        return [*self.unannounced, *of_workers, *self.history.lost, *self.history.torn]

    @property
    def duplicated(self) -> list[str]:
        """Return everything that happened twice; must be empty."""
        of_workers = (name for count in self.workers.values() for name in count.duplicated)
        return [*of_workers, *self.history.doubled]


@dataclass(frozen=True)
class FaultRun:
    """The participants of one run, and the maximum duration of each wait."""

    stage: RunningStage
    observer: EffectObserver
    faults: Faults
    load: Load
    dead_letters: DeadLetters
    history: HistoryObserver
    wait_max_seconds: float

    def run(self) -> Outcome:
        """Run the load against the stage with faults on; return the counts."""
        started = time.monotonic()
        self.faults.install()
        poison(self.stage.aws)
        mover = Mover(self.stage.aws)
        self.load.run()
        # Relay and workers lag behind the load: the faults stay on until nearly all of their work is done
        # too.
        self._wait_until(self._nearly_done)
        self._wait_until(self._dead_letters_present)
        self.faults.remove()
        self._wait_until(self._all_work_done)
        self._wait_until(self._all_moved)
        whole_runs = mover.runs[COMPLETED] + RUNS_AFTER_FAULTS
        self._wait_until(lambda: mover.runs[COMPLETED] >= whole_runs)
        mover.stop()
        self.observer.stop()
        return self._outcome(time.monotonic() - started, mover)

    def _nearly_done(self) -> bool:
        """Return whether nine tenths of the work that is possible with faults on is done."""
        return self._done_share(refused=self._refused_count()) >= FAULTY_SHARE

    def _done_share(self, refused: int = 0) -> float:
        wanted: dict[str, int] = dict.fromkeys(("risk_engine", "stress_engine"), self.load.snapshots)
        wanted[REFUSED_WORKER] -= refused
        return min(len(self.observer.announced_effects[worker]) / count for worker, count in wanted.items())

    def _refused_count(self) -> int:
        """Return the number of snapshots of the world whose effects are refused."""
        return self.load.snapshots // self.load.worlds

    def _dead_letters_present(self) -> bool:
        """Return whether there is a dead letter for each snapshot of the world whose effects are refused."""
        return self.dead_letters.waiting()[REFUSED_WORKER] >= self._refused_count()

    def _all_work_done(self) -> bool:
        """Return whether all work is done; move given-up messages back, as an operator does."""
        self.dead_letters.redrive()
        if self._done_share() < 1:
            return False
        expected, announced_effects = self._expected(), self.observer.announced_effects
        return (
            set(self.observer.announced) >= self.observer.committed()
            and all(expected[worker] <= set(announced_effects[worker]) for worker in WORKERS)
            and isolated(self.stage.aws) >= POISONED_RECORDS
        )

    def _all_moved(self) -> bool:
        """Return whether the late snapshots have left the table."""
        return not self.history.due(self.observer.items(), datetime.now(UTC))

    def _expected(self) -> dict[str, set[str]]:
        committed = self.observer.committed()
        return {
            "risk_engine": committed,
            "stress_engine": committed,
            "exit_engine": self.load.expected_signals(self.observer.latest),
        }

    def _outcome(self, seconds: float, mover: Mover) -> Outcome:
        committed, announced = self.observer.committed(), self.observer.announced
        return Outcome(
            faults=self.faults.injected(),
            answers=dict(sorted(self.load.answers.items())),
            committed=len(committed),
            announced=len(committed & set(announced)),
            repeated=sum(announced.values()) - len(announced),
            isolated=isolated(self.stage.aws),
            unannounced=sorted(committed - set(announced)),
            workers=self._worker_counts(),
            history=self.history.count(
                self.observer.items(), dict(sorted(mover.runs.items())), self.load.unanswered
            ),
            given_up=self.load.given_up,
            seconds=seconds,
        )

    def _worker_counts(self) -> dict[str, WorkerCount]:
        expected, stored, announced_effects = (
            self._expected(),
            self.observer.effects(),
            self.observer.announced_effects,
        )
        return {
            worker: WorkerCount(
                expected=len(expected[worker]),
                stored=len(stored[worker]),
                dead_letters=self.dead_letters.moved[worker],
                lost=sorted(expected[worker] - (stored[worker] & set(announced_effects[worker]))),
                duplicated=sorted(
                    (stored[worker] - expected[worker])
                    | {name for name, instants in announced_effects[worker].items() if len(instants) > 1}
                ),
            )
            for worker in WORKERS
        }

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition; after the deadline the counts show what is missing."""
        deadline = time.monotonic() + self.wait_max_seconds
        while not condition() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)


def fault_run(stage: RunningStage, log: Path, plan: Plan) -> Outcome:
    """Run the plan against a deployed local stage; return the counts."""
    load = Load(stage.hub, plan.snapshots, plan.worlds)
    faults = Faults(stage.aws, log, load.world(0), plan.visibility_seconds)
    observer, dead_letters = EffectObserver(stage.aws), DeadLetters(stage.aws)
    history = HistoryObserver(stage.aws, stage.deployment.outputs["BucketName"])
    return FaultRun(stage, observer, faults, load, dead_letters, history, plan.wait_max_seconds).run()


def poison(aws: Any) -> None:
    """Put items into the snapshots table that the hub's code did not write."""
    client = aws.client("dynamodb")
    for number in range(POISONED_RECORDS):
        item = {
            "world_id": {"S": f"{POISON_PREFIX}-{number}"},
            "version": {"S": "v1"},
            "body": {"B": b"junk"},
        }
        client.put_item(TableName=table_name(STAGE, "snapshots"), Item=item)


def isolated(aws: Any) -> int:
    """Return how many records are in the relay's failure queue."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=relay_failures_name(STAGE))["QueueUrl"]
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])
