"""The route that evaluates strategies."""

from collections.abc import Mapping
from dataclasses import dataclass

from functions.entrypoints.http.authenticator import Authenticator
from functions.entrypoints.http.request import Request, path_value
from functions.entrypoints.http.responses import Response, json_response
from functions.entrypoints.http.router import Router
from functions.evaluation.evaluations.evaluate_strategies import EvaluateStrategies
from functions.evaluation.rollout.verdict_metrics import write_verdicts
from risk_hub_contracts.base.limits import EVALUATED_STRATEGIES_MAX_COUNT
from risk_hub_contracts.base.path_values import check_id
from risk_hub_contracts.base.tokens import Scope
from risk_hub_contracts.evaluations.request import parse_evaluation

WRITE: Scope = "evaluations:write"
TOO_LARGE_REMEDY = (
    f"Send at most {EVALUATED_STRATEGIES_MAX_COUNT} strategies, with only the metrics that the policy compares; "
    "split the strategies of different selections into several evaluations."
)
REPLAYED = {"Idempotency-Replayed": "true"}


@dataclass(frozen=True, slots=True)
class EvaluationRoutes:
    """The method of the route: check the token, read the request, call the use case, answer."""

    evaluate: EvaluateStrategies
    authenticator: Authenticator

    def post(self, request: Request, path: Mapping[str, str]) -> Response:
        """POST …/worlds/{world_id}/evaluate."""
        token = self.authenticator.require_token(request, WRITE)
        world_id = check_id(path_value(path["world_id"]), "/world_id")
        request.require_no_query()
        body = request.body(TOO_LARGE_REMEDY)
        request.require_json()
        wanted = parse_evaluation(body)
        result = self.evaluate(world_id, wanted, token.holder)
        write_verdicts(wanted.stage, result.decisions)
        if result.created:
            return json_response(201, result.answer)
        return json_response(200, result.answer, REPLAYED)


def evaluator(routes: EvaluationRoutes, stages: frozenset[str]) -> Router:
    """Return a router with the route of evaluations; `stages` are the stages of this deployment."""
    router = Router(stages)
    router.add("evaluate_strategies", routes.post)
    return router
