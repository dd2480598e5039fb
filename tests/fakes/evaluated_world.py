"""A world whose snapshots are published and evaluated in memory."""

from datetime import timedelta
from typing import Any

import orjson

from events.envelope import CloudEvent
from events.risk_snapshot_updated import risk_snapshot_updated
from functions.evaluation.risk.evaluate import EvaluateRisk
from functions.evaluation.risk.policy import NO_POLICY, RiskPolicy
from functions.evaluation.risk.verify import VerifyRisk
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.use_cases.publish_snapshot import PublishRequest
from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.blob.write import digest
from risk_hub_contracts.reports.risk import RiskMeasure, RiskReport, Sufficiency
from tests.fakes.clock import FrozenClock
from tests.fakes.earlier_release import PublishWithoutBlobChecks
from tests.fakes.marks import MemoryMarks
from tests.fakes.stores import (
    MemoryBlobs,
    MemoryForecasts,
    MemoryInputNotes,
    MemoryReports,
    MemorySnapshots,
)

WORLD = "w1"
RETENTION = timedelta(days=30)
WEIGHTS = {"C": 0.5, "A": 0.7, "B": -0.2}


class EvaluatedWorld:
    """The writer's and the risk engine's use cases on one set of stores."""

    def __init__(self, threshold: int = 100, policy: RiskPolicy = NO_POLICY) -> None:
        self.clock = FrozenClock()
        self.snapshots, self.blobs, self.reports = MemorySnapshots(), MemoryBlobs(), MemoryReports()
        self.forecasts, self.notes = MemoryForecasts(), MemoryInputNotes()
        offload = OffloadPolicy(enabled=True, inline_threshold_entries=threshold)
        self.publish = PublishWithoutBlobChecks(
            self.snapshots, self.blobs, MemoryMarks(), self.clock, offload, RETENTION
        )
        stores = (self.snapshots, self.blobs, self.reports, self.forecasts, self.notes)
        self.evaluate = EvaluateRisk(*stores, self.clock, RETENTION, policy)
        self.verify = VerifyRisk(self.snapshots, self.blobs, self.reports)

    def announced(self, **fields: Any) -> CloudEvent:
        """Publish a snapshot; return the event that announces it."""
        body = {"as_of": "2026-01-05T11:59:00Z", "version": "v1", "weights": WEIGHTS, **fields}
        published = self.publish(PublishRequest(WORLD, "gateway", "paper", orjson.dumps(body), "c-1"))
        event = risk_snapshot_updated(
            published.stored.to_announcement(), time=self.clock(), is_latest=True, correlation_id="c-1"
        )
        return CloudEvent.model_validate_json(event.to_detail())

    def report(self, **fields: Any) -> RiskReport:
        """Publish and evaluate; return the report."""
        event = self.announced(**fields)
        assert self.evaluate(event) == "evaluated"
        (report,) = [
            each.report for each in self.reports.rows.values() if each.report.version == event.data["version"]
        ]
        assert isinstance(report, RiskReport)
        return report

    def blob(self, kind: BlobKind, data: bytes) -> dict[str, Any]:
        """Upload a blob, as a producer may, without validation of its numbers; return its reference."""
        return self.blobs.put(WORLD, kind, digest(data), data).document()


def find_measure(report: RiskReport, measure: str, method: str, bps: int | None) -> RiskMeasure:
    """Return one measure of a report."""
    (found,) = [
        m for m in report.measures if (m.measure, m.method, m.confidence_bps) == (measure, method, bps)
    ]
    return found


def reasons(report: RiskReport, method: str) -> set[str | None]:
    """Return why measures of a method are null; None for those that are not."""
    return {measure.reason for measure in report.measures if measure.method == method}


def verdict(report: RiskReport) -> Sufficiency:
    """Return the verdict on the inputs of a report."""
    assert report.sufficiency is not None
    return report.sufficiency
