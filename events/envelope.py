"""CloudEvents 1.0 in an EventBridge entry's `detail`: the format of every announcement of the hub.

Source: CloudEvents specification 1.0.2 (attributes, JSON format, extension names of lower-case letters and
digits).
"""

import hashlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from risk_hub_contracts.base.times import Instant

BUS_SOURCE: Literal["risk-signal-hub"] = "risk-signal-hub"
"""`source` of the EventBridge entry, which rules match."""

EventType = Literal[
    "risk_snapshot_updated",
    "risk_evaluated",
    "stress_evaluated",
    "exit_signal_emitted",
    "exit_signal_cleared",
]
ID_DIGEST_CHARS = 32


class CloudEvent(BaseModel):
    """One event on the bus, in the form of CloudEvents 1.0.

    `source` and `id` together are unique. A repeated announcement keeps both, so that consumers can recognise
    it. Envelope attributes never appear inside `data`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: Literal["risk-signal-hub"] = BUS_SOURCE
    type: EventType
    subject: str
    time: Instant
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    correlationid: str | None = None
    """The id of the request that caused the event."""
    causationid: str | None = None
    """The id of the event that caused this one; absent if a request caused it."""
    tracecontext: str | None = None
    """The X-Ray trace header of that request."""
    islatest: bool | None = None
    """Whether the snapshot was its world's and stage's newest when announced; derived events repeat it."""
    replay: bool | None = None
    """True on an announcement that an operator requested, and on events derived from it; absent otherwise."""
    history: bool | None = None
    """True for a past snapshot that an operator asked to evaluate; it never causes an exit signal."""
    data: dict[str, Any]

    def to_detail(self) -> str:
        """Return the event as the JSON text of `detail`; attributes that are not set are left out."""
        attributes = self.model_dump(exclude={"data"}, exclude_none=True)
        return to_json({**attributes, "data": self.data}).decode()


def event_id(event_type: EventType, *parts: str) -> str:
    """Return the event's id, computed from these facts: equal facts give equal ids."""
    return hashlib.sha256("\n".join((event_type, *parts)).encode()).hexdigest()[:ID_DIGEST_CHARS]


def schema_uri(event_type: EventType) -> str:
    """Return the URI that names version 1 of the event type's data schema."""
    return f"urn:risk-hub:schema:{event_type}:v1"
