"""The committed OpenAPI against the doors: the same routes, and no answer that it does not declare."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from functions.hub.http.door import Door
from tests.fakes.declared import require_declared_event
from tests.fakes.gateway import proxy_event
from tests.http.conftest import Hub, book, post

SPECIFICATION = json.loads(
    (Path(__file__).parents[2] / "contracts" / "openapi.json").read_text(encoding="utf-8")
)
EXAMPLES_PER_OPERATION = 60
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# A query parameter that the generator adds and the URL cannot carry would count as accepted bad data.
BODY_CHECKS = [*CHECKS, negative_data_rejection]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


def wsgi_app(hub: Hub) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """Return the doors as a WSGI application, which is what schemathesis can call in process."""
    gateway = hub.gateway()

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = [
            (name[5:].replace("_", "-"), value) for name, value in environ.items() if name.startswith("HTTP_")
        ]
        if environ.get("CONTENT_TYPE"):
            headers.append(("Content-Type", environ["CONTENT_TYPE"]))
        url = f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
        event = proxy_event(environ["REQUEST_METHOD"], url, headers, body or None)
        event["path"] = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        answer = gateway.door(event)(event, SimpleNamespace(aws_request_id="schemathesis"))
        require_declared_event(event, answer)
        listed = [(name, value) for name, values in answer["multiValueHeaders"].items() for value in values]
        start_response(f"{answer['statusCode']} -", listed)
        return [(answer.get("body") or "").encode()]

    return app


HUB = Hub()
TOKEN = HUB.tokens.issue()
schema = schemathesis.openapi.from_dict(SPECIFICATION)
schema.app = wsgi_app(HUB)


@pytest.fixture(scope="module", autouse=True)
def _some_snapshots(_powertools: None) -> None:
    gateway = HUB.gateway()
    for number in range(3):
        assert post(gateway, book(f"v{number}")).status in {200, 201}


@schema.parametrize()
@settings(
    max_examples=EXAMPLES_PER_OPERATION,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_inv_11_no_generated_request_gets_an_answer_that_is_not_declared(
    case: "schemathesis.Case[Any]",
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    case.call_and_validate(headers=headers, checks=BODY_CHECKS if case.method in {"POST", "PUT"} else CHECKS)


def routes(door: Door) -> set[tuple[str, str]]:
    found = door._app._static_routes + door._app._dynamic_routes  # noqa: SLF001
    return {(route.method.lower(), route.openapi_path) for route in found}


def test_the_doors_have_the_routes_that_the_description_has() -> None:
    gateway = Hub().gateway()
    assert isinstance(gateway.writer, Door)
    assert isinstance(gateway.reader, Door)
    declared = {
        (method, path)
        for path, operations in SPECIFICATION["paths"].items()
        for method in operations
        if method != "parameters"
    }
    assert isinstance(gateway.registry, Door)
    assert routes(gateway.writer) | routes(gateway.reader) | routes(gateway.registry) == declared
