"""The reader's route for blobs."""

from collections.abc import Mapping

from functions.entrypoints.http.authenticator import Authenticator
from functions.entrypoints.http.request import Request, path_value
from functions.entrypoints.http.responses import DO_NOT_STORE, Response, json_response
from functions.entrypoints.http.router import Router
from functions.hub.use_cases.read_blob import ReadBlob
from risk_hub_contracts.base.path_values import check_id, check_sha256


def blob_routes(router: Router, read_blob: ReadBlob, authenticator: Authenticator) -> Router:
    """Add the route for a blob's download URL to a router."""

    def blob(request: Request, path: Mapping[str, str]) -> Response:
        authenticator.require_token(request, "snapshots:read")
        world_id = check_id(path_value(path["world_id"]), "/world_id")
        sha256 = check_sha256(path_value(path["sha256"]))
        request.require_no_query()
        found = read_blob(world_id, sha256)
        return json_response(200, found, DO_NOT_STORE)

    router.add("read_blob", blob)
    return router
