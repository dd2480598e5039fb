"""Signed requests: for uploading an announced blob, and for downloading a stored one.

Every signed PUT binds the size and the SHA-256 of its bytes, so that the store rejects any other bytes.
"""

from typing import Annotated, Final, Literal, NotRequired

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from risk_hub_contracts.base.limits import BLOB_PART_BYTES, BLOB_PARTS_MAX_COUNT
from risk_hub_contracts.base.times import Instant
from risk_hub_contracts.blob.refs import IssuedRef

_CLOSED: Final = ConfigDict(extra="forbid")


class SignedRequest(TypedDict):
    """One request to the blob store, to be sent unchanged, with the bytes as its body."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    method: Literal["PUT"]
    url: str
    headers: Annotated[dict[str, str], Field(description="The signed headers; send all of them unchanged.")]


class PartUpload(SignedRequest):
    """The signed request of one part: `bytes` bytes of the blob from `first_byte` on."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    number: Annotated[int, Field(ge=1, le=BLOB_PARTS_MAX_COUNT)]
    first_byte: Annotated[int, Field(ge=0)]
    bytes: Annotated[int, Field(ge=1, le=BLOB_PART_BYTES)]


class MultipartUpload(TypedDict):
    """The part requests, to be sent in any order or concurrently, retried; then `complete` or `abort`."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    upload_id: str
    parts: Annotated[list[PartUpload], Field(min_length=1, max_length=BLOB_PARTS_MAX_COUNT)]


class UploadAnswer(TypedDict):
    """The reference and the upload requests; without `put` and `multipart`, the blob is already stored."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    ref: IssuedRef
    stored: Annotated[bool, Field(description="Whether the blob is stored and verified.")]
    put: NotRequired[SignedRequest]
    multipart: NotRequired[MultipartUpload]
    expires_at: NotRequired[Annotated[Instant, Field(description="When the signed requests expire.")]]


class BlobAnswer(TypedDict):
    """A stored blob and a short-lived URL to fetch it from; verify what arrives by `ref.sha256`."""

    __pydantic_config__ = _CLOSED  # type: ignore[misc]

    ref: IssuedRef
    download_url: str
    expires_at: Instant
