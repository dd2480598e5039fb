"""The writer's routes for blobs: announce, complete, abort."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from functions.entrypoints.http.authenticator import Authenticator
from functions.entrypoints.http.request import Request, path_value
from functions.entrypoints.http.responses import DO_NOT_STORE, Response, json_response
from functions.hub.use_cases.upload_blobs import Document, UploadBlobs
from risk_hub_contracts.base.path_values import check_id, check_sha256
from risk_hub_contracts.blob.uploads import UploadEnd, parse_upload, parse_upload_end

ANNOUNCEMENT_REMEDY = (
    "Send only the members of an upload request here; the bytes of the blob go to the blob store."
)


@dataclass(frozen=True, slots=True)
class UploadRoutes:
    """One method per route; each checks the token, reads the body, calls the use case and answers."""

    upload: UploadBlobs
    authenticator: Authenticator

    def begin(self, request: Request, path: Mapping[str, str]) -> Response:
        """Answer POST …/blobs with the signed requests of an upload, or the blob that is already stored."""
        world_id = self._authorize(request, path)
        answer = self.upload.begin(world_id, parse_upload(_json_body(request)))
        return json_response(200 if answer["stored"] else 201, answer, DO_NOT_STORE)

    def complete(self, request: Request, path: Mapping[str, str]) -> Response:
        """Answer POST …/blobs/{sha256}/complete: join the uploaded parts."""
        return self._finish(request, path, self.upload.complete)

    def abort(self, request: Request, path: Mapping[str, str]) -> Response:
        """Answer POST …/blobs/{sha256}/abort: remove the uploaded parts."""
        return self._finish(request, path, self.upload.abort)

    def _finish(
        self,
        request: Request,
        path: Mapping[str, str],
        operation: Callable[[str, str, UploadEnd], Document],
    ) -> Response:
        world_id = self._authorize(request, path)
        sha256 = check_sha256(path_value(path["sha256"]))
        return json_response(200, operation(world_id, sha256, parse_upload_end(_json_body(request))))

    def _authorize(self, request: Request, path: Mapping[str, str]) -> str:
        self.authenticator.require_producer_token(request)
        request.actor()
        return check_id(path_value(path["world_id"]), "/world_id")


def _json_body(request: Request) -> bytes:
    request.require_no_query()
    body = request.body(ANNOUNCEMENT_REMEDY)
    request.require_json()
    return body
