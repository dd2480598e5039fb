"""The way of a snapshot through the hub in memory: POST, engine, GET of the report."""

from datetime import timedelta
from typing import Any

from events.envelope import CloudEvent
from events.risk_snapshot_updated import risk_snapshot_updated
from functions.evaluation.derived_record import ReportKind
from functions.evaluation.risk.evaluate import EvaluateRisk
from functions.evaluation.stress.evaluate import EvaluateStress
from risk_hub_contracts.blob.types import BlobKind
from risk_hub_contracts.blob.write import digest
from tests.fakes.gateway import Gateway
from tests.fakes.stores import MemoryInputNotes
from tests.http.conftest import WORLD, Hub, book, post

RETENTION = timedelta(days=30)


def evaluated(api: Gateway, hub: Hub, kind: ReportKind = "risk", **fields: Any) -> dict[str, Any]:
    """Post a book, let the engine evaluate it, and return the report that GET answers."""
    body = book(**fields)
    answer = post(api, body)
    assert answer.status == 201, answer
    evaluate_stored(hub, body["version"], kind)
    report = api("GET", f"{WORLD}/{body['version']}/{kind}")
    assert report.status == 200, report
    document: dict[str, Any] = report.json
    return document


def evaluate_stored(hub: Hub, version: str, kind: ReportKind = "risk") -> None:
    """Let the engine evaluate a stored snapshot, as on its announcement."""
    stored = hub.snapshots.get("w1", version)
    assert stored is not None
    event = risk_snapshot_updated(
        stored.to_announcement(), time=hub.clock(), is_latest=True, correlation_id="c-1"
    )
    _engine(hub, kind)(CloudEvent.model_validate_json(event.to_detail()))


def stored_blob(hub: Hub, kind: BlobKind, data: bytes) -> dict[str, Any]:
    """Store a blob as an upload does; return its reference."""
    return hub.blobs.put("w1", kind, digest(data), data).document()


def codes(report: dict[str, Any], *, meaningless: bool | None = None) -> list[str]:
    """Return the codes of the warnings, all or only those with or without the verdict `meaningless`."""
    return [
        each["code"]
        for each in report["warnings"]
        if meaningless is None or each["makes_insufficient"] is meaningless
    ]


def one_warning(report: dict[str, Any], code: str) -> dict[str, Any]:
    """Return the only warning with a code."""
    (found,) = [each for each in report["warnings"] if each["code"] == code]
    assert isinstance(found, dict)
    return found


def _engine(hub: Hub, kind: ReportKind) -> EvaluateRisk | EvaluateStress:
    if kind == "stress":
        return EvaluateStress(hub.snapshots, hub.blobs, hub.evaluations, hub.clock, RETENTION)
    notes = MemoryInputNotes()
    return EvaluateRisk(hub.snapshots, hub.blobs, hub.evaluations, hub.forecasts, notes, hub.clock, RETENTION)
