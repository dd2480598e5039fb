"""POST a book, let the risk engine handle its announcement, GET the report: in memory."""

from datetime import timedelta
from typing import Any

from events.envelope import CloudEvent
from events.risk_snapshot_updated import risk_snapshot_updated
from functions.evaluation.risk.evaluate import EvaluateRisk
from functions.evaluation.risk.policy import NO_POLICY, RiskPolicy
from tests.fakes.stores import MemoryInputNotes
from tests.http.conftest import WORLD, Hub, book

RETENTION = timedelta(days=30)


def risk_report(hub: Hub, policy: RiskPolicy = NO_POLICY, **fields: Any) -> dict[str, Any]:
    """Publish a book with these fields; return the document of its risk report."""
    api, body = hub.gateway(), book(**fields)
    answer = api("POST", WORLD, body)
    assert answer.status == 201, answer.body
    stored = hub.snapshots.rows["w1", body["version"]]
    event = risk_snapshot_updated(
        stored.to_announcement(), time=hub.clock(), is_latest=True, correlation_id="c-1"
    )
    stores = (hub.snapshots, hub.blobs, hub.evaluations, hub.forecasts, MemoryInputNotes())
    evaluate = EvaluateRisk(*stores, hub.clock, RETENTION, policy)
    assert evaluate(CloudEvent.model_validate_json(event.to_detail())) == "evaluated"
    answer = api("GET", f"{WORLD}/{body['version']}/risk")
    assert answer.status == 200, answer.body
    document: dict[str, Any] = answer.json
    return document


def number(report: dict[str, Any], measure: str, method: str, bps: int | None = None) -> Any:
    """Return the value of one measure of a report."""
    (found,) = [
        each["value"]
        for each in report["measures"]
        if (each["measure"], each["method"], each["confidence_bps"]) == (measure, method, bps)
    ]
    return found


def volatility(report: dict[str, Any]) -> Any:
    """Return the parametric volatility per period."""
    return number(report, "volatility", "parametric_normal")
