"""Operations that upload and read blobs."""

from typing import Final

from risk_hub_contracts.api.openapi.operations import Answer, Operation, actor_header
from risk_hub_contracts.api.upload_answers import BlobAnswer, UploadAnswer
from risk_hub_contracts.base import problems as p
from risk_hub_contracts.blob.uploads import UploadEnd, UploadRequest

_UPLOAD: Final = (p.UPLOAD_INVALID, p.REF_INVALID)
_ACTOR: Final = (actor_header("The producer that uploads."),)

BLOBS: Final = (
    Operation(
        "begin_upload",
        "Begin an upload; the answer has the signed requests for the blob store and the blob's reference",
        (
            Answer(201, UploadAnswer, "Upload it with `put` or `multipart`."),
            Answer(200, UploadAnswer, "The blob is already stored: upload nothing."),
        ),
        _UPLOAD,
        description="The blob store answers 412 to a PUT of a blob that is already stored: this is success.",
        body=UploadRequest,
        headers=_ACTOR,
    ),
    Operation(
        "read_blob",
        "The download URL of a stored blob",
        (Answer(200, BlobAnswer, "The blob."),),
        (p.BLOB_NOT_FOUND,),
    ),
    Operation(
        "complete_upload",
        "Complete a multipart upload; repeating it is safe",
        (Answer(200, UploadAnswer, "The blob is stored; its size and digest are verified."),),
        (*_UPLOAD, p.UPLOAD_NOT_FOUND, p.UPLOAD_MISMATCH),
        body=UploadEnd,
        headers=_ACTOR,
    ),
    Operation(
        "abort_upload",
        "Abort a multipart upload and remove its parts",
        (
            Answer(
                200,
                UploadAnswer,
                "The upload no longer exists; `stored` says whether the blob is stored.",
            ),
        ),
        _UPLOAD,
        body=UploadEnd,
        headers=_ACTOR,
    ),
)
