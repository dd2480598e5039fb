"""The committed OpenAPI against the handlers: the same routes. Generated requests are in tests/fuzz."""

from functions.entrypoints.http.router import Router
from tests.contracts.published import openapi
from tests.fakes.hub import Hub


def routes(handler: Router) -> set[tuple[str, str]]:
    return {(route.row.method.lower(), route.row.path) for route in handler.routes}


def test_routers_have_exactly_the_routes_of_the_openapi() -> None:
    gateway = Hub().gateway()
    assert isinstance(gateway.writer, Router)
    assert isinstance(gateway.reader, Router)
    declared = {
        (method, path)
        for path, operations in openapi()["paths"].items()
        for method in operations
        if method != "parameters"
    }
    assert isinstance(gateway.registry, Router)
    assert isinstance(gateway.evaluations, Router)
    assert isinstance(gateway.evaluator, Router)
    of_snapshots, of_worlds = routes(gateway.writer) | routes(gateway.reader), routes(gateway.registry)
    assert of_snapshots | of_worlds | routes(gateway.evaluations) | routes(gateway.evaluator) == declared
