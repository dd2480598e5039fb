"""References to blobs that this hub issued: the location of large components that are not inline.

A reference contains its digest, so it is checked without reading the store. Only `s3://` addresses under the
world's own prefix are accepted, so a reference cannot point to anything else.
"""

import re
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from risk_hub_contracts.base.ids import ID_PATTERN, SHA256_PATTERN
from risk_hub_contracts.base.limits import BLOB_MAX_BYTES
from risk_hub_contracts.base.problems import REF_INVALID, ProblemError, Violation, summary
from risk_hub_contracts.base.violations import to_violations
from risk_hub_contracts.blob.types import BlobKind

BLOB_PREFIX: Final = "risk-blobs"
BUCKET_PATTERN: Final = "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
REF_PATTERN: Final = f"^s3://{BUCKET_PATTERN}/{BLOB_PREFIX}/{ID_PATTERN[1:-1]}/{SHA256_PATTERN[1:-1]}$"
_REF: Final = re.compile(f"s3://({BUCKET_PATTERN})/{BLOB_PREFIX}/([^/]+)/([^/]+)")
_SHA256: Final = re.compile(SHA256_PATTERN[1:-1])


class IssuedRef(BaseModel):
    """A reference in the form that the hub issues and a snapshot carries."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ref: Annotated[str, Field(json_schema_extra={"pattern": REF_PATTERN})]
    sha256: Annotated[str, Field(pattern=SHA256_PATTERN)]
    bytes: Annotated[int, Field(ge=1, le=BLOB_MAX_BYTES)]
    kind: BlobKind


class BlobRef(BaseModel):
    """A blob: its address, SHA-256 (hex), size in bytes (None until the hub has seen it) and kind."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ref: str
    sha256: str
    bytes: int | None
    kind: BlobKind

    def document(self) -> dict[str, Any]:
        """The JSON form, without `bytes` while the size is unknown."""
        return self.model_dump(exclude_none=True)


def parse_ref(
    value: object,
    *,
    world_id: str,
    kind: BlobKind,
    pointer: str | None = None,
    bucket: str | None = None,
) -> BlobRef:
    """Read a reference: the object form, or the plain `s3://` text (its size is then unknown).

    Args:
        value: the value from the body.
        world_id: the snapshot's world; a reference to another world's blob is refused.
        kind: what the blob must hold.
        pointer: the value's pointer in the body; default: `/<kind>_ref`.
        bucket: the hub's bucket, when it is known.

    Raises:
        ProblemError: ref-invalid, with the pointer of each fault.
    """
    at = f"/{kind}_ref" if pointer is None else pointer
    violations = _uri_violations(value, at, world_id, bucket) if isinstance(value, str) else []
    if not isinstance(value, str):
        violations = _object_violations(value, at, world_id, bucket, kind)
    if violations:
        raise ProblemError(REF_INVALID, summary(violations, "The reference"), violations)
    if isinstance(value, str):
        return BlobRef(ref=value, sha256=value.rpartition("/")[2], bytes=None, kind=kind)
    return BlobRef.model_validate(value)


def _object_violations(
    value: object,
    at: str,
    world_id: str,
    bucket: str | None,
    kind: BlobKind,
) -> list[Violation]:
    try:
        ref = IssuedRef.model_validate(value)
    except ValidationError as error:
        return to_violations(error, base=at, known=IssuedRef.model_fields)
    violations = _uri_violations(ref.ref, f"{at}/ref", world_id, bucket)
    if not violations and ref.ref.rpartition("/")[2] != ref.sha256:
        violations.append(Violation(f"{at}/sha256", "must equal the digest at the end of `ref`"))
    if ref.kind != kind:
        violations.append(Violation(f"{at}/kind", f"must be {kind!a} in this field"))
    return violations


def _uri_violations(uri: str, at: str, world_id: str, bucket: str | None) -> list[Violation]:
    match = _REF.fullmatch(uri)
    if match is None:
        return [
            Violation(
                at, "must be s3://<bucket>/risk-blobs/<world_id>/<sha256>; the hub fetches nothing else"
            )
        ]
    found_bucket, found_world, sha256 = match.groups()
    violations = []
    if bucket is not None and found_bucket != bucket:
        violations.append(Violation(at, "must name the bucket of this hub"))
    if found_world != world_id:
        violations.append(Violation(at, f"must be under the prefix of world {world_id!a}"))
    if not _SHA256.fullmatch(sha256):
        violations.append(Violation(at, "must end with the SHA-256 of the blob: 64 lower-case hex digits"))
    return violations
