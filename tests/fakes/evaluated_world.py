"""A hub whose snapshots are published without blob checks and evaluated by the risk engine."""

from typing import Any

import orjson

from events.envelope import CloudEvent
from functions.evaluation.risk.policy import NO_POLICY, RiskPolicy
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.use_cases.publish_snapshot import PublishRequest
from risk_hub_contracts.reports.risk import RiskMeasure, RiskReport, Sufficiency
from tests.fakes.earlier_release import PublishWithoutBlobChecks
from tests.fakes.hub import Hub
from tests.fakes.samples import WORLD

WEIGHTS = {"C": 0.5, "A": 0.7, "B": -0.2}


class EvaluatedWorld(Hub):
    """One world of a hub that stores any blob; a test calls the engines with the announcement."""

    def __init__(self, threshold: int = 100, policy: RiskPolicy = NO_POLICY, *, offload: bool = True) -> None:
        super().__init__(
            offload=OffloadPolicy(
                enabled=offload, inline_threshold_entries=threshold, inline_returns_max_bytes=0
            ),
            publisher=PublishWithoutBlobChecks,
            risk_policy=policy,
        )

    def announced(self, **fields: Any) -> CloudEvent:
        """Publish a snapshot; return the event that announces it."""
        body = {"as_of": "2026-01-05T11:59:00Z", "version": "v1", "weights": WEIGHTS, **fields}
        request = PublishRequest(WORLD, "gateway", "paper", orjson.dumps(body), "c-1", "Root=1")
        self.announce([self.publish_snapshot()(request).stored])
        (event,) = self.taken()
        return event

    def evaluated(self, **fields: Any) -> RiskReport:
        """Publish and evaluate; return the risk report."""
        event = self.announced(**fields)
        assert self.evaluate_risk(event) == "evaluated"
        version = event.data["version"]
        (report,) = [row.report for row in self.evaluations.rows.values() if row.report.version == version]
        assert isinstance(report, RiskReport)
        return report


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
