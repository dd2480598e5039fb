"""The registry of problems: every error that the hub answers, in RFC 9457 form.

`type` is stable and meant for programs; `detail`, `remedy` and `errors` are meant for the person who
reads them: what is wrong, where, what to do next.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from risk_hub_contracts.base.problem_types import (
    CONTENT_TYPE,
    URI_PREFIX,
    ProblemError,
    ProblemType,
    Violation,
    summary,
)

__all__ = [
    "ACTOR_REQUIRED",
    "BLOB_MALFORMED",
    "BLOB_NOT_FOUND",
    "BLOB_UNAVAILABLE",
    "BODY_TOO_LARGE",
    "CONTENT_TYPE",
    "CONTRACT_VIOLATION",
    "CURSOR_INVALID",
    "DUPLICATE_KEY",
    "FORBIDDEN_ACTOR",
    "FORBIDDEN_SCOPE",
    "GATEWAY_TIMEOUT",
    "HASH_MISMATCH",
    "INTERNAL",
    "INVALID_QUERY",
    "MALFORMED_JSON",
    "METHOD_NOT_ALLOWED",
    "NETWORK_DENIED",
    "NON_FINITE_NUMBER",
    "NOTHING_EXPECTED",
    "NOT_FOUND",
    "NOT_UTF8",
    "PROBLEMS",
    "REF_INVALID",
    "REGISTRATION_INVALID",
    "RISK_NOT_FOUND",
    "SNAPSHOT_EXPIRED",
    "SNAPSHOT_NOT_FOUND",
    "STAGE_INVALID",
    "STRESS_NOT_FOUND",
    "TEMPORARY_PROBLEMS",
    "THROTTLED",
    "TOO_DEEP",
    "UNAUTHENTICATED",
    "UNAVAILABLE",
    "UNSUPPORTED_MEDIA_TYPE",
    "UPLOAD_INVALID",
    "UPLOAD_MISMATCH",
    "UPLOAD_NOT_FOUND",
    "URI_PREFIX",
    "VERSION_CONFLICT",
    "WILL_NOT_BE_EVALUATED",
    "WORLD_MISMATCH",
    "WORLD_UNKNOWN",
    "ProblemError",
    "ProblemType",
    "Violation",
    "summary",
]

# Authentication and authorization
UNAUTHENTICATED = ProblemType(
    "unauthenticated",
    401,
    "No valid token",
    "Send one header `Authorization: Bearer <token>` with a token that is live for this stage.",
)
FORBIDDEN_SCOPE = ProblemType(
    "forbidden-scope",
    403,
    "The token lacks the scope",
    "Use a token that holds the scope named in `detail`, or ask for the scope to be added to this one.",
)
FORBIDDEN_ACTOR = ProblemType(
    "forbidden-actor",
    403,
    "The token may not speak for this actor",
    "Send the `X-Actor` that this token is registered for, or use the token of that actor.",
)
NETWORK_DENIED = ProblemType(
    "network-denied",
    403,
    "Not reachable from this network",
    "Call from a network that this stage allows, with a signature only where the stage asks for one.",
)
ACTOR_REQUIRED = ProblemType(
    "actor-required",
    400,
    "X-Actor is missing or malformed",
    "Send `X-Actor`: 1 to 128 printable ASCII characters that name the producer.",
)
STAGE_INVALID = ProblemType(
    "stage-invalid",
    400,
    "X-Stage is missing or not allowed",
    "Send `X-Stage` with one of the stages named in `detail` (upper or lower case).",
)

# Request headers and parameters
WORLD_MISMATCH = ProblemType(
    "world-mismatch",
    400,
    "The body names another world than the path",
    "Leave `world_id` out of the body, or make it equal to the one in the path.",
)
INVALID_QUERY = ProblemType(
    "invalid-query",
    400,
    "The query is not understood",
    "Correct the parameters listed in `errors`; each names what it accepts.",
)
CURSOR_INVALID = ProblemType(
    "cursor-invalid",
    400,
    "The cursor does not belong to this query",
    "Pass `next_cursor` back unchanged with the same filters, or start again without a cursor.",
)
NOT_FOUND = ProblemType(
    "not-found",
    404,
    "No such resource",
    "Check the path against the API description; ids in a path must be percent-encoded.",
)
METHOD_NOT_ALLOWED = ProblemType(
    "method-not-allowed",
    405,
    "The resource does not take this method",
    "Use one of the methods named in the `Allow` header.",
)

# Text of the body
BODY_TOO_LARGE = ProblemType(
    "body-too-large",
    413,
    "The body is over the limit",
    "Upload large parts as blobs and send their references; the limits are served at /risk-hub/contract.",
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported-media-type",
    415,
    "The body is not announced as JSON",
    "Send `Content-Type: application/json`, in UTF-8, without a content encoding.",
)
MALFORMED_JSON = ProblemType(
    "malformed-json",
    400,
    "The body is not JSON",
    "Send exactly one JSON object (RFC 8259), without a byte order mark and with nothing after it.",
)
NOT_UTF8 = ProblemType(
    "not-utf8",
    400,
    "The body is not UTF-8",
    "Encode the body as UTF-8; write no lone surrogates.",
)
DUPLICATE_KEY = ProblemType(
    "duplicate-key",
    400,
    "A JSON object has the same key twice",
    "Send every key once; the hub does not choose between two values.",
)
NON_FINITE_NUMBER = ProblemType(
    "non-finite-number",
    400,
    "A number is not finite",
    "Leave out what is unknown: NaN, Infinity and numbers beyond a 64-bit float are not JSON numbers.",
)
TOO_DEEP = ProblemType(
    "too-deep",
    400,
    "The JSON is nested too deeply",
    "Flatten the document; the deepest accepted nesting is served at /risk-hub/contract.",
)

# Contract rules
CONTRACT_VIOLATION = ProblemType(
    "contract-violation",
    422,
    "The snapshot breaks the contract",
    "Correct every entry of `errors`, then send it again under the same version: nothing was stored.",
)
HASH_MISMATCH = ProblemType(
    "hash-mismatch",
    422,
    "The hash is not the hash of this content",
    "Send `expected_hash`, or leave `hash` out: the hub computes it.",
)
REF_INVALID = ProblemType(
    "ref-invalid",
    422,
    "The blob reference is not one of this hub and world",
    "Send a reference as this hub issued it for this world: s3://<bucket>/risk-blobs/<world_id>/<sha256>.",
)
BLOB_MALFORMED = ProblemType(
    "blob-malformed",
    422,
    "The referenced blob is not a well-formed rsh1 file",
    "Write the file with the contract's encoder, upload it under its own digest and refer to that; nothing was stored.",
)
UPLOAD_INVALID = ProblemType(
    "upload-invalid",
    422,
    "The upload is not announced as the contract asks",
    "Correct every entry of `errors` and ask again; nothing was stored.",
)
UPLOAD_MISMATCH = ProblemType(
    "upload-mismatch",
    422,
    "What was uploaded is not what was announced",
    "Upload every part with the signed request that was made for it, then complete again; or begin a new upload.",
)
REGISTRATION_INVALID = ProblemType(
    "registration-invalid",
    422,
    "The expectation or policy breaks the contract",
    "Correct every entry of `errors` and send it again; what was in force stays in force.",
)
VERSION_CONFLICT = ProblemType(
    "version-conflict",
    409,
    "The version exists with other content",
    "Publish the new content under a new version; a stored version never changes.",
)

# Missing resources
SNAPSHOT_NOT_FOUND = ProblemType(
    "snapshot-not-found",
    404,
    "No snapshot matches",
    "Widen the filters, or ask with `include_expired=true` for history.",
)
WORLD_UNKNOWN = ProblemType(
    "world-unknown",
    404,
    "The world is unknown",
    "Check the world id; a world is known from its first snapshot, or from its registration.",
)
SNAPSHOT_EXPIRED = ProblemType(
    "snapshot-expired",
    404,
    "Every matching snapshot has expired",
    "Publish a new snapshot, or ask with `include_expired=true` for history.",
)
RISK_NOT_FOUND = ProblemType(
    "risk-not-found",
    404,
    "No risk numbers for this version yet",
    "Ask again in a few seconds; if they stay away, look at the risk engine's queue and its failures.",
)
STRESS_NOT_FOUND = ProblemType(
    "stress-not-found",
    404,
    "No stress losses for this version yet",
    "Ask again after `Retry-After` seconds; if there is still no report, look at the stress engine's queue.",
)
WILL_NOT_BE_EVALUATED = ProblemType(
    "will-not-be-evaluated",
    404,
    "The version will not be evaluated",
    "Have an operator run the command in `command`: the past is evaluated only on purpose.",
)
NOTHING_EXPECTED = ProblemType(
    "nothing-expected",
    404,
    "Nothing is expected of this world and stage",
    "Put an expectation; until then the world's silence is not watched.",
)
BLOB_NOT_FOUND = ProblemType(
    "blob-not-found",
    404,
    "No such blob in this world",
    "Check the digest; a blob that no snapshot refers to is removed after a while: then upload it again.",
)
UPLOAD_NOT_FOUND = ProblemType(
    "upload-not-found",
    404,
    "No such upload",
    "Begin a new upload: this one was aborted, or is older than a day.",
)
BLOB_UNAVAILABLE = ProblemType(
    "blob-unavailable",
    424,
    "A referenced blob is missing, damaged or malformed",
    "Upload a missing or damaged blob again under the same digest; in place of a malformed one, publish a new version.",
)

DOCUMENT_UNAVAILABLE = ProblemType(
    "document-unavailable",
    424,
    "A stored document is missing or damaged",
    "Read other versions meanwhile; an operator restores the object named in `detail`. Publishing the same body "
    "again under the same version restores a missing one.",
)

# State of the hub
THROTTLED = ProblemType(
    "throttled",
    429,
    "Too many requests",
    "Wait for `Retry-After` seconds, then send the same request again: repeating it is safe.",
)
UNAVAILABLE = ProblemType(
    "unavailable",
    503,
    "The hub cannot answer now",
    "Wait for `Retry-After` seconds, then send the same request again: repeating it is safe.",
)
GATEWAY_TIMEOUT = ProblemType(
    "gateway-timeout",
    504,
    "The answer took too long",
    "Send the same request again: what was stored is answered as a replay.",
)
INTERNAL = ProblemType(
    "internal",
    500,
    "The hub failed",
    "Send the same request again; if it fails again, report the correlation id.",
)

PROBLEMS: Final[Mapping[str, ProblemType]] = MappingProxyType(
    {
        each.slug: each
        for each in (
            UNAUTHENTICATED,
            FORBIDDEN_SCOPE,
            FORBIDDEN_ACTOR,
            NETWORK_DENIED,
            ACTOR_REQUIRED,
            STAGE_INVALID,
            WORLD_MISMATCH,
            INVALID_QUERY,
            CURSOR_INVALID,
            NOT_FOUND,
            METHOD_NOT_ALLOWED,
            BODY_TOO_LARGE,
            UNSUPPORTED_MEDIA_TYPE,
            MALFORMED_JSON,
            NOT_UTF8,
            DUPLICATE_KEY,
            NON_FINITE_NUMBER,
            TOO_DEEP,
            CONTRACT_VIOLATION,
            HASH_MISMATCH,
            REF_INVALID,
            BLOB_MALFORMED,
            UPLOAD_INVALID,
            UPLOAD_MISMATCH,
            REGISTRATION_INVALID,
            VERSION_CONFLICT,
            SNAPSHOT_NOT_FOUND,
            WORLD_UNKNOWN,
            SNAPSHOT_EXPIRED,
            RISK_NOT_FOUND,
            STRESS_NOT_FOUND,
            WILL_NOT_BE_EVALUATED,
            NOTHING_EXPECTED,
            BLOB_NOT_FOUND,
            UPLOAD_NOT_FOUND,
            BLOB_UNAVAILABLE,
            DOCUMENT_UNAVAILABLE,
            THROTTLED,
            UNAVAILABLE,
            GATEWAY_TIMEOUT,
            INTERNAL,
        )
    }
)

TEMPORARY_PROBLEMS: Final = (RISK_NOT_FOUND, STRESS_NOT_FOUND)
"""Problems that pass by themselves: the same request is answered after `Retry-After` seconds."""
