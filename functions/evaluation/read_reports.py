"""Read the report of one kind on one snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.evaluation.derived_record import ReportKind
from functions.evaluation.ports import Reports, StoredReport
from functions.hub.domain.past_snapshots import is_backfilled, is_report_pending
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import Clock, SnapshotStore, WorldStore
from functions.hub.use_cases.explain_absence import VERSION_REMEDY, ExplainAbsence
from risk_hub_contracts.base.problems import (
    RISK_NOT_FOUND,
    SNAPSHOT_NOT_FOUND,
    STRESS_NOT_FOUND,
    WILL_NOT_BE_EVALUATED,
    ProblemError,
    ProblemType,
)
from risk_hub_contracts.base.times import format_instant

KNOWN_AT_REMEDY = "Send a later `known_at`, or leave it out to read the newest report."
NOT_YET: Mapping[ReportKind, ProblemType] = {"risk": RISK_NOT_FOUND, "stress": STRESS_NOT_FOUND}


@dataclass(frozen=True, slots=True)
class ReadReports:
    """Returns the newest engine's report on a snapshot."""

    reports: Reports
    snapshots: SnapshotStore
    worlds: WorldStore
    clock: Clock

    def of_version(self, kind: ReportKind, world_id: str, version: str) -> StoredReport:
        """Return the report on one version: one request if the report exists.

        Raises:
            ProblemError: `world-unknown` or `snapshot-not-found`; `risk-not-found` or `stress-not-found` before
                the evaluation; `will-not-be-evaluated` if none is due.
        """
        report = self.reports.newest_report(kind, world_id, version)
        if report is not None:
            return report
        stored = self.snapshots.get(world_id, version)
        if stored is None:
            raise self._no_version(world_id, version)
        raise _missing_report_problem(kind, stored, self.clock())

    def _no_version(self, world_id: str, version: str) -> ProblemError:
        if self.snapshots.last_expiry(world_id) is None:
            return ExplainAbsence(self.snapshots, self.worlds).of_empty_world(world_id, None)
        detail = f"world {world_id!r} has no version {version!r}"
        return ProblemError(SNAPSHOT_NOT_FOUND, detail, remedy=VERSION_REMEDY)

    def of_snapshot(
        self, kind: ReportKind, stored: SnapshotRecord, known_at: datetime | None
    ) -> StoredReport:
        """Return the report on a snapshot that was found: one request.

        Raises:
            ProblemError: `risk-not-found` or `stress-not-found` before the evaluation;
                `will-not-be-evaluated` if none is due.
        """
        report = self.reports.newest_report(kind, stored.world_id, stored.version, known_at)
        if report is None:
            raise _missing_report_problem(kind, stored, self.clock(), known_at)
        return report


def _missing_report_problem(
    kind: ReportKind, stored: SnapshotRecord, now: datetime, known_at: datetime | None = None
) -> ProblemError:
    named = f"version {stored.version!r} of world {stored.world_id!r}"
    extra = {"version": stored.version}
    if known_at is not None:
        detail = f"the hub knew no {kind} report on {named} at {format_instant(known_at)}"
        return ProblemError(NOT_YET[kind], detail, extra=extra, remedy=KNOWN_AT_REMEDY)
    if is_report_pending(stored, now):
        return ProblemError(NOT_YET[kind], f"{named} is not evaluated yet", extra=extra)
    as_of, expired_at = format_instant(stored.as_of), format_instant(stored.expires_at)
    reason = (
        "its announcement is no longer kept" if is_backfilled(stored.document) else f"expired at {expired_at}"
    )
    command = f"risk-hub risk evaluate {stored.world_id} --from {as_of} --to {as_of}"
    detail = f"{named} will not be evaluated: {reason}"
    remedy = f"Ask an operator to run `{command}` with the --stage-name of this deployment."
    extra |= {"expired_at": expired_at, "command": command}
    return ProblemError(WILL_NOT_BE_EVALUATED, detail, extra=extra, remedy=remedy)
