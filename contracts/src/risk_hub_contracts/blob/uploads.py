"""Announcement of a blob by a producer, before its upload.

It contains kind, size and digest, and for a blob larger than `BLOB_SINGLE_PUT_MAX_BYTES` the digest of each
part. The hub answers with signed requests, see `upload_answers`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.ids import SHA256_PATTERN, UPLOAD_ID_PATTERN
from risk_hub_contracts.base.limits import (
    BLOB_MAX_BYTES,
    BLOB_PART_BYTES,
    BLOB_PARTS_MAX_COUNT,
    BLOB_SINGLE_PUT_MAX_BYTES,
    UPLOAD_ID_MAX_CHARS,
)
from risk_hub_contracts.base.problem_types import counted
from risk_hub_contracts.base.problems import UPLOAD_INVALID, ProblemError, summary
from risk_hub_contracts.base.violations import to_violations
from risk_hub_contracts.blob.types import BlobKind

__all__ = [
    "PartSpan",
    "UploadEnd",
    "UploadRequest",
    "parse_upload",
    "parse_upload_end",
    "part_spans",
]

_REQUEST_CONFIG: Final = ConfigDict(frozen=True, extra="forbid", strict=True)
Size = Annotated[int, Field(ge=1, le=BLOB_MAX_BYTES, description="The blob's size in bytes.")]


class UploadRequest(BaseModel):
    """A blob that a producer is about to upload; `parts` when it is too large for one PUT, and only then."""

    model_config = _REQUEST_CONFIG

    kind: BlobKind
    bytes: Size
    sha256: Annotated[str, Field(pattern=SHA256_PATTERN, description="The SHA-256 of the whole blob.")]
    parts: Annotated[
        list[Annotated[str, Field(pattern=SHA256_PATTERN)]],
        Field(
            max_length=BLOB_PARTS_MAX_COUNT,
            description=f"The SHA-256 of each part of {BLOB_PART_BYTES} bytes (the last part may be smaller), "
            f"for a blob of more than {BLOB_SINGLE_PUT_MAX_BYTES} bytes; leave it out for a smaller blob.",
        ),
    ] = Field(default_factory=list)

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        wanted = -(-self.bytes // BLOB_PART_BYTES) if self.bytes > BLOB_SINGLE_PUT_MAX_BYTES else 0
        if len(self.parts) != wanted:
            size, digests = counted(self.bytes, "byte"), counted(wanted, "digest")
            message = f"a blob of {size} needs {digests} in parts, not {len(self.parts)}"
            raise PydanticCustomError("parts", "{message}", {"message": message})
        return self


class UploadEnd(BaseModel):
    """The multipart upload that a producer completes or aborts."""

    model_config = _REQUEST_CONFIG

    kind: BlobKind
    bytes: Size
    upload_id: Annotated[str, Field(min_length=1, max_length=UPLOAD_ID_MAX_CHARS, pattern=UPLOAD_ID_PATTERN)]


@dataclass(frozen=True, slots=True)
class PartSpan:
    """The position of one part of a large blob: its number (from 1), its first byte, its size."""

    number: int
    first_byte: int
    size_bytes: int


def part_spans(size_bytes: int) -> Iterator[PartSpan]:
    """Yield the parts of a blob of this size; none if a single PUT is enough."""
    if size_bytes <= BLOB_SINGLE_PUT_MAX_BYTES:
        return
    for index, first_byte in enumerate(range(0, size_bytes, BLOB_PART_BYTES), 1):
        yield PartSpan(index, first_byte, min(BLOB_PART_BYTES, size_bytes - first_byte))


def parse_upload(raw: bytes) -> UploadRequest:
    """Read the body of `POST .../blobs`.

    Raises:
        ProblemError: upload-invalid with the pointer of each fault, or what `strict_json.loads` refuses.
    """
    return _parse(UploadRequest, raw)


def parse_upload_end(raw: bytes) -> UploadEnd:
    """Read the body of `POST .../blobs/{sha256}/complete` and `.../abort`; errors as for `parse_upload`."""
    return _parse(UploadEnd, raw)


UploadModel = TypeVar("UploadModel", bound=BaseModel)


def _parse(model: type[UploadModel], raw: bytes) -> UploadModel:
    document = strict_json.loads(raw)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        violations = to_violations(error, known=model.model_fields)
        raise ProblemError(UPLOAD_INVALID, summary(violations, "The body"), violations) from None
