"""One fault run: load with faults on, faults off, dead letters back, everything comes to rest, and then the count."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.bring_up import OpenStage
from infra.names import physical_name, relay_failures_name
from tests.faults.dead_letters import DeadLetters
from tests.faults.install import REFUSED_WORKER, STAGE, Faults
from tests.faults.load import Load
from tests.faults.witness import POISON_PREFIX, WORKERS, Witness

POLL_SECONDS = 0.5
POISONED_RECORDS = 5
FAULTY_SHARE = 0.9


@dataclass(frozen=True)
class Plan:
    """How large a fault run is.

    Attributes:
        visibility_seconds: after which a message that a worker returned, or died with, comes back to it.
        rest_seconds: how long each wait may take.
    """

    snapshots: int
    worlds: int
    visibility_seconds: int = 5
    rest_seconds: float = 1_800


@dataclass(frozen=True)
class WorkerCount:
    """What one worker made of the committed snapshots.

    Attributes:
        expected: effects that the committed snapshots must have.
        stored: effects that the store holds.
        dead_letters: messages that the worker gave up and that were moved back.
        lost: expected, but not stored or not announced; must be empty.
        doubled: stored without being expected, or announced as more than one; must be empty.
    """

    expected: int
    stored: int
    dead_letters: int
    lost: list[str]
    doubled: list[str]


@dataclass(frozen=True)
class Outcome:
    """What a fault run counted.

    Attributes:
        faults: how often each fault was injected.
        answers: how often each HTTP status was answered.
        committed: snapshots in the table.
        announced: snapshots of these that were announced.
        repeated: announcements beyond the first of a snapshot.
        isolated: records in the relay's failure queue.
        unannounced: committed snapshots that nobody heard of; must be empty.
        workers: the counts of each worker.
        given_up: snapshots that a producer never got an answer of success for; must be empty.
        seconds: how long load and rest took.
    """

    faults: dict[str, int]
    answers: dict[int, int]
    committed: int
    announced: int
    repeated: int
    isolated: int
    unannounced: list[str]
    workers: Mapping[str, WorkerCount]
    given_up: list[str]
    seconds: float

    @property
    def lost(self) -> list[str]:
        """Return everything that was lost; must be empty."""
        return [*self.unannounced, *(name for count in self.workers.values() for name in count.lost)]

    @property
    def doubled(self) -> list[str]:
        """Return everything that happened twice; must be empty."""
        return [name for count in self.workers.values() for name in count.doubled]


@dataclass(frozen=True)
class FaultRun:
    """Everything that takes part in one run, and how long each wait may take."""

    stage: OpenStage
    witness: Witness
    faults: Faults
    load: Load
    dead_letters: DeadLetters
    rest_seconds: float

    def run(self) -> Outcome:
        """Run the load against the stage with faults on; return the counts."""
        started = time.monotonic()
        self.faults.install()
        poison(self.stage.aws)
        self.load.run()
        # Relay and workers come behind the load: the faults stay until nearly all of their work is done too.
        self._wait_until(self._nearly_done)
        self._wait_until(self._dead_letters_lie)
        self.faults.remove()
        self._wait_until(self._at_rest)
        self.witness.stop()
        return self._outcome(time.monotonic() - started)

    def _nearly_done(self) -> bool:
        """Tell whether nine tenths of the work is done that can be done while the faults are on."""
        return self._done_share(refused=self._refused()) >= FAULTY_SHARE

    def _done_share(self, refused: int = 0) -> float:
        wanted: dict[str, int] = dict.fromkeys(("risk_engine", "stress_engine"), self.load.snapshots)
        wanted[REFUSED_WORKER] -= refused
        return min(len(self.witness.made[worker]) / count for worker, count in wanted.items())

    def _refused(self) -> int:
        """Return how many snapshots there are of the refused world."""
        return self.load.snapshots // self.load.worlds

    def _dead_letters_lie(self) -> bool:
        """Tell whether the refused world's messages, as many as its snapshots, have been given up."""
        return self.dead_letters.waiting()[REFUSED_WORKER] >= self._refused()

    def _at_rest(self) -> bool:
        """Tell whether all is done; what was given up meanwhile is moved back, as an operator does."""
        self.dead_letters.redrive()
        if self._done_share() < 1:
            return False
        expected, made = self._expected(), self.witness.made
        return (
            set(self.witness.announced) >= self.witness.committed()
            and all(expected[worker] <= set(made[worker]) for worker in WORKERS)
            and isolated(self.stage.aws) >= POISONED_RECORDS
        )

    def _expected(self) -> dict[str, set[str]]:
        committed = self.witness.committed()
        return {
            "risk_engine": committed,
            "stress_engine": committed,
            "exit_engine": self.load.expected_signals(),
        }

    def _outcome(self, seconds: float) -> Outcome:
        committed, announced = self.witness.committed(), self.witness.announced
        return Outcome(
            faults=self.faults.injected(),
            answers=dict(sorted(self.load.answers.items())),
            committed=len(committed),
            announced=len(committed & set(announced)),
            repeated=sum(announced.values()) - len(announced),
            isolated=isolated(self.stage.aws),
            unannounced=sorted(committed - set(announced)),
            workers=self._worker_counts(),
            given_up=self.load.given_up,
            seconds=seconds,
        )

    def _worker_counts(self) -> dict[str, WorkerCount]:
        expected, stored, made = self._expected(), self.witness.effects(), self.witness.made
        return {
            worker: WorkerCount(
                expected=len(expected[worker]),
                stored=len(stored[worker]),
                dead_letters=self.dead_letters.moved[worker],
                lost=sorted(expected[worker] - (stored[worker] & set(made[worker]))),
                doubled=sorted(
                    (stored[worker] - expected[worker])
                    | {name for name, instants in made[worker].items() if len(instants) > 1}
                ),
            )
            for worker in WORKERS
        }

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition; after the deadline the counts say what is missing."""
        deadline = time.monotonic() + self.rest_seconds
        while not condition() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)


def fault_run(stage: OpenStage, log: Path, plan: Plan) -> Outcome:
    """Run what is planned against a deployed local stage; return the counts."""
    load = Load(stage.hub, plan.snapshots, plan.worlds)
    faults = Faults(stage.aws, log, load.world(0), plan.visibility_seconds)
    witness, dead_letters = Witness(stage.aws), DeadLetters(stage.aws)
    return FaultRun(stage, witness, faults, load, dead_letters, plan.rest_seconds).run()


def poison(aws: Any) -> None:
    """Put items into the snapshots table that no code of the hub wrote."""
    client = aws.client("dynamodb")
    for number in range(POISONED_RECORDS):
        item = {
            "world_id": {"S": f"{POISON_PREFIX}-{number}"},
            "version": {"S": "v1"},
            "body": {"B": b"junk"},
        }
        client.put_item(TableName=physical_name(STAGE, "snapshots"), Item=item)


def isolated(aws: Any) -> int:
    """Return how many records the relay has set aside."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=relay_failures_name(STAGE))["QueueUrl"]
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])
