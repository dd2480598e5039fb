"""The tables' streams: shards of records in order, delivered in batches at least once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from functions.evaluation.derived_record import AnyDerivedRecord
from functions.evaluation.store.dynamodb_reports import to_item
from functions.hub.domain.snapshot_record import SnapshotRecord
from tests.fakes.clock import START
from tools.event_samples.emitted import stream_record
from tools.simulator.faults import Faults

StreamRecord = dict[str, Any]
RETRY_MAX_ATTEMPTS = 5
BATCH_MAX_RECORDS = 10
RETAINED = START + timedelta(days=30)


def snapshot_record(snapshot: SnapshotRecord) -> StreamRecord:
    return stream_record(snapshot)


def tombstone_record(snapshot: SnapshotRecord) -> StreamRecord:
    """Return the record of a snapshot that the table forgot; it announces nothing."""
    stored = snapshot_record(snapshot)["dynamodb"]
    image = {**stored["Keys"], "content_hash": stored["NewImage"]["content_hash"]}
    return {"eventName": "MODIFY", "dynamodb": {"Keys": stored["Keys"], "NewImage": image}}


def report_record(evaluation: AnyDerivedRecord) -> StreamRecord:
    item = to_item(evaluation, RETAINED)
    keys = {name: item[name] for name in ("world_id", "evaluation_id")}
    return {"eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": item}}


def damaged(record: StreamRecord) -> StreamRecord:
    """Return the record with an unreadable image: only its keys remain valid."""
    image = {name: value for name, value in record["dynamodb"]["NewImage"].items() if name != "content_hash"}
    return {**record, "dynamodb": {**record["dynamodb"], "NewImage": image}}


UNREADABLE_RECORD: StreamRecord = {
    "eventName": "INSERT",
    "dynamodb": {"NewImage": {"colour": {"S": "blue"}}},
}


@dataclass
class Shard:
    """Records of some worlds.

    Attributes:
        position: the first record that is not yet acknowledged.
        attempts: failures at this position.
        size: records a batch; halved by each failure, as the event source's bisection does.
        busy: whether a batch is being handled.
    """

    records: list[StreamRecord] = field(default_factory=list)
    position: int = 0
    attempts: int = 0
    size: int = BATCH_MAX_RECORDS
    busy: bool = False

    def batch(self, size: int) -> list[StreamRecord]:
        return self.records[self.position : self.position + min(size, self.size)]

    def acknowledge(self, count: int) -> None:
        self.position += count
        self.attempts, self.size = 0, BATCH_MAX_RECORDS

    def fail(self, give_up: Callable[[StreamRecord], None]) -> None:
        """Count a failure; a record that fails alone and too often goes to the failure queue."""
        self.attempts += 1
        self.size = max(1, self.size // 2)
        if self.attempts > RETRY_MAX_ATTEMPTS and self.size == 1:
            give_up(self.records[self.position])
            self.acknowledge(1)


@dataclass
class Stream:
    """One table's stream; a world's records keep their order, worlds do not wait for one another."""

    faults: Faults
    shards: dict[str, Shard] = field(default_factory=dict)

    def append(self, world_id: str, record: StreamRecord) -> None:
        shard = self.shards.setdefault(world_id, Shard())
        if self.faults.occurs("poison"):
            shard.records.append(UNREADABLE_RECORD)
        shard.records.append(damaged(record) if self.faults.occurs("poison") else record)
        if self.faults.occurs("poison"):
            shard.records.append({**record, "eventName": "REMOVE"})

    def pending(self) -> list[Shard]:
        return [s for s in self.shards.values() if not s.busy and s.position < len(s.records)]
