"""The routes that read evaluation runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from functions.entrypoints.http.authenticator import Authenticator
from functions.entrypoints.http.query_parameters import parse_query_parameters
from functions.entrypoints.http.request import Request, path_value
from functions.entrypoints.http.responses import Response, json_response
from functions.entrypoints.http.router import Router
from functions.evaluation.runs.answer_runs import AnswerRuns
from risk_hub_contracts.api.run_queries import OneRunQuery, RunHistoryQuery, RunsQuery
from risk_hub_contracts.base.path_values import check_id
from risk_hub_contracts.base.tokens import Scope
from risk_hub_contracts.runs.run_key import RunKey

READ: Scope = "evaluations:read"

Path = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RunRoutes:
    """One method per route; each checks the token, reads the request, calls a use case and answers."""

    answers: AnswerRuns
    authenticator: Authenticator

    def list_runs(self, request: Request, path: Path) -> Response:
        """GET …/worlds/{world_id}/evaluation-runs."""
        self.authenticator.require_token(request, READ)
        world_id = _id_in(path, "world_id")
        return json_response(200, self.answers.page(world_id, parse_query_parameters(RunsQuery, request)))

    def get_run(self, request: Request, path: Path) -> Response:
        """GET …/evaluation-runs/{run_id}."""
        self.authenticator.require_token(request, READ)
        query = parse_query_parameters(OneRunQuery, request)
        return json_response(200, self.answers.record(_run_key(path, query)))

    def get_history(self, request: Request, path: Path) -> Response:
        """GET …/evaluation-runs/{run_id}/history."""
        self.authenticator.require_token(request, READ)
        query = parse_query_parameters(RunHistoryQuery, request)
        return json_response(200, self.answers.history(_run_key(path, query), query))


def add_run_routes(router: Router, routes: RunRoutes) -> None:
    """Add the routes that read evaluation runs to a router."""
    router.add("list_runs", routes.list_runs)
    router.add("read_run", routes.get_run)
    router.add("read_run_history", routes.get_history)


def _run_key(path: Path, query: OneRunQuery) -> RunKey:
    return RunKey(_id_in(path, "world_id"), query.strategy_id, _id_in(path, "run_id"))


def _id_in(path: Path, name: str) -> str:
    return check_id(path_value(path[name]), f"/{name}")
