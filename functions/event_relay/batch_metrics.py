"""Metrics of one batch of the relay."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from functions.announcing.relay_records import RelayResult
from functions.telemetry.health import Health


def report(records: Sequence[dict[str, Any]], relayed: RelayResult, now: datetime) -> None:
    """Write the counts of announced and isolated records, and each record's delay after its commit.

    Args:
        records: the batch; a record has the time at which its item was written, to the second or better.
        relayed: the outcome of the batch.
        now: the hub's clock.
    """
    health = Health("event_relay")
    health.announced(relayed.announced)
    health.isolated(relayed.isolated)
    for record in records:
        written = record["dynamodb"].get("ApproximateCreationDateTime")
        if record["eventName"] == "INSERT" and written is not None:
            health.delayed(datetime.fromtimestamp(written, UTC), now)
    health.report()
