"""Evaluate the risk of an announced snapshot: load, verify, compute, store once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from events.envelope import CloudEvent
from functions.hub.domain.evaluation import Evaluation
from functions.hub.ports import BlobError, BlobStore, Clock, EvaluationStore, SnapshotStore
from functions.risk.inputs import (
    Input,
    InputKind,
    covariance_over_book,
    covered_share,
    portfolio_returns,
)
from functions.risk.measures import Array
from functions.risk.report import risk_report
from risk_hub_contracts.blob import BlobFormatError, Covariance, Decoded, RealizedReturns, decode
from risk_hub_contracts.risk import RiskInput
from risk_hub_contracts.snapshot import Part, Snapshot
from risk_hub_contracts.times import parse_instant

Loader = Callable[[Any, dict[str, float]], tuple[Array | None, str | None]]


@dataclass(frozen=True, slots=True)
class EvaluateRisk:
    """The risk engine's work on one `risk_snapshot_updated` event; done twice it has the effect of once (INV-05)."""

    snapshots: SnapshotStore
    blobs: BlobStore
    evaluations: EvaluationStore
    clock: Clock
    retention: timedelta

    def __call__(self, event: CloudEvent) -> str:
        """Evaluate the snapshot and store the report; return `evaluated`, `repeated` or `expired`.

        Raises:
            UnavailableError: a store did not answer; the event may be delivered again.
            LookupError: the event names a snapshot that the store does not hold.
        """
        now = self.clock()
        if parse_instant(event.data["expires_at"]) <= now:
            return "expired"
        snapshot = Snapshot.from_document(self._document(event), event.data["content_hash"])
        inputs = (
            self._input(snapshot, "covariance", covariance_over_book),
            self._input(snapshot, "realized_returns", portfolio_returns),
        )
        return self._store(Evaluation(risk_report(snapshot, inputs, now), event.correlationid), now)

    def _store(self, evaluation: Evaluation, now: datetime) -> str:
        stored = self.evaluations.put_once(evaluation, now + self.retention)
        return "evaluated" if stored else "repeated"

    def _document(self, event: CloudEvent) -> dict[str, Any]:
        if "claim_check" not in event.data:
            return event.data
        stored = self.snapshots.get(event.data["world_id"], event.data["version"])
        if stored is None:
            raise LookupError(f"world {event.data['world_id']!r} has no version {event.data['version']!r}")
        return stored.document

    def _input(self, snapshot: Snapshot, kind: InputKind, load: Loader) -> Input:
        part = snapshot.part(kind)
        if part is None:
            absent = RiskInput(kind=kind, source="absent", sha256=None, coverage=None, observations=None)
            return Input(absent, None, f"{kind}_absent")
        source = "inline" if part.ref is None else "ref"
        try:
            decoded = decode(self._bytes(part))
        except (BlobError, BlobFormatError) as error:
            broken = RiskInput(kind=kind, source=source, sha256=part.sha256, coverage=None, observations=None)
            return Input(
                broken, None, "blob_unavailable" if isinstance(error, BlobError) else "blob_malformed"
            )
        values, reason = load(decoded, snapshot.weights)
        declared = RiskInput(
            kind=kind,
            source=source,
            sha256=part.sha256,
            coverage=_coverage(decoded, snapshot.weights),
            observations=_observations(decoded),
        )
        return Input(declared, values, reason)

    def _bytes(self, part: Part) -> bytes:
        if part.ref is not None:
            return self.blobs.load(part.ref)
        return part.blob or b""


def _coverage(decoded: Decoded, weights: dict[str, float]) -> float | None:
    if not isinstance(decoded, Covariance | RealizedReturns):
        return None
    bare_portfolio_series = not decoded.ids
    return 1.0 if bare_portfolio_series else covered_share(weights, decoded.ids)


def _observations(decoded: Decoded) -> int | None:
    return min(decoded.lengths) if isinstance(decoded, RealizedReturns) else None
