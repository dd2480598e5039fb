"""The past: which snapshots are evaluated on purpose only, and whether a report is still to come (ADR-0038)."""

from datetime import datetime, timedelta

from functions.hub.domain.stored_snapshot import Document, StoredSnapshot
from risk_hub_contracts.ids import BACKFILL_SOURCE
from risk_hub_contracts.limits import BACKFILL_AWAITED_MAX_SECONDS, EVALUATION_SETTLE_SECONDS

EVALUATION_SETTLE = timedelta(seconds=EVALUATION_SETTLE_SECONDS)
BACKFILL_AWAITED_MAX = timedelta(seconds=BACKFILL_AWAITED_MAX_SECONDS)


def is_backfilled(document: Document) -> bool:
    """Tell whether a snapshot was history when it arrived: its producer says so in `provenance.source`."""
    return bool(document.get("provenance", {}).get("source") == BACKFILL_SOURCE)


def is_awaited(snapshot: StoredSnapshot, now: datetime) -> bool:
    """Tell whether the snapshot's own announcement can still lead to a report.

    It depends on the record and the clock alone. Engines refuse what has expired when they begin, so that nothing is
    stored any more once the longest evaluation is over; backfilled snapshots they evaluate whenever the message comes.
    """
    if is_backfilled(snapshot.document):
        return now < snapshot.created_at + BACKFILL_AWAITED_MAX
    return now < snapshot.expires_at + EVALUATION_SETTLE
