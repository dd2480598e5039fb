"""The workers' dead letters: their number, and the operator's command to redrive them."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from infra.functions import WORKER_EVENTS
from infra.local.aws import LocalAws
from infra.names import dead_letter_queue_name, queue_name
from infra.ops.operate.queue_list import DEPTH, message_counts, queue_url
from infra.ops.operate.rate_limiter import RateLimiter
from infra.ops.operate.redrive import Redrive
from tools.faults.install import STAGE

RATE_PER_SECOND = 200.0


@dataclass(frozen=True)
class DeadLetters:
    """The dead-letter queues of all workers of one stage.

    Attributes:
        moved: how many messages of each worker were moved back.
    """

    aws: LocalAws
    moved: Counter[str] = field(default_factory=Counter)

    def waiting(self) -> dict[str, int]:
        """Return how many messages each worker has given up."""
        sqs: Any = self.aws.client("sqs")
        return {
            worker: message_counts(sqs, queue_url(sqs, dead_letter_queue_name(STAGE, worker)))[DEPTH]
            for worker in WORKER_EVENTS
        }

    def redrive(self) -> None:
        """Move all dead letters back to the work queues, as `queues redrive` does."""
        sqs: Any = self.aws.client("sqs")
        for worker, waiting in self.waiting().items():
            if waiting:
                source = queue_url(sqs, dead_letter_queue_name(STAGE, worker))
                back = Redrive(sqs, source, queue_url(sqs, queue_name(STAGE, worker)))
                self.moved[worker] += back.move(None, waiting, RateLimiter(RATE_PER_SECOND), lambda _: None)[
                    0
                ]
