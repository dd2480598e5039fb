"""The routes of evaluation policies: stored versions, and the active version of each world."""

from dataclasses import dataclass

from functions.entrypoints.http.authenticator import Authenticator
from functions.entrypoints.http.query_parameters import parse_query_parameters
from functions.entrypoints.http.request import Request, path_value
from functions.entrypoints.http.responses import Response, json_response
from functions.entrypoints.http.router import Router
from functions.evaluation.policies.activate_policy import ActivatePolicy
from functions.evaluation.policies.policy_records import Author, PolicyKey
from functions.evaluation.policies.read_activations import ReadActivations
from functions.evaluation.policies.read_policies import ReadPolicies
from functions.evaluation.policies.store_policy import StorePolicy
from functions.evaluation_registry.requests import Path, author_of, json_body, world_of, written
from risk_hub_contracts.api.policy_queries import ActivationsQuery, PoliciesQuery
from risk_hub_contracts.base import strict_json
from risk_hub_contracts.base.limits import EVALUATION_POLICY_MAX_BYTES
from risk_hub_contracts.base.path_values import check_id
from risk_hub_contracts.base.tokens import Scope
from risk_hub_contracts.policies.activation import parse_activation
from risk_hub_contracts.policies.evaluation_policy import parse_policy

READ: Scope = "evaluations:read"
WRITE: Scope = "policies:write"
POLICY_REMEDY = (
    f"Send a policy of at most {EVALUATION_POLICY_MAX_BYTES} bytes as canonical JSON; "
    "a profile can extend another one instead of repeating its rules."
)
ACTIVATION_REMEDY = "Send only `policy_id`, `version` and `reason`: they name a stored policy and say why."


@dataclass(frozen=True, slots=True)
class PolicyRoutes:
    """One method per route; each checks the token, reads the request, calls a use case and answers."""

    store: StorePolicy
    read: ReadPolicies
    activate: ActivatePolicy
    activations: ReadActivations
    authenticator: Authenticator

    def list_versions(self, request: Request, _path: Path) -> Response:
        """GET /risk-hub/policies."""
        self.authenticator.require_token(request, READ)
        return json_response(200, self.read.page(parse_query_parameters(PoliciesQuery, request)))

    def put_version(self, request: Request, path: Path) -> Response:
        """PUT …/policies/{policy_id}/versions/{version}."""
        by = self._author(request)
        key = _policy_key(path)
        request.require_no_query()
        put = self.store(key, parse_policy(strict_json.loads(json_body(request, POLICY_REMEDY))), by)
        return written(put.answer, created=put.created)

    def get_version(self, request: Request, path: Path) -> Response:
        """GET …/policies/{policy_id}/versions/{version}."""
        self.authenticator.require_token(request, READ)
        key = _policy_key(path)
        request.require_no_query()
        return json_response(200, self.read.one(key))

    def activate_version(self, request: Request, path: Path) -> Response:
        """PUT …/worlds/{world_id}/policy."""
        by = self._author(request)
        world_id = world_of(path)
        request.require_no_query()
        done = self.activate(world_id, parse_activation(json_body(request, ACTIVATION_REMEDY)), by)
        return written(done.answer, created=done.created)

    def get_active(self, request: Request, path: Path) -> Response:
        """GET …/worlds/{world_id}/policy."""
        self.authenticator.require_token(request, READ)
        world_id = world_of(path)
        request.require_no_query()
        return json_response(200, self.activations.active(world_id))

    def list_activations(self, request: Request, path: Path) -> Response:
        """GET …/worlds/{world_id}/policy/history."""
        self.authenticator.require_token(request, READ)
        world_id = world_of(path)
        query = parse_query_parameters(ActivationsQuery, request)
        return json_response(200, self.activations.history(world_id, query))

    def _author(self, request: Request) -> Author:
        return author_of(self.authenticator, request, WRITE)


def evaluation_registry(routes: PolicyRoutes, stages: frozenset[str]) -> Router:
    """Return a router with the routes of evaluation policies; `stages` are the stages of this deployment."""
    router = Router(stages)
    router.add("list_policies", routes.list_versions)
    router.add("put_policy", routes.put_version)
    router.add("read_policy", routes.get_version)
    router.add("activate_policy", routes.activate_version)
    router.add("read_active_policy", routes.get_active)
    router.add("list_activations", routes.list_activations)
    return router


def _policy_key(path: Path) -> PolicyKey:
    return PolicyKey(
        check_id(path_value(path["policy_id"]), "/policy_id"),
        check_id(path_value(path["version"]), "/version"),
    )
