"""The reader's routes for the history of a world as a data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.entrypoints.http.query_parameters import parse_query_parameters
from functions.entrypoints.http.request import Request, path_value
from functions.entrypoints.http.responses import DO_NOT_STORE, json_response
from risk_hub_contracts.api.queries import HistoryQuery
from risk_hub_contracts.base.path_values import check_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from functions.entrypoints.http.authenticator import Authenticator
    from functions.entrypoints.http.responses import Response
    from functions.entrypoints.http.router import RequestHandler, Router
    from functions.history.list_history import ListHistory

    Listing = Callable[[ListHistory, str, HistoryQuery], Mapping[str, Any]]


def history_routes(
    router: Router, list_history: Callable[[], ListHistory], authenticator: Authenticator
) -> Router:
    """Add the routes for segments and for hot rows to a router.

    Args:
        router: the router.
        list_history: returns the use case; called per request, so that other routes do not load its code.
        authenticator: checks the tokens.
    """

    def answer(listing: Listing) -> RequestHandler:
        def handle(request: Request, path: Mapping[str, str]) -> Response:
            authenticator.require_token(request, "snapshots:read")
            world_id = check_id(path_value(path["world_id"]), "/world_id")
            query = parse_query_parameters(HistoryQuery, request)
            return json_response(200, listing(list_history(), world_id, query), DO_NOT_STORE)

        return handle

    router.add("list_history", answer(lambda use, world_id, query: use.moved(world_id, query)))
    router.add("list_hot_history", answer(lambda use, world_id, query: use.unmoved(world_id, query)))
    return router
