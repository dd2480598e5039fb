"""The routes of the rollout: whose verdict decides in each stage of a world."""

from dataclasses import dataclass

from functions.entrypoints.http.authenticator import Authenticator
from functions.entrypoints.http.query_parameters import parse_query_parameters
from functions.entrypoints.http.request import Request
from functions.entrypoints.http.responses import Response, json_response
from functions.entrypoints.http.router import Router
from functions.evaluation.policies.policy_records import Author
from functions.evaluation.rollout.change_rollout import ChangeRollout
from functions.evaluation.rollout.read_rollout import ReadRollout
from functions.evaluation_registry.requests import Path, author_of, json_body, world_of, written
from risk_hub_contracts.api.policy_queries import RolloutHistoryQuery
from risk_hub_contracts.base.tokens import Scope
from risk_hub_contracts.policies.rollout import parse_rollback, parse_rollout

READ: Scope = "evaluations:read"
CHANGE: Scope = "governance:approve"
CHANGE_REMEDY = "Send only `stage`, `decider` and `reason`."
ROLLBACK_REMEDY = "Send only `stage` and `reason`."


@dataclass(frozen=True, slots=True)
class RolloutRoutes:
    """One method per route; each checks the token, reads the request, calls a use case and answers."""

    change: ChangeRollout
    read: ReadRollout
    authenticator: Authenticator

    def set_decider(self, request: Request, path: Path) -> Response:
        """PUT …/worlds/{world_id}/rollout."""
        by = self._author(request)
        world_id = world_of(path)
        request.require_no_query()
        done = self.change.set(world_id, parse_rollout(json_body(request, CHANGE_REMEDY)), by)
        return written(done.answer, created=done.created)

    def roll_back(self, request: Request, path: Path) -> Response:
        """POST …/worlds/{world_id}/rollout/rollback."""
        by = self._author(request)
        world_id = world_of(path)
        request.require_no_query()
        done = self.change.roll_back(world_id, parse_rollback(json_body(request, ROLLBACK_REMEDY)), by)
        return written(done.answer, created=done.created)

    def get_flags(self, request: Request, path: Path) -> Response:
        """GET …/worlds/{world_id}/rollout."""
        self.authenticator.require_token(request, READ)
        world_id = world_of(path)
        request.require_no_query()
        return json_response(200, self.read.flags(world_id))

    def list_changes(self, request: Request, path: Path) -> Response:
        """GET …/worlds/{world_id}/rollout/history."""
        self.authenticator.require_token(request, READ)
        world_id = world_of(path)
        query = parse_query_parameters(RolloutHistoryQuery, request)
        return json_response(200, self.read.history(world_id, query))

    def _author(self, request: Request) -> Author:
        return author_of(self.authenticator, request, CHANGE)


def add_rollout_routes(router: Router, routes: RolloutRoutes) -> Router:
    """Add the routes of the rollout and return the router."""
    router.add("set_rollout", routes.set_decider)
    router.add("read_rollout", routes.get_flags)
    router.add("roll_back", routes.roll_back)
    router.add("list_rollout_changes", routes.list_changes)
    return router
