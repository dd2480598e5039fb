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
    "EVALUATION_CONFLICT",
    "EVALUATION_INVALID",
    "FORBIDDEN_ACTOR",
    "FORBIDDEN_SCOPE",
    "FORECAST_NOT_STORED",
    "GATEWAY_TIMEOUT",
    "HASH_MISMATCH",
    "INTERNAL",
    "INVALID_QUERY",
    "MALFORMED_JSON",
    "METHOD_NOT_ALLOWED",
    "NETWORK_DENIED",
    "NON_FINITE_NUMBER",
    "NOTHING_EXPECTED",
    "NOTHING_TO_ROLL_BACK",
    "NOT_FOUND",
    "NOT_UTF8",
    "NO_ACTIVE_POLICY",
    "POLICY_NOT_ACTIVE",
    "POLICY_NOT_FOUND",
    "POLICY_VERSION_CONFLICT",
    "POLICY_VERSION_NOT_FOUND",
    "PROBLEMS",
    "REF_INVALID",
    "REGISTRATION_INVALID",
    "RISK_NOT_FOUND",
    "ROLLOUT_OUT_OF_ORDER",
    "RUN_NOT_FOUND",
    "SECOND_SUBJECT_REQUIRED",
    "SNAPSHOT_EXPIRED",
    "SNAPSHOT_NOT_FOUND",
    "STAGE_INVALID",
    "STAGE_NOT_COVERED",
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
    "WORLD_FULL",
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
    "Send one header `Authorization: Bearer <token>` with a token that is valid for this stage.",
)
FORBIDDEN_SCOPE = ProblemType(
    "forbidden-scope",
    403,
    "The token lacks the required scope",
    "Use a token with the scope that `detail` names, or ask an operator for one.",
)
FORBIDDEN_ACTOR = ProblemType(
    "forbidden-actor",
    403,
    "The token does not allow this actor",
    "Send an `X-Actor` that this token allows, or use a token that allows this actor.",
)
SECOND_SUBJECT_REQUIRED = ProblemType(
    "second-subject-required",
    403,
    "Another subject must activate this policy",
    "Ask another person or service to activate the policy: the subject that stored a policy cannot activate it.",
)
NETWORK_DENIED = ProblemType(
    "network-denied",
    403,
    "Access from this network is denied",
    "Call from a network that this stage allows; sign requests only if the stage requires it.",
)
ACTOR_REQUIRED = ProblemType(
    "actor-required",
    400,
    "X-Actor is missing or malformed",
    "Send exactly one `X-Actor` header with 1 to 128 printable ASCII characters that name the producer.",
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
    "The body and the path name different worlds",
    "Remove `world_id` from the body, or set it to the world in the path.",
)
INVALID_QUERY = ProblemType(
    "invalid-query",
    400,
    "The query parameters are invalid",
    "Correct every parameter listed in `errors`; each entry says what is accepted.",
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
    "The resource does not support this method",
    "Use one of the methods named in the `Allow` header.",
)

# Text of the body
BODY_TOO_LARGE = ProblemType(
    "body-too-large",
    413,
    "The body exceeds the size limit",
    "Send a smaller body; upload large components of a snapshot as blobs and send their references. "
    "/risk-hub/contract lists the limits.",
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported-media-type",
    415,
    "Content-Type or Content-Encoding is not supported",
    "Send `Content-Type: application/json`, in UTF-8, without `Content-Encoding`.",
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
    "Encode the body as UTF-8, without lone surrogates.",
)
DUPLICATE_KEY = ProblemType(
    "duplicate-key",
    400,
    "A JSON object has the same key twice",
    "Send every key of an object exactly once.",
)
NON_FINITE_NUMBER = ProblemType(
    "non-finite-number",
    400,
    "A number is not finite",
    "Leave out unknown values; NaN, Infinity and numbers outside the range of a 64-bit float are not accepted.",
)
TOO_DEEP = ProblemType(
    "too-deep",
    400,
    "The JSON is nested too deeply",
    "Reduce the nesting of the document; /risk-hub/contract lists the maximum depth.",
)

# Contract rules
CONTRACT_VIOLATION = ProblemType(
    "contract-violation",
    422,
    "The snapshot violates the contract",
    "Correct every entry of `errors`, then send the snapshot again under the same version; nothing was stored.",
)
HASH_MISMATCH = ProblemType(
    "hash-mismatch",
    422,
    "The hash does not match the content",
    "Send `expected_hash` as `hash`, or leave `hash` out: the hub computes it.",
)
REF_INVALID = ProblemType(
    "ref-invalid",
    422,
    "The blob reference does not belong to this hub and world",
    "Send a reference that this hub issued for this world: s3://<bucket>/risk-blobs/<world_id>/<sha256>.",
)
BLOB_MALFORMED = ProblemType(
    "blob-malformed",
    422,
    "The referenced blob is not a well-formed rsh1 file",
    "Encode the file with the contract's encoder, upload it, and send its reference; nothing was stored.",
)
UPLOAD_INVALID = ProblemType(
    "upload-invalid",
    422,
    "The upload request violates the contract",
    "Correct every entry of `errors` and send the request again; nothing was stored.",
)
UPLOAD_MISMATCH = ProblemType(
    "upload-mismatch",
    422,
    "The uploaded bytes differ from the upload request",
    "Upload every part with its own signed request, then complete the upload again; or begin a new upload.",
)
REGISTRATION_INVALID = ProblemType(
    "registration-invalid",
    422,
    "The expectation or policy violates the contract",
    "Correct every entry of `errors` and send the request again; the expectation or policy in force is unchanged.",
)
EVALUATION_INVALID = ProblemType(
    "evaluation-invalid",
    422,
    "The evaluation violates the contract",
    "Correct every entry of `errors` and send the evaluation again under the same id; nothing was stored.",
)
FORECAST_NOT_STORED = ProblemType(
    "forecast-not-stored",
    422,
    "No tested forecast has a value at risk by this method at this confidence",
    "Send a method and a confidence that `detail` lists; snapshots choose their confidences with `risk.confidences_bps`.",
)
VERSION_CONFLICT = ProblemType(
    "version-conflict",
    409,
    "The version already exists with different content",
    "Publish the new content under a new version; a stored version never changes.",
)
POLICY_VERSION_CONFLICT = ProblemType(
    "policy-version-conflict",
    409,
    "The version of the policy exists with different content",
    "Send the policy under a new `version`; a stored version never changes, because exit signals name it.",
)
EVALUATION_CONFLICT = ProblemType(
    "evaluation-conflict",
    409,
    "The evaluation exists with different content",
    "Send the strategies under a new `evaluation_id`; stored runs never change.",
)
POLICY_NOT_ACTIVE = ProblemType(
    "policy-not-active",
    409,
    "The evaluation policy was not activated for this world",
    "Leave out `policy` to use the active one, or activate this version with `PUT /risk-hub/worlds/{world_id}/policy`.",
)
STAGE_NOT_COVERED = ProblemType(
    "stage-not-covered",
    409,
    "The evaluation policy has no profile for this stage",
    "Send a stage that `detail` names, or store and activate a policy with a profile for this stage.",
)

# Missing resources
SNAPSHOT_NOT_FOUND = ProblemType(
    "snapshot-not-found",
    404,
    "No snapshot matches",
    "Widen the filters, or send `include_expired=true` to include expired snapshots.",
)
WORLD_UNKNOWN = ProblemType(
    "world-unknown",
    404,
    "The world is unknown",
    "Check the world id; a world becomes known with its first snapshot or its registration.",
)
SNAPSHOT_EXPIRED = ProblemType(
    "snapshot-expired",
    404,
    "Every matching snapshot has expired",
    "Publish a new snapshot, or send `include_expired=true` to read expired ones.",
)
RISK_NOT_FOUND = ProblemType(
    "risk-not-found",
    404,
    "No risk numbers for this version yet",
    "Send the request again in a few seconds; if there is still no report, check the risk engine's queue.",
)
STRESS_NOT_FOUND = ProblemType(
    "stress-not-found",
    404,
    "No stress losses for this version yet",
    "Send the request again in a few seconds; if there is still no report, check the stress engine's queue.",
)
WILL_NOT_BE_EVALUATED = ProblemType(
    "will-not-be-evaluated",
    404,
    "The version will not be evaluated",
    "Ask an operator to run the command in `command`; past snapshots are evaluated only on request.",
)
NOTHING_EXPECTED = ProblemType(
    "nothing-expected",
    404,
    "The world has no expectation at this stage",
    "Register an expectation with PUT; until one is registered, missing updates raise no alarm.",
)
POLICY_VERSION_NOT_FOUND = ProblemType(
    "policy-version-not-found",
    404,
    "The world has no such version of an exit policy",
    "Read the exit policy without `version`: the member `versions` lists the stored ones.",
)
POLICY_NOT_FOUND = ProblemType(
    "policy-not-found",
    404,
    "No such version of an evaluation policy",
    "List the stored versions with `GET /risk-hub/policies`, or store this one first.",
)
NO_ACTIVE_POLICY = ProblemType(
    "no-active-policy",
    404,
    "The world has no active evaluation policy",
    "Activate a stored policy with `PUT /risk-hub/worlds/{world_id}/policy`.",
)
ROLLOUT_OUT_OF_ORDER = ProblemType(
    "rollout-out-of-order",
    409,
    "The hub does not decide in the earlier stage",
    "Let the hub decide in the stages in the order backtest, paper, live; send a change of the earlier stage first.",
)
NOTHING_TO_ROLL_BACK = ProblemType(
    "nothing-to-roll-back",
    409,
    "No change of this stage was recorded",
    "Read the flags with `GET /risk-hub/worlds/{world_id}/rollout`; without a change, `caller_precheck` decides.",
)
RUN_NOT_FOUND = ProblemType(
    "run-not-found",
    404,
    "No such evaluation run",
    "List the runs of the world with `GET /risk-hub/worlds/{world_id}/evaluation-runs`; a run is named by its id and "
    "its strategy.",
)
BLOB_NOT_FOUND = ProblemType(
    "blob-not-found",
    404,
    "No such blob in this world",
    "Check the digest; if the blob was removed because no snapshot refers to it, upload it again.",
)
UPLOAD_NOT_FOUND = ProblemType(
    "upload-not-found",
    404,
    "No such upload",
    "Begin a new upload; this one was aborted or is older than one day.",
)
BLOB_UNAVAILABLE = ProblemType(
    "blob-unavailable",
    424,
    "A referenced blob is missing, damaged or malformed",
    "Upload a missing blob again under the same digest. Ask an operator to restore a damaged or archived one, or to "
    "remove it so that it can be uploaded again. Replace a malformed one: publish a new version with another blob.",
)

DOCUMENT_UNAVAILABLE = ProblemType(
    "document-unavailable",
    424,
    "A stored document is missing or damaged",
    "Ask an operator to restore the object that `detail` names; other versions can be read. If the document of a "
    "snapshot is missing, publishing the same body again under the same version restores it, too.",
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
    "The hub is temporarily unavailable",
    "Wait for `Retry-After` seconds, then send the same request again: repeating it is safe.",
)
WORLD_FULL = ProblemType(
    "world-full",
    507,
    "The world is full",
    "Do not repeat the request: it is refused until an operator has freed space for the world. Report the world to an "
    "operator. Its stored snapshots can still be read, and other worlds still accept snapshots.",
)
GATEWAY_TIMEOUT = ProblemType(
    "gateway-timeout",
    504,
    "The hub did not answer in time",
    "Send the same request again; if the first one was stored, the answer is a replay.",
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
            SECOND_SUBJECT_REQUIRED,
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
            EVALUATION_INVALID,
            FORECAST_NOT_STORED,
            VERSION_CONFLICT,
            POLICY_VERSION_CONFLICT,
            EVALUATION_CONFLICT,
            POLICY_NOT_ACTIVE,
            STAGE_NOT_COVERED,
            SNAPSHOT_NOT_FOUND,
            WORLD_UNKNOWN,
            SNAPSHOT_EXPIRED,
            RISK_NOT_FOUND,
            STRESS_NOT_FOUND,
            WILL_NOT_BE_EVALUATED,
            NOTHING_EXPECTED,
            POLICY_VERSION_NOT_FOUND,
            POLICY_NOT_FOUND,
            NO_ACTIVE_POLICY,
            ROLLOUT_OUT_OF_ORDER,
            NOTHING_TO_ROLL_BACK,
            RUN_NOT_FOUND,
            BLOB_NOT_FOUND,
            UPLOAD_NOT_FOUND,
            BLOB_UNAVAILABLE,
            DOCUMENT_UNAVAILABLE,
            THROTTLED,
            UNAVAILABLE,
            WORLD_FULL,
            GATEWAY_TIMEOUT,
            INTERNAL,
        )
    }
)

TEMPORARY_PROBLEMS: Final = (RISK_NOT_FOUND, STRESS_NOT_FOUND)
"""Temporary problems: the same request is answered after `Retry-After` seconds."""
