"""Evaluate the risk of an announced snapshot: load, verify, compute, store once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from events.envelope import CloudEvent
from functions.hub.ports import BlobError, BlobStore, Clock, EvaluationStore, SnapshotStore
from functions.hub.use_cases.work_on_snapshot import announced_snapshot, derived_from, verified_bytes
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
from risk_hub_contracts.snapshot import Snapshot

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
        snapshot = announced_snapshot(event, self.snapshots, now)
        if snapshot is None:
            return "expired"
        inputs = (
            self._input(snapshot, "covariance", covariance_over_book),
            self._input(snapshot, "realized_returns", portfolio_returns),
        )
        evaluation = derived_from(event, risk_report(snapshot, inputs, now))
        stored = self.evaluations.put_once(evaluation, now + self.retention)
        return "evaluated" if stored else "repeated"

    def _input(self, snapshot: Snapshot, kind: InputKind, load: Loader) -> Input:
        part = snapshot.part(kind)
        if part is None:
            absent = RiskInput(kind=kind, source="absent", sha256=None, coverage=None, observations=None)
            return Input(absent, None, f"{kind}_absent")
        source = "inline" if part.ref is None else "ref"
        try:
            decoded = decode(verified_bytes(part, self.blobs))
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


def _coverage(decoded: Decoded, weights: dict[str, float]) -> float | None:
    if not isinstance(decoded, Covariance | RealizedReturns):
        return None
    bare_portfolio_series = not decoded.ids
    return 1.0 if bare_portfolio_series else covered_share(weights, decoded.ids)


def _observations(decoded: Decoded) -> int | None:
    return min(decoded.lengths) if isinstance(decoded, RealizedReturns) else None
