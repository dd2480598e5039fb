"""The history of a world as a data set: its segments, and the row that a snapshot has in it."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from risk_hub_contracts.api.answers import ContentHash, Sha256, StoredDocument
from risk_hub_contracts.base import limits
from risk_hub_contracts.base.ids import HISTORY_DAY_PATTERN
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.snapshot.scalars import Id

__all__ = ["HistoryPage", "HistoryRow", "HistorySegment", "HotHistoryPage"]

_CLOSED: Final = ConfigDict(extra="forbid")
_NextCursor = Annotated[str, Field(max_length=limits.CURSOR_MAX_CHARS)] | None
_Order = Annotated[
    str,
    Field(
        description="`as_of|created_at|version` of a snapshot, instants in UTC with microseconds: orders compare as text."
    ),
]


class HistoryRow(TypedDict):
    """One snapshot in the data set: a line of a segment. Instants are in UTC, with microseconds."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    world_id: Id
    version: Id
    as_of: Instant
    created_at: Annotated[Instant, Field(description="The hub's clock when it accepted the snapshot.")]
    expires_at: Annotated[Instant, Field(description="created_at plus ttl_sec.")]
    stage: str
    actor: str
    content_hash: ContentHash
    ttl_sec: int
    document_bytes: Annotated[int, Field(ge=0, description="The size of `document` as JSON, in bytes.")]
    correlation_id: Annotated[str | None, Field(description="The id of the request that published it.")]
    trace_header: Annotated[str | None, Field(description="The X-Ray header of that request.")]
    document: Annotated[StoredDocument, Field(description="The snapshot as stored, blobs by reference.")]


class HistorySegment(TypedDict):
    """One immutable object of the history: gzipped JSON lines, one `HistoryRow` each, in time order."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    day: Annotated[
        str, Field(pattern=HISTORY_DAY_PATTERN, description="The UTC date of every `as_of` in it.")
    ]
    key: Annotated[str, Field(description="The object's key in the bucket of the deployment.")]
    count: Annotated[int, Field(ge=1, description="The number of rows.")]
    bytes: Annotated[int, Field(ge=1, description="The size of the object in bytes.")]
    sha256: Annotated[Sha256, Field(description="The digest of the object's bytes.")]
    digest: Annotated[
        Sha256,
        Field(
            description="The sum modulo 2^256 of SHA-256(version, line feed, content_hash) of all rows: "
            "independent of their order and of the compression."
        ),
    ]
    first_order: _Order
    last_order: _Order
    download_url: Annotated[str, Field(description="A URL of the object, valid until `urls_expire_at`.")]


class HistoryPage(BaseModel):
    """Segments of a world by day, oldest day first; `next_cursor` is null on the last page."""

    model_config = _CLOSED

    segments: list[HistorySegment]
    urls_expire_at: Instant
    next_cursor: _NextCursor


class HotHistoryPage(BaseModel):
    """Rows of snapshots that are not in a segment yet, oldest first; `next_cursor` is null on the last page."""

    model_config = _CLOSED

    rows: list[HistoryRow]
    next_cursor: _NextCursor
