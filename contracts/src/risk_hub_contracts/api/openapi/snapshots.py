"""Operations that publish and read snapshots."""

from typing import Final

from risk_hub_contracts.api.answers import SnapshotAnswer, SnapshotPage
from risk_hub_contracts.api.openapi.builders import header_parameter
from risk_hub_contracts.api.openapi.operations import Answer, Operation, actor_header
from risk_hub_contracts.api.queries import LatestQuery, ListQuery, LookupQuery
from risk_hub_contracts.base import problems as p
from risk_hub_contracts.base.ids import CORRELATION_ID_PATTERN, STAGE_PATTERN
from risk_hub_contracts.snapshot.request_schema import SnapshotRequest

NO_SNAPSHOT: Final = (p.SNAPSHOT_NOT_FOUND, p.WORLD_UNKNOWN, p.SNAPSHOT_EXPIRED)
_CORRELATION_ID: Final = (
    f"Recorded with everything that the request causes. A value that does not match `{CORRELATION_ID_PATTERN}` "
    "is replaced by the request's own id."
)
_STORED: Final = ("ETag", "Location")
_FOUND: Final = ("ETag", "Risk-Hub-Settled")
_IF_NONE_MATCH: Final = header_parameter("If-None-Match", None, "The ETag of the answer that the client has.")
_ONE_SNAPSHOT: Final = (
    Answer(200, SnapshotAnswer, "The snapshot.", _FOUND),
    Answer(304, None, "The client already has this answer.", (*_FOUND, "Cache-Control", "X-Correlation-Id")),
)
_UNAVAILABLE: Final = (p.BLOB_UNAVAILABLE, p.DOCUMENT_UNAVAILABLE)

SNAPSHOTS: Final = (
    Operation(
        "publish_snapshot",
        "Publish a snapshot; sending the same content again is safe and changes nothing",
        (
            Answer(201, SnapshotAnswer, "Stored.", _STORED),
            Answer(
                200,
                SnapshotAnswer,
                "This content was already stored: the stored record, unchanged.",
                (*_STORED, "Idempotency-Replayed"),
            ),
        ),
        (
            *(p.STAGE_INVALID, p.WORLD_MISMATCH, p.HASH_MISMATCH, p.REF_INVALID),
            *(p.BLOB_MALFORMED, p.VERSION_CONFLICT, p.DOCUMENT_UNAVAILABLE, p.WORLD_FULL),
        ),
        body=SnapshotRequest,
        headers=(
            actor_header("The producer that publishes."),
            header_parameter("X-Stage", STAGE_PATTERN, "The stage, in upper or lower case.", required=True),
            header_parameter("X-Correlation-Id", None, _CORRELATION_ID),
        ),
    ),
    Operation(
        "list_snapshots",
        "A world's snapshots in pages, newest first",
        (Answer(200, SnapshotPage, "One page.", ("Risk-Hub-Settled",)),),
        (p.CURSOR_INVALID, p.DOCUMENT_UNAVAILABLE),
        query=ListQuery,
    ),
    Operation(
        "latest_snapshot",
        "The newest unexpired snapshot that matches",
        _ONE_SNAPSHOT,
        (*NO_SNAPSHOT, *_UNAVAILABLE),
        query=LatestQuery,
        headers=(_IF_NONE_MATCH,),
    ),
    Operation(
        "lookup_snapshot",
        "One snapshot, by version or by instant",
        _ONE_SNAPSHOT,
        (*NO_SNAPSHOT, *_UNAVAILABLE),
        query=LookupQuery,
        headers=(_IF_NONE_MATCH,),
    ),
)
