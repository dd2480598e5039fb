"""API Gateway, the OpenAPI description, the deployed handlers and the route table have the same routes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from functions.entrypoints.http.router import Router
from infra.api_methods import ANY_METHOD
from risk_hub_contracts.api.routes import ROOT, ROUTES, ApiFunction
from tests.contracts.published import openapi
from tests.fakes.cold_start import cold_start
from tests.fakes.deployed import deployed
from tests.infra.assembly import Assembly
from tests.infra.test_rest_api import routes

REPOSITORY = Path(__file__).parents[2]
BUILT_FROM_THE_TABLE = ("functions", "client/src", "contracts/src/risk_hub_contracts/api/openapi")
Operation = tuple[str, str]


def operations() -> dict[Operation, dict[str, Any]]:
    """Return the operations of the published description, by method and path."""
    return {
        (method.upper(), path): operation
        for path, item in openapi()["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def function_of(gateway: dict[Operation, str], operation: Operation) -> str | None:
    """Return the function that API Gateway invokes for a method and path."""
    _, path = operation
    return gateway.get(operation) or gateway.get((ANY_METHOD, path))


def handled(assembly: Assembly, function: ApiFunction) -> set[Operation]:
    """Return the methods and paths that a deployed function's handler routes."""
    entry_point: str = assembly.function(function)["Handler"]
    router = getattr(cold_start(function), entry_point.rpartition(".")[2])
    assert isinstance(router, Router)
    return {(route.row.method, route.row.path) for route in router.routes}


@pytest.fixture
def _deployed() -> Iterator[None]:
    with deployed("token", ["snapshots:read"]):
        yield


def test_openapi_has_exactly_the_operations_of_the_route_table() -> None:
    described = {operation["operationId"]: key for key, operation in operations().items()}
    assert described == {route.operation_id: (route.method, route.path) for route in ROUTES.values()}


def test_openapi_requires_a_token_exactly_for_routes_with_a_scope() -> None:
    public = {operation["operationId"] for operation in operations().values() if "security" in operation}
    assert public == {route.operation_id for route in ROUTES.values() if route.scope is None}


def test_gateway_has_exactly_the_paths_and_methods_of_the_openapi(any_stage: Assembly) -> None:
    gateway = routes(any_stage)
    assert {path for _, path in gateway} == set(openapi()["paths"])
    assert {key for key in gateway if key[0] != ANY_METHOD} <= set(operations())


def test_gateway_invokes_the_function_of_the_route_table_for_each_operation(any_stage: Assembly) -> None:
    gateway = routes(any_stage)
    invoked = {operation: function_of(gateway, operation) for operation in operations()}
    assert invoked == {(route.method, route.path): route.function for route in ROUTES.values()}


@pytest.mark.usefixtures("_deployed")
@pytest.mark.parametrize("function", get_args(ApiFunction))
def test_deployed_handler_routes_exactly_the_operations_of_its_function(
    local: Assembly, function: ApiFunction
) -> None:
    gateway = routes(local)
    invoked = {each for each in operations() if function_of(gateway, each) == function}
    assert handled(local, function) == invoked
    assert invoked == {(row.method, row.path) for row in ROUTES.values() if row.function == function}


def spelled_paths(file: Path) -> list[str]:
    """Return the string constants of a module that begin like a path of the API."""
    tree = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    texts = [node.value for node in tree if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text for text in texts if re.match(rf"{ROOT}(/|$)", text)]


@pytest.mark.parametrize("folder", BUILT_FROM_THE_TABLE)
def test_modules_take_paths_from_the_route_table(folder: str) -> None:
    modules = sorted((REPOSITORY / folder).rglob("*.py"))
    assert modules
    assert {file.name: found for file in modules if (found := spelled_paths(file))} == {}
