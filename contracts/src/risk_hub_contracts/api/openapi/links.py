"""Links of the OpenAPI description: operations that a client can call with values from an answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]

STORED: Final = ("201", "200")
READ: Final = ("200",)
_SNAPSHOT_PARAMETERS: Final = {"world_id": "$response.body#/world_id", "version": "$response.body#/version"}
_BLOB_PARAMETERS: Final = {"world_id": "$request.path.world_id", "sha256": "$response.body#/ref/sha256"}
_STAGE_PARAMETERS: Final = {"world_id": "$response.body#/world_id", "stage": "$response.body#/stage"}


@dataclass(frozen=True, slots=True)
class Link:
    """One link: from the answers of an operation, by status, to another operation with its parameters."""

    source: str
    statuses: Sequence[str]
    name: str
    target: str
    parameters: Json
    description: str

    def document(self) -> Json:
        """Return the Link Object."""
        return {
            "operationId": self.target,
            "parameters": self.parameters,
            "description": self.description,
        }


LINKS: Final = (
    Link(
        "publish_snapshot",
        STORED,
        "stored_snapshot",
        "lookup_snapshot",
        {**_SNAPSHOT_PARAMETERS, "include_expired": "true"},
        "The same snapshot, by its version.",
    ),
    Link(
        "publish_snapshot",
        STORED,
        "risk_report",
        "read_risk",
        _SNAPSHOT_PARAMETERS,
        "Its risk numbers; 404 `risk-not-found` until they are computed.",
    ),
    Link("latest_snapshot", READ, "risk_report", "read_risk", _SNAPSHOT_PARAMETERS, "Its risk numbers."),
    Link("lookup_snapshot", READ, "risk_report", "read_risk", _SNAPSHOT_PARAMETERS, "Its risk numbers."),
    Link(
        "complete_upload",
        READ,
        "stored_blob",
        "read_blob",
        _BLOB_PARAMETERS,
        "The blob's download URL.",
    ),
    Link(
        "expect_world",
        STORED,
        "expectation",
        "read_expectation",
        _STAGE_PARAMETERS,
        "The stored expectation.",
    ),
    Link("expect_world", STORED, "forget", "forget_world", _STAGE_PARAMETERS, "Remove the expectation."),
    Link(
        "put_exit_policy",
        STORED,
        "exit_policy",
        "read_exit_policy",
        _STAGE_PARAMETERS,
        "The stored policy.",
    ),
    Link(
        "put_exit_policy",
        STORED,
        "default_policy",
        "drop_exit_policy",
        _STAGE_PARAMETERS,
        "Restore the default policy.",
    ),
    Link(
        "put_policy",
        STORED,
        "stored_policy",
        "read_policy",
        {"policy_id": "$response.body#/policy_id", "version": "$response.body#/version"},
        "The stored version.",
    ),
    Link(
        "activate_policy",
        STORED,
        "active_policy",
        "read_active_policy",
        {"world_id": "$response.body#/world_id"},
        "The active policy of the world.",
    ),
    Link(
        "evaluate_strategies",
        STORED,
        "active_policy",
        "read_active_policy",
        {"world_id": "$response.body#/world_id"},
        "The active policy of the world.",
    ),
)


def add_links(paths: Json) -> Json:
    """Add every link to the answers that it starts from, and return the paths."""
    by_id = {operation["operationId"]: operation for operation in operations(paths)}
    for link in LINKS:
        for status in link.statuses:
            response = by_id[link.source]["responses"][status]
            response.setdefault("links", {})[link.name] = link.document()
    return paths


def operations(paths: Json) -> Iterator[Json]:
    """Yield every operation of the paths."""
    for item in paths.values():
        yield from (operation for verb, operation in item.items() if verb != "parameters")
