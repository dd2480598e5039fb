"""Blob routes of the OpenAPI description."""

from collections.abc import Sequence
from typing import Final

from risk_hub_contracts.api.openapi.builders import (
    Json,
    answer,
    header_parameter,
    model_ref,
    path_parameter,
    problems,
)
from risk_hub_contracts.base import problems as p
from risk_hub_contracts.base.ids import ACTOR_PATTERN, SHA256_PATTERN
from risk_hub_contracts.base.problems import ProblemType

_BLOBS: Final = "/risk-hub/worlds/{world_id}/blobs"
_BODY: Final = (
    *(p.BODY_TOO_LARGE, p.UNSUPPORTED_MEDIA_TYPE, p.MALFORMED_JSON, p.NOT_UTF8, p.DUPLICATE_KEY),
    *(p.NON_FINITE_NUMBER, p.TOO_DEEP, p.UPLOAD_INVALID, p.REF_INVALID, p.FORBIDDEN_ACTOR, p.ACTOR_REQUIRED),
)


def blob_paths(world: Json, read_problems: Sequence[ProblemType]) -> Json:
    """Return the paths for blobs.

    Args:
        world: the path parameter of the world.
        read_problems: the problems that every read of a world may answer.
    """
    blob = [world, path_parameter("sha256", "The blob's SHA-256.", SHA256_PATTERN)]
    return {
        _BLOBS: {"parameters": [world], "post": _begin([*read_problems, *_BODY])},
        f"{_BLOBS}/{{sha256}}": {
            "parameters": blob,
            "get": _read([*read_problems, p.INVALID_QUERY, p.BLOB_NOT_FOUND]),
        },
        f"{_BLOBS}/{{sha256}}/complete": {
            "parameters": blob,
            "post": _end(
                "complete_upload",
                "Complete a multipart upload; repeating it is safe",
                "The blob is stored; its size and digest are verified.",
                [*read_problems, *_BODY, p.UPLOAD_NOT_FOUND, p.UPLOAD_MISMATCH],
            ),
        },
        f"{_BLOBS}/{{sha256}}/abort": {
            "parameters": blob,
            "post": _end(
                "abort_upload",
                "Abort a multipart upload and remove its parts",
                "The upload no longer exists; `stored` says whether the blob is stored.",
                [*read_problems, *_BODY],
            ),
        },
    }


def _begin(types: Sequence[ProblemType]) -> Json:
    return {
        "operationId": "begin_upload",
        "summary": "Begin an upload; the answer has the signed requests for the blob store and the blob's reference",
        "description": "The blob store answers 412 to a PUT of a blob that is already stored: this is success.",
        "parameters": [_actor()],
        "requestBody": _body("UploadRequest"),
        "responses": {
            "201": answer("UploadAnswer", "Upload it with `put` or `multipart`."),
            "200": answer("UploadAnswer", "The blob is already stored: upload nothing."),
        }
        | problems(types),
    }


def _end(operation_id: str, summary: str, done: str, types: Sequence[ProblemType]) -> Json:
    return {
        "operationId": operation_id,
        "summary": summary,
        "parameters": [_actor()],
        "requestBody": _body("UploadEnd"),
        "responses": {"200": answer("UploadAnswer", done)} | problems(types),
    }


def _read(types: Sequence[ProblemType]) -> Json:
    return {
        "operationId": "read_blob",
        "summary": "The download URL of a stored blob",
        "responses": {"200": answer("BlobAnswer", "The blob.")} | problems(types),
    }


def _actor() -> Json:
    return header_parameter("X-Actor", ACTOR_PATTERN, "The producer that uploads.", required=True)


def _body(model: str) -> Json:
    return {"required": True, "content": {"application/json": {"schema": model_ref(model)}}}
