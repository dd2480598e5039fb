"""Past snapshots: which are evaluated only on request, and whether a report is still due (ADR-0038)."""

from datetime import datetime, timedelta

from functions.hub.domain.snapshot_record import Document, SnapshotRecord
from risk_hub_contracts.base.ids import BACKFILL_SOURCE
from risk_hub_contracts.base.limits import BACKFILL_AWAITED_MAX_SECONDS, REPORT_SETTLE_SECONDS

EVALUATION_SETTLE = timedelta(seconds=REPORT_SETTLE_SECONDS)
BACKFILL_AWAITED_MAX = timedelta(seconds=BACKFILL_AWAITED_MAX_SECONDS)


def is_backfilled(document: Document) -> bool:
    """Return whether a snapshot was history on arrival, as its producer declared in `provenance.source`."""
    return bool(document.get("provenance", {}).get("source") == BACKFILL_SOURCE)


def is_report_pending(snapshot: SnapshotRecord, now: datetime) -> bool:
    """Return whether the snapshot's own announcement can still lead to a report.

    It depends only on the record and the clock. Engines refuse an expired snapshot when they begin, so
    nothing is stored after the longest evaluation that began before expiry; they evaluate backfilled
    snapshots whenever the message arrives.
    """
    if is_backfilled(snapshot.document):
        return now < snapshot.created_at + BACKFILL_AWAITED_MAX
    return now < snapshot.expires_at + EVALUATION_SETTLE
