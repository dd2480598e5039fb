"""The events as models: for schemas, and for consumers that want types. The hub itself does not need them at run time."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from events.envelope import CloudEvent
from risk_hub_contracts.answers import AnnouncedSnapshot, Instant, ProvenanceAnswer
from risk_hub_contracts.risk import RiskReport


class ClaimCheck(BaseModel):
    """A snapshot too large for the bus: what identifies it, and the path at which the hub serves it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    world_id: str
    version: str
    as_of: Instant
    as_of_utc: Instant
    ttl_sec: int
    provenance: ProvenanceAnswer
    content_hash: str
    created_at: Instant
    expires_at: Instant
    claim_check: str


class RiskSnapshotUpdated(CloudEvent):
    """A snapshot was committed."""

    type: Literal["risk_snapshot_updated"]
    data: AnnouncedSnapshot | ClaimCheck  # type: ignore[assignment]


class RiskEvaluated(CloudEvent):
    """Its risk numbers were stored."""

    type: Literal["risk_evaluated"]
    data: RiskReport  # type: ignore[assignment]


EVENT_MODELS: dict[str, type[CloudEvent]] = {
    "risk_snapshot_updated": RiskSnapshotUpdated,
    "risk_evaluated": RiskEvaluated,
}
