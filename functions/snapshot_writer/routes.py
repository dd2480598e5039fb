"""The writer's routes: publishing a snapshot, and the uploads of blobs."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from functions.entrypoints.http.authenticator import Authenticator
from functions.entrypoints.http.etags import snapshot_etag
from functions.entrypoints.http.request import Request, path_value
from functions.entrypoints.http.responses import Response, json_response
from functions.entrypoints.http.router import Router
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.use_cases.publish_snapshot import PublishRequest, PublishResult, PublishSnapshot
from functions.telemetry import log
from functions.telemetry.metrics import MeteredWorlds, no_metered_worlds, write
from risk_hub_contracts.api.routes import path_of
from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.limits import WORLD_SIZE_ALARM_GIGABYTES
from risk_hub_contracts.base.metrics import (
    SNAPSHOT_DEDUPE,
    SNAPSHOT_PROCESSED,
    STAGE,
    WORLD_ID,
    WORLD_SIZE,
)
from risk_hub_contracts.base.path_values import check_id
from risk_hub_contracts.base.problems import WORLD_MISMATCH, ProblemError

if TYPE_CHECKING:
    from functions.snapshot_writer.uploads import UploadRoutes


def snapshot_writer(
    publish: PublishSnapshot,
    authenticator: Authenticator,
    stages: frozenset[str],
    metered: MeteredWorlds = no_metered_worlds,
) -> Router:
    """Return a router with the route for publishing; `stages` are the values of X-Stage that it takes."""

    def post_snapshot(request: Request, path: Mapping[str, str]) -> Response:
        authenticator.require_producer_token(request)
        published = publish(_publish_request(request, path_value(path["world_id"])))
        _count(published, metered)
        return _answer(published, request.prefix)

    router = Router(stages)
    router.add("publish_snapshot", post_snapshot)
    return router


def add_upload_routes(router: Router, uploads: "Callable[[], UploadRoutes]") -> Router:
    """Add the routes for uploads to a router.

    Args:
        router: the router.
        uploads: returns their handlers; called per request, so that publishing a snapshot does not load their code.
    """
    router.add("begin_upload", lambda request, path: uploads().begin(request, path))
    router.add("complete_upload", lambda request, path: uploads().complete(request, path))
    router.add("abort_upload", lambda request, path: uploads().abort(request, path))
    return router


def _publish_request(request: Request, world_id: str) -> PublishRequest:
    """Read the request in the contract's order of checks: actor, stage, world, query, size, media type."""
    actor = request.actor()
    stage = request.stage()
    check_id(world_id, "/world_id")
    request.require_no_query()
    body = request.body()
    try:
        request.require_json()
    except ProblemError:
        _refuse_other_world(body, world_id)
        raise
    return PublishRequest(world_id, actor, stage, body, request.correlation_id, request.trace_header)


def _refuse_other_world(body: bytes, world_id: str) -> None:
    """Refuse a body for another world, before its media type is checked."""
    try:
        document = strict_json.loads(body)
    except ProblemError:
        return
    if isinstance(document, dict) and document.get("world_id", world_id) != world_id:
        raise ProblemError(
            WORLD_MISMATCH, f"the path names world {world_id!r}, but the body names another world"
        )


def _answer(published: PublishResult, prefix: str) -> Response:
    stored = published.stored
    headers = {"ETag": snapshot_etag(stored, published.at), "Location": prefix + _location(stored)}
    if not published.created:
        headers["Idempotency-Replayed"] = "true"
    answer = stored.to_answer(published.at)
    return json_response(201 if published.created else 200, answer, headers)


def _location(stored: SnapshotRecord) -> str:
    path = path_of("lookup_snapshot", world_id=stored.world_id)
    return f"{path}?version={quote(stored.version, safe='')}"


def _count(published: PublishResult, metered: MeteredWorlds) -> None:
    stored, gigabytes = published.stored, published.world_gigabytes
    if published.created:
        size = [] if gigabytes is None else [(WORLD_SIZE, gigabytes)]
        write([(SNAPSHOT_PROCESSED, 1), *size], {STAGE: stored.stage})
        if gigabytes is not None and gigabytes >= WORLD_SIZE_ALARM_GIGABYTES:
            _report_large_world(stored, gigabytes, metered)
        return
    by_world = {STAGE: stored.stage, WORLD_ID: stored.world_id}
    worlds = [by_world] if metered(stored.world_id, stored.stage) else []
    write([(SNAPSHOT_DEDUPE, 1)], {STAGE: stored.stage}, *worlds)


def _report_large_world(stored: SnapshotRecord, gigabytes: float, metered: MeteredWorlds) -> None:
    """Log the world for the operator, and count it if it has its own metrics.

    Smaller worlds skip this: the metered worlds are read from a table, which a put must not wait for.
    """
    log.info("large world", world_id=stored.world_id, stage=stored.stage, world_gigabytes=gigabytes)
    if metered(stored.world_id, stored.stage):
        write([(WORLD_SIZE, gigabytes)], {STAGE: stored.stage, WORLD_ID: stored.world_id})
