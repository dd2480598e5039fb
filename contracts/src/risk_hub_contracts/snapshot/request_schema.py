"""The whole body of `POST .../snapshots`, for its JSON Schema; a request is validated in two steps (`request`)."""

from pydantic import ConfigDict

from risk_hub_contracts.snapshot.request import SnapshotBook
from risk_hub_contracts.snapshot.request_facts import SnapshotFacts


class SnapshotRequest(SnapshotBook, SnapshotFacts):
    """A portfolio risk snapshot as a producer sends it."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[misc]
