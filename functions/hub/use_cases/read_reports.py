"""Read the report of one kind on one snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.hub.domain.evaluation import ReportKind
from functions.hub.domain.stored_snapshot import StoredSnapshot
from functions.hub.ports import Reports, SnapshotStore
from risk_hub_contracts.problems import (
    RISK_NOT_FOUND,
    SNAPSHOT_NOT_FOUND,
    STRESS_NOT_FOUND,
    ProblemError,
    ProblemType,
)
from risk_hub_contracts.times import format_instant

NOT_YET: Mapping[ReportKind, ProblemType] = {"risk": RISK_NOT_FOUND, "stress": STRESS_NOT_FOUND}


@dataclass(frozen=True, slots=True)
class ReadReports:
    """Returns what an engine computed from a snapshot: the newest engine's report, as a JSON document."""

    reports: Reports
    snapshots: SnapshotStore

    def of_version(self, kind: ReportKind, world_id: str, version: str) -> dict[str, Any]:
        """Return the report on one version: one request when there is one.

        Raises:
            ProblemError: `snapshot-not-found`, or `risk-not-found` or `stress-not-found` before the evaluation.
        """
        report = self.reports.newest_report(kind, world_id, version)
        if report is not None:
            return report
        stored = self.snapshots.get(world_id, version)
        if stored is None:
            raise ProblemError(SNAPSHOT_NOT_FOUND, f"world {world_id!r} has no version {version!r}")
        raise _absent(kind, stored)

    def of_snapshot(
        self, kind: ReportKind, stored: StoredSnapshot, known_at: datetime | None
    ) -> dict[str, Any]:
        """Return the report on a snapshot that was found: one request.

        Raises:
            ProblemError: `risk-not-found` or `stress-not-found` before the evaluation.
        """
        report = self.reports.newest_report(kind, stored.world_id, stored.version, known_at)
        if report is None:
            raise _absent(kind, stored, known_at)
        return report


def _absent(kind: ReportKind, stored: StoredSnapshot, known_at: datetime | None = None) -> ProblemError:
    state = "is not evaluated yet" if known_at is None else f"had no report at {format_instant(known_at)}"
    detail = f"version {stored.version!r} of world {stored.world_id!r} {state}"
    return ProblemError(NOT_YET[kind], detail, extra={"version": stored.version})
