"""`risk_snapshot_updated`: a snapshot was committed.

`data` is the snapshot as readers see it, large components as references. A snapshot too large for one bus entry is
announced by a claim check: the same identifying fields, and the path at which to fetch the rest.
"""

from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from events.envelope import CloudEvent, event_id, schema_uri
from risk_hub_contracts.base.limits import EVENT_ENTRY_MAX_BYTES
from risk_hub_contracts.base.times import format_instant

TYPE: Literal["risk_snapshot_updated"] = "risk_snapshot_updated"
IDENTIFYING_FIELDS = (
    "world_id",
    "version",
    "as_of",
    "as_of_utc",
    "ttl_sec",
    "provenance",
    "content_hash",
    "created_at",
    "expires_at",
)
# Space in bytes for the entry's members other than `detail`: bus, source, detail type, trace header.
ENTRY_OVERHEAD_MAX_BYTES = 2_048


def risk_snapshot_updated(  # noqa: PLR0913 - by keyword
    announcement: dict[str, Any],
    *,
    time: datetime,
    is_latest: bool,
    correlation_id: str | None = None,
    trace_header: str | None = None,
    history: bool = False,
) -> CloudEvent:
    """Return the event for a committed snapshot.

    Args:
        announcement: the stored snapshot's document with the hub's own fields.
        time: when the snapshot was committed, by the hub's clock.
        is_latest: whether it is its world's and stage's newest.
        correlation_id: the id of the request that brought it.
        trace_header: the X-Ray header of that request.
        history: whether engines evaluate it as a past snapshot, expired or not.
    """
    world_id, version = announcement["world_id"], announcement["version"]
    event = CloudEvent(
        id=event_id(TYPE, world_id, version, announcement["content_hash"]),
        type=TYPE,
        subject=world_id,
        time=format_instant(time),
        dataschema=schema_uri(TYPE),
        correlationid=correlation_id,
        tracecontext=trace_header,
        islatest=is_latest,
        history=history or None,
        data=announcement,
    )
    if len(event.to_detail().encode()) + ENTRY_OVERHEAD_MAX_BYTES <= EVENT_ENTRY_MAX_BYTES:
        return event
    return event.model_copy(update={"data": _claim_check(announcement)})


def _claim_check(announcement: dict[str, Any]) -> dict[str, Any]:
    path = f"/risk-hub/worlds/{quote(announcement['world_id'], safe='')}/snapshots/lookup"
    query = f"version={quote(announcement['version'], safe='')}&include_expired=true"
    identifying = {name: announcement[name] for name in IDENTIFYING_FIELDS}
    return {**identifying, "claim_check": f"{path}?{query}"}
