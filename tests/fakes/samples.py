"""Concise snapshots for tests."""

from datetime import datetime, timedelta
from typing import Any

from functions.hub.domain.snapshot_record import SnapshotRecord
from risk_hub_contracts.base.times import format_instant
from tests.fakes.clock import START

WORLD = "w1"


def stored(  # noqa: PLR0913
    version: str = "v1",
    *,
    world_id: str = WORLD,
    as_of: datetime = START,
    created_at: datetime = START,
    ttl_sec: int = 900,
    stage: str = "paper",
    actor: str = "gateway",
    content_hash: str | None = None,
    correlation_id: str | None = None,
    trace_header: str | None = None,
    **document: Any,
) -> SnapshotRecord:
    """Return a snapshot as the hub stores it; further keywords go into its document."""
    return SnapshotRecord(
        world_id=world_id,
        version=version,
        as_of=as_of,
        stage=stage,
        actor=actor,
        content_hash=content_hash or f"sha256:{version}",
        ttl_sec=ttl_sec,
        created_at=created_at,
        document={
            "world_id": world_id,
            "version": version,
            "as_of": format_instant(as_of),
            "weights": {"AAPL": 1.0},
            "ttl_sec": ttl_sec,
            "provenance": {"actor": actor, "stage": stage},
            **document,
        },
        correlation_id=correlation_id,
        trace_header=trace_header,
    )


def series(count: int, *, step: timedelta = timedelta(minutes=1), **common: Any) -> list[SnapshotRecord]:
    """Return snapshots `v000`, `v001`… each one step newer than the one before."""
    return [
        stored(f"v{i:03}", as_of=START + i * step, created_at=START + i * step, **common)
        for i in range(count)
    ]
