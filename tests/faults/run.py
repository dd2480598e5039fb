"""One fault run: load with faults on, faults off, everything comes to rest, and then the count."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.bring_up import OpenStage
from infra.names import physical_name, relay_failures_name
from tests.faults.install import STAGE, Faults
from tests.faults.load import Load
from tests.faults.witness import POISON_PREFIX, Witness

REST_DEADLINE_SECONDS = 900
POLL_SECONDS = 2.0
POISONED_RECORDS = 5
FAULTY_SHARE = 0.9


@dataclass(frozen=True)
class Outcome:
    """What a fault run counted.

    Attributes:
        faults: how often each fault was injected.
        answers: how often each HTTP status was answered.
        committed: snapshots in the table.
        announced: snapshots of these that were announced.
        repeated: announcements beyond the first of a snapshot.
        effects: risk reports stored.
        isolated: records in the relay's failure queue.
        lost: committed snapshots without announcement or effect; must be empty.
        doubled: snapshots with more than one distinct effect announced; must be empty.
        seconds: how long load and rest took.
    """

    faults: dict[str, int]
    answers: dict[int, int]
    committed: int
    announced: int
    repeated: int
    effects: int
    isolated: int
    lost: list[str]
    doubled: list[str]
    given_up: list[str]
    seconds: float


def fault_run(
    stage: OpenStage, log: Path, *, snapshots: int, worlds: int, rest_seconds: float = REST_DEADLINE_SECONDS
) -> Outcome:
    """Run the load against a deployed local stage with faults on; return the counts."""
    started = time.monotonic()
    witness, faults = Witness(stage.aws), Faults(stage.aws, log)
    faults.install()
    load = Load(stage.hub, snapshots, worlds)
    poison(stage.aws)
    load.run()
    # The relay and the engine work behind the load: the faults stay until nearly all of their work is done too.
    wait_until(lambda: len(witness.evaluated) >= FAULTY_SHARE * snapshots, rest_seconds)
    faults.remove()
    wait_until(lambda: witness.committed() <= witness.effects(), rest_seconds)
    wait_until(lambda: isolated(stage.aws) >= POISONED_RECORDS, rest_seconds)
    wait_until(
        lambda: witness.committed() <= set(witness.announced) and len(witness.evaluated) >= snapshots,
        rest_seconds,
    )
    witness.stop()
    return outcome(witness, faults, load, isolated(stage.aws), time.monotonic() - started)


def outcome(witness: Witness, faults: Faults, load: Load, set_aside: int, seconds: float) -> Outcome:
    """Return the counts of a run that has come to rest."""
    committed, effects, announced = witness.committed(), witness.effects(), witness.announced
    return Outcome(
        faults=faults.injected(),
        answers=dict(sorted(load.answers.items())),
        committed=len(committed),
        announced=len(committed & set(announced)),
        repeated=sum(announced.values()) - len(announced),
        effects=len(effects),
        isolated=set_aside,
        lost=sorted((committed - set(announced)) | (committed - effects)),
        doubled=sorted(name for name, times in witness.evaluated.items() if len(times) > 1),
        given_up=load.given_up,
        seconds=seconds,
    )


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


def wait_until(at_rest: Callable[[], bool], seconds: float) -> None:
    """Wait for a condition; after the deadline the counts say what is missing."""
    deadline = time.monotonic() + seconds
    while not at_rest() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
