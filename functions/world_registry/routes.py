"""The registry's routes: the list of worlds, and a world's expectation and exit policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from functions.entrypoints.http.authenticator import Authenticator
from functions.entrypoints.http.query_parameters import parse_query_parameters
from functions.entrypoints.http.request import Request, path_value
from functions.entrypoints.http.responses import Response, json_response, no_content
from functions.entrypoints.http.router import Router
from functions.hub.use_cases.list_worlds import ListWorlds
from functions.hub.use_cases.register_policies import RegisterPolicies
from functions.hub.use_cases.register_worlds import PutResult, RegisterWorlds
from risk_hub_contracts.api.world_queries import ExitPolicyQuery, StageQuery, WorldsQuery
from risk_hub_contracts.base.limits import REGISTRATION_MAX_BYTES
from risk_hub_contracts.base.path_values import check_id
from risk_hub_contracts.base.tokens import Scope
from risk_hub_contracts.policies.exit_policy import ExitPolicy
from risk_hub_contracts.worlds.expectation import Expectation
from risk_hub_contracts.worlds.registry import parse_registration

REGISTRATION_REMEDY = (
    f"Send a shorter expectation or policy: its stored form may have at most {REGISTRATION_MAX_BYTES} bytes."
)
READ: Scope = "snapshots:read"
WRITE: Scope = "worlds:write"

Body = TypeVar("Body", bound=BaseModel)
Path = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RegistryTarget:
    """World and stage of a request, and the id of its token."""

    world_id: str
    stage: str
    by: str


@dataclass(frozen=True, slots=True)
class RegistryRoutes:
    """One method per route; each checks the token, reads the query, calls a use case and answers."""

    register: RegisterWorlds
    policies: RegisterPolicies
    list_worlds: ListWorlds
    authenticator: Authenticator

    def worlds(self, request: Request, _path: Path) -> Response:
        """Answer GET /risk-hub/worlds with a page of worlds."""
        self.authenticator.require_token(request, READ)
        return json_response(200, self.list_worlds(parse_query_parameters(WorldsQuery, request)))

    def put_expectation(self, request: Request, path: Path) -> Response:
        """Answer PUT …/expectations: store the expectation; 201 if there was none, else 200."""
        target = self._authorize(request, path, WRITE)
        wanted = _body(Expectation, request)
        return _stored(self.register.set_expectation(target.world_id, target.stage, wanted, target.by))

    def get_expectation(self, request: Request, path: Path) -> Response:
        """Answer GET …/expectations with the stored expectation."""
        target = self._authorize(request, path, READ)
        return json_response(200, self.register.expectation(target.world_id, target.stage))

    def delete_expectation(self, request: Request, path: Path) -> Response:
        """Answer DELETE …/expectations: remove the expectation; a repeated request has the same answer."""
        target = self._authorize(request, path, WRITE)
        self.register.remove_expectation(target.world_id, target.stage)
        return no_content()

    def put_policy(self, request: Request, path: Path) -> Response:
        """Answer PUT …/exit-policy: put the policy in force; 201 if there was none, else 200."""
        target = self._authorize(request, path, WRITE)
        policy = _body(ExitPolicy, request)
        return _stored(self.policies.set_policy(target.world_id, target.stage, policy, target.by))

    def get_policy(self, request: Request, path: Path) -> Response:
        """Answer GET …/exit-policy with the policy in force, or with one stored version."""
        self.authenticator.require_token(request, READ)
        world_id = check_id(path_value(path["world_id"]), "/world_id")
        query = parse_query_parameters(ExitPolicyQuery, request)
        if query.version is None:
            return json_response(200, self.policies.policy(world_id, query.stage))
        return json_response(200, self.policies.version(world_id, query.stage, query.version))

    def delete_policy(self, request: Request, path: Path) -> Response:
        """Answer DELETE …/exit-policy: put the default policy in force."""
        target = self._authorize(request, path, WRITE)
        self.policies.remove_policy(target.world_id, target.stage)
        return no_content()

    def _authorize(self, request: Request, path: Path, scope: Scope) -> RegistryTarget:
        token = self.authenticator.require_token(request, scope)
        world_id = check_id(path_value(path["world_id"]), "/world_id")
        return RegistryTarget(world_id, parse_query_parameters(StageQuery, request).stage, token.id)


def world_registry(
    register: RegisterWorlds,
    policies: RegisterPolicies,
    list_worlds: ListWorlds,
    authenticator: Authenticator,
    stages: frozenset[str],
) -> Router:
    """Return a router with the routes of the registry; `stages` are the stages of this deployment."""
    routes = RegistryRoutes(register, policies, list_worlds, authenticator)
    router = Router(stages)
    router.add("list_worlds", routes.worlds)
    router.add("expect_world", routes.put_expectation)
    router.add("read_expectation", routes.get_expectation)
    router.add("forget_world", routes.delete_expectation)
    router.add("put_exit_policy", routes.put_policy)
    router.add("read_exit_policy", routes.get_policy)
    router.add("drop_exit_policy", routes.delete_policy)
    return router


def _body(model: type[Body], request: Request) -> Body:
    body = request.body(REGISTRATION_REMEDY)
    request.require_json()
    return parse_registration(model, body)


def _stored(put: PutResult) -> Response:
    return json_response(201 if put.created else 200, put.answer)
