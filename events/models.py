"""Event models, for schemas and for consumers that want types. The hub does not need them at run time."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from events.envelope import CloudEvent, EventType
from risk_hub_contracts.api.answers import AnnouncedSnapshot, ProvenanceAnswer
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.reports.exit_signal import ExitSignal
from risk_hub_contracts.reports.risk import RiskReport
from risk_hub_contracts.reports.stress import StressReport


class ClaimCheck(BaseModel):
    """Reference to a snapshot that is too large for the bus, with the path at which the hub serves it."""

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
    """The risk report of a snapshot was stored."""

    type: Literal["risk_evaluated"]
    data: RiskReport  # type: ignore[assignment]


class StressEvaluated(CloudEvent):
    """The stress report of a snapshot was stored."""

    type: Literal["stress_evaluated"]
    data: StressReport  # type: ignore[assignment]


class ExitSignalEmitted(CloudEvent):
    """An exit signal was stored. It asks a strategy to exit, to reduce its positions, or to hold them."""

    type: Literal["exit_signal_emitted"]
    data: ExitSignal  # type: ignore[assignment]


class ExitSignalCleared(CloudEvent):
    """A rule that fired no longer fires; the event asks for nothing."""

    type: Literal["exit_signal_cleared"]
    data: ExitSignal  # type: ignore[assignment]


EVENT_MODELS: dict[EventType, type[CloudEvent]] = {
    "risk_snapshot_updated": RiskSnapshotUpdated,
    "risk_evaluated": RiskEvaluated,
    "stress_evaluated": StressEvaluated,
    "exit_signal_emitted": ExitSignalEmitted,
    "exit_signal_cleared": ExitSignalCleared,
}
