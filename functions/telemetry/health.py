"""Health metrics of a worker or the relay for one batch: one line per worker, one per stage with problems."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from events.envelope import CloudEvent
from functions.telemetry.metrics import MeteredWorlds, no_metered_worlds, write
from risk_hub_contracts.base import metrics as m
from risk_hub_contracts.base.limits import QUEUE_RECEIVES_MAX_COUNT
from risk_hub_contracts.base.times import parse_instant
from risk_hub_contracts.reports.risk import RiskStatus

WorkerName: TypeAlias = str
"""Value of the dimension `worker`: a constant of the function's handler, so that no event can create a metric."""
FIRST_RECEIVE = 1
PASSED: frozenset[RiskStatus] = frozenset({"complete", "partial"})
"""Statuses of a risk report that has at least one number, computed from valid inputs."""
VALIDATOR: WorkerName = "risk_engine"
PERCENT = 100


class Health:
    """Collect the metrics of one batch.

    A stage is counted under its own name only if it is one of `stages`, a world only if it is also one of
    `metered`.
    """

    def __init__(
        self,
        worker: WorkerName,
        stages: frozenset[str] = frozenset(),
        metered: MeteredWorlds = no_metered_worlds,
    ) -> None:
        self._worker = worker
        self._stages = stages
        self._metered = metered
        self._values: list[tuple[m.Metric, float]] = []
        self._by_stage: dict[str, list[tuple[m.Metric, float]]] = defaultdict(list)
        self._expired: dict[tuple[str, str], int] = defaultdict(int)

    def received(self, receives: int, waited_seconds: float | None, event: CloudEvent | None) -> None:
        """Measure a message's wait; count it if its first handling failed or was interrupted."""
        if waited_seconds is not None:
            self._values.append((m.QUEUE_AGE, max(waited_seconds, 0.0)))
        if receives > FIRST_RECEIVE:
            self._count(m.SNAPSHOT_RETRY, event)

    def worked(self, event: CloudEvent, now: datetime, *, repeated: bool, expired: bool) -> None:
        """Count a message that was handled, and measure the delay after its event."""
        self._values.append((m.WORKER_PROCESSED, 1))
        if repeated:
            self._values.append((m.SNAPSHOT_DEDUPE, 1))
        # Replays and past snapshots are late by design: their delay and expiry do not measure the pipeline.
        if expired:
            self._count(m.SNAPSHOT_EXPIRED, None if event.replay else event)
            if not event.replay:
                self._count_expired_world(event)
        if not (event.replay or event.history):
            self.delayed(parse_instant(event.time), now)

    def failed(self, receives: int, event: CloudEvent | None) -> None:
        """Count a handling that failed, and the dead-lettering that follows the last receive.

        Past snapshots are not urgent: a failure that may be transient raises no alarm, but a dead-lettered
        message does.
        """
        if event is None or not event.history:
            self._count(m.SNAPSHOT_FAILED, event)
        if receives >= QUEUE_RECEIVES_MAX_COUNT:
            self._count(m.SNAPSHOT_DLQ, event)

    def announced(self, commits: int) -> None:
        """Count commits that the relay announced."""
        self._values += [(m.WORKER_PROCESSED, 1)] * commits

    def isolated(self, records: int) -> None:
        """Count unreadable records that the relay moved to its failure queue."""
        self._values += [(m.SNAPSHOT_FAILED, 1), (m.SNAPSHOT_DLQ, 1)] * records

    def delayed(self, since: datetime, now: datetime) -> None:
        """Measure the time from `since` until now."""
        self._values.append((m.PROCESSING_DELAY, max((now - since).total_seconds(), 0.0)))

    def report(self) -> None:
        """Write the collected lines, if any."""
        write(self._values, {m.WORKER: self._worker})
        for stage, values in self._by_stage.items():
            write(values, {m.STAGE: stage})
        for (stage, world_id), count in self._expired.items():
            write([(m.SNAPSHOT_EXPIRED, count)], {m.STAGE: stage, m.WORLD_ID: world_id})

    def _count_expired_world(self, event: CloudEvent) -> None:
        stage, world_id = _stage_of(event), event.data.get("world_id")
        if stage in self._stages and isinstance(world_id, str) and self._metered(world_id, stage):
            self._expired[stage, world_id] += 1

    def _count(self, metric: m.Metric, event: CloudEvent | None) -> None:
        self._values.append((metric, 1))
        stage = None if event is None else _stage_of(event)
        if stage in self._stages:
            self._by_stage[stage].append((metric, 1))


@dataclass(frozen=True, slots=True)
class ReportTally:
    """Count one worker's evaluations by stage: allowed stages only, no replays, no past snapshots."""

    worker: WorkerName
    stages: frozenset[str]

    def __call__(self, event: CloudEvent, stage: str, status: RiskStatus) -> None:
        """See Tally."""
        if event.replay or event.history or stage not in self.stages:
            return
        write([(m.REPORTS, 1)], {m.STAGE: stage, m.STATUS: status, m.WORKER: self.worker})
        if self.worker == VALIDATOR:
            write([(m.VALIDATION_SUCCESS, PERCENT if status in PASSED else 0)], {m.STAGE: stage})


def _stage_of(event: CloudEvent) -> str:
    """Return an event's stage: from a snapshot's provenance, or from a report's own `stage` field."""
    provenance = event.data.get("provenance")
    named = provenance.get("stage") if isinstance(provenance, dict) else event.data.get("stage")
    return named if isinstance(named, str) else ""
