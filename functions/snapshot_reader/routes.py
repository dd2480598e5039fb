"""The reader's routes for snapshots."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from functions.entrypoints.http.authenticator import Authenticator
from functions.entrypoints.http.etags import EXPANDED, body_tag, matches_if_none_match, snapshot_etag
from functions.entrypoints.http.query_parameters import parse_query_parameters
from functions.entrypoints.http.request import Request, path_value
from functions.entrypoints.http.responses import (
    DO_NOT_STORE,
    Response,
    json_response,
    not_modified,
    settled_header,
)
from functions.entrypoints.http.router import Router
from functions.hub.use_cases.expand_components import ExpandComponents
from functions.hub.use_cases.read_snapshots import FoundSnapshot, Moment, ReadSnapshots
from risk_hub_contracts.api.queries import LatestQuery, ListQuery, LookupQuery
from risk_hub_contracts.base.path_values import check_id
from risk_hub_contracts.snapshot.request import REF_FIELDS


@dataclass(frozen=True, slots=True)
class SnapshotRoutes:
    """One method per route; each checks the token, reads the query, calls a use case and answers."""

    read: ReadSnapshots
    expand: ExpandComponents
    authenticator: Authenticator

    def latest(self, request: Request, path: Mapping[str, str]) -> Response:
        """Answer GET …/snapshots/latest with the newest unexpired snapshot."""
        world_id = self._authorize(request, path)
        query = parse_query_parameters(LatestQuery, request)
        return self._answer(request, self.read.latest(world_id, query), expand=query.expand)

    def lookup(self, request: Request, path: Mapping[str, str]) -> Response:
        """Answer GET …/snapshots/lookup with one snapshot, by version or instant."""
        world_id = self._authorize(request, path)
        query = parse_query_parameters(LookupQuery, request)
        return self._answer(request, self.read.lookup(world_id, query), expand=query.expand)

    def page(self, request: Request, path: Mapping[str, str]) -> Response:
        """Answer GET …/snapshots with a page of snapshots."""
        world_id = self._authorize(request, path)
        found = self.read.page(world_id, parse_query_parameters(ListQuery, request))
        snapshots = [stored.to_answer(found.moment.at) for stored in found.stored]
        page = {"snapshots": snapshots, "next_cursor": found.next_cursor}
        return json_response(200, page, _settled(found.moment))

    def _authorize(self, request: Request, path: Mapping[str, str]) -> str:
        self.authenticator.require_token(request, "snapshots:read")
        world_id = path_value(path["world_id"])
        check_id(world_id, "/world_id")
        return world_id

    def _answer(self, request: Request, found: FoundSnapshot, *, expand: bool) -> Response:
        answer = found.stored.to_answer(found.moment.at)
        if expand and not answer.keys().isdisjoint(REF_FIELDS.values()):
            return self._expanded(request, found, answer)
        return _tagged(request, found, snapshot_etag(found.stored, found.moment.at), lambda: answer)

    def _expanded(self, request: Request, found: FoundSnapshot, answer: Mapping[str, Any]) -> Response:
        too_large = self.expand.too_large(answer, len(orjson.dumps(answer)))
        if too_large:
            # Each answer has another signed URL, so its tag is the body's digest and never leads to a 304.
            expanded = self.expand(answer, too_large)
            etag = snapshot_etag(found.stored, found.moment.at, EXPANDED, body_tag(expanded))
            return json_response(200, expanded, {**DO_NOT_STORE, "ETag": etag, **_settled(found.moment)})
        etag = snapshot_etag(found.stored, found.moment.at, EXPANDED)
        return _tagged(request, found, etag, lambda: self.expand(answer, too_large))


def snapshot_routes(
    read: ReadSnapshots, expand: ExpandComponents, authenticator: Authenticator, stages: frozenset[str]
) -> Router:
    """Return a router with the routes for snapshots; `stages` also apply to routes added later."""
    routes = SnapshotRoutes(read, expand, authenticator)
    router = Router(stages)
    router.add("latest_snapshot", routes.latest)
    router.add("lookup_snapshot", routes.lookup)
    router.add("list_snapshots", routes.page)
    return router


def _tagged(
    request: Request, found: FoundSnapshot, etag: str, body: Callable[[], Mapping[str, Any]]
) -> Response:
    """Return the answer with its tag, or 304 if the client has it; build the body only if it is sent."""
    headers = {"ETag": etag, **_settled(found.moment)}
    return (
        not_modified(headers) if matches_if_none_match(request, etag) else json_response(200, body(), headers)
    )


def _settled(moment: Moment) -> dict[str, str]:
    return settled_header(moment.settled())
