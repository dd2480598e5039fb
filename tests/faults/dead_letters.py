"""The workers' dead letters: how many lie there, and the operator's way to bring them back."""

from dataclasses import dataclass
from typing import Any

from infra.local.aws import LocalAws
from infra.names import WORKER_EVENTS, dead_letter_queue_name, queue_name
from infra.operate.pace import Pace
from infra.operate.queue_list import DEPTH, counts, queue_url
from infra.operate.redrive import Redrive
from tests.faults.install import STAGE

RATE_PER_SECOND = 200.0


@dataclass(frozen=True)
class DeadLetters:
    """The dead-letter queues of all workers of one stage."""

    aws: LocalAws

    def waiting(self) -> dict[str, int]:
        """Return how many messages each worker has given up."""
        sqs: Any = self.aws.client("sqs")
        return {
            worker: counts(sqs, queue_url(sqs, dead_letter_queue_name(STAGE, worker)))[DEPTH]
            for worker in WORKER_EVENTS
        }

    def redrive(self) -> dict[str, int]:
        """Move everything back to the work queues, as `queues redrive` does; return how many were moved."""
        sqs: Any = self.aws.client("sqs")
        moved = {}
        for worker, waiting in self.waiting().items():
            source = queue_url(sqs, dead_letter_queue_name(STAGE, worker))
            back = Redrive(sqs, source, queue_url(sqs, queue_name(STAGE, worker)))
            moved[worker] = back.move(None, waiting, Pace(RATE_PER_SECOND), lambda _: None)[0]
        return moved
