"""The registry's routes: the list of worlds, and a world's expectation and exit policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel

from functions.entrypoints.http.router import Door
from functions.entrypoints.http.authenticator import Gate
from functions.entrypoints.http.query_parameters import asked
from functions.entrypoints.http.request import Request, path_value
from functions.entrypoints.http.responses import json_response, no_content
from functions.hub.use_cases.list_worlds import ListWorlds
from functions.hub.use_cases.register_worlds import Put, RegisterWorlds
from risk_hub_contracts.api.world_queries import StageQuery, WorldsQuery
from risk_hub_contracts.base.path_values import check_id
from risk_hub_contracts.base.tokens import Scope
from risk_hub_contracts.policies.exit_policy import ExitPolicy
from risk_hub_contracts.worlds.expectation import Expectation
from risk_hub_contracts.worlds.registry import parse_registration

WORLDS = "/risk-hub/worlds"
EXPECTATIONS = f"{WORLDS}/<world_id>/expectations"
EXIT_POLICY = f"{WORLDS}/<world_id>/exit-policy"
READ: Scope = "snapshots:read"
WRITE: Scope = "worlds:write"

Body = TypeVar("Body", bound=BaseModel)
Path = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Subject:
    """World and stage of a request, and the id of its token."""

    world_id: str
    stage: str
    by: str


@dataclass(frozen=True, slots=True)
class RegistryRoutes:
    """One method per route; each checks the token, reads the query, calls a use case and answers."""

    register: RegisterWorlds
    list_worlds: ListWorlds
    gate: Gate

    def worlds(self, request: Request, _path: Path) -> Response[Any]:
        """GET /risk-hub/worlds."""
        self.gate.admit(request, READ)
        return json_response(200, self.list_worlds(asked(WorldsQuery, request)))

    def put_expectation(self, request: Request, path: Path) -> Response[Any]:
        """PUT …/expectations."""
        about = self._admit(request, path, WRITE)
        wanted = _body(Expectation, request)
        return _stored(self.register.expect(about.world_id, about.stage, wanted, about.by))

    def get_expectation(self, request: Request, path: Path) -> Response[Any]:
        """GET …/expectations."""
        about = self._admit(request, path, READ)
        return json_response(200, self.register.expectation(about.world_id, about.stage))

    def delete_expectation(self, request: Request, path: Path) -> Response[Any]:
        """DELETE …/expectations: a repeated request has the same answer."""
        about = self._admit(request, path, WRITE)
        self.register.forget(about.world_id, about.stage)
        return no_content()

    def put_policy(self, request: Request, path: Path) -> Response[Any]:
        """PUT …/exit-policy."""
        about = self._admit(request, path, WRITE)
        policy = _body(ExitPolicy, request)
        return _stored(self.register.set_policy(about.world_id, about.stage, policy, about.by))

    def get_policy(self, request: Request, path: Path) -> Response[Any]:
        """GET …/exit-policy."""
        about = self._admit(request, path, READ)
        return json_response(200, self.register.policy(about.world_id, about.stage))

    def delete_policy(self, request: Request, path: Path) -> Response[Any]:
        """DELETE …/exit-policy."""
        about = self._admit(request, path, WRITE)
        self.register.drop_policy(about.world_id, about.stage)
        return no_content()

    def _admit(self, request: Request, path: Path, scope: Scope) -> Subject:
        token = self.gate.admit(request, scope)
        world_id = check_id(path_value(path["world_id"]), "/world_id")
        return Subject(world_id, asked(StageQuery, request).stage, token.id)


def world_registry(
    register: RegisterWorlds, list_worlds: ListWorlds, gate: Gate, stages: frozenset[str]
) -> Door:
    """Return a router with the routes of the registry; `stages` are the stages of this deployment."""
    routes = RegistryRoutes(register, list_worlds, gate)
    door = Door(stages)
    door.add("GET", WORLDS, routes.worlds)
    door.add("PUT", EXPECTATIONS, routes.put_expectation)
    door.add("GET", EXPECTATIONS, routes.get_expectation)
    door.add("DELETE", EXPECTATIONS, routes.delete_expectation)
    door.add("PUT", EXIT_POLICY, routes.put_policy)
    door.add("GET", EXIT_POLICY, routes.get_policy)
    door.add("DELETE", EXIT_POLICY, routes.delete_policy)
    return door


def _body(model: type[Body], request: Request) -> Body:
    body = request.body()
    request.require_json()
    return parse_registration(model, body)


def _stored(put: Put) -> Response[Any]:
    return json_response(201 if put.created else 200, put.answer)
