"""The back-test route: forecasts compared with realised returns."""

from collections.abc import Mapping

from functions.entrypoints.http.authenticator import Authenticator
from functions.entrypoints.http.query_parameters import parse_query_parameters
from functions.entrypoints.http.request import Request, path_value
from functions.entrypoints.http.responses import Response, json_response
from functions.entrypoints.http.router import Router
from functions.evaluation.backtest.backtest_risk import BacktestRisk
from risk_hub_contracts.api.queries import BacktestQuery
from risk_hub_contracts.base.path_values import check_id


def backtest_route(router: Router, backtest: BacktestRisk, authenticator: Authenticator) -> Router:
    """Add the back-test's route to a router."""

    def answer(request: Request, path: Mapping[str, str]) -> Response:
        authenticator.require_token(request, "snapshots:read")
        world_id = path_value(path["world_id"])
        check_id(world_id, "/world_id")
        report = backtest(world_id, parse_query_parameters(BacktestQuery, request))
        return json_response(200, report.model_dump(mode="json"))

    router.add("backtest_risk", answer)
    return router
