"""The same routes behind every address: default endpoint, custom domain, base path; REST and HTTP API events."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, unquote

import orjson
import pytest

from functions.entrypoints.http.event import external_prefix, route_path
from risk_hub_contracts.api.routes import METHODS_BY_ROUTE
from tests.fakes.addresses import ADDRESSES, Address
from tests.fakes.answer_validation import Exchange, validate_exchange
from tests.fakes.gateway import Answer, Gateway, proxy_event
from tests.fakes.hub import SNAPSHOTS, book


@pytest.fixture(params=ADDRESSES.values(), ids=list(ADDRESSES))
def address(request: pytest.FixtureRequest) -> Address:
    called: Address = request.param
    return called


def send(api: Gateway, address: Address, method: str, url: str, body: Any = None, **headers: str) -> Answer:
    raw = None if body is None else orjson.dumps(body)
    event = address.event(method, url, {**api.headers, **headers}, raw)
    handler = api.handler_for(proxy_event(method, url, [], None))
    answer = handler(event, SimpleNamespace(aws_request_id="lambda-request"))
    given = answer["headers"] if address.is_http_api else answer["multiValueHeaders"]
    found = {name.lower(): value if address.is_http_api else value[0] for name, value in given.items()}
    answered = Answer(answer["statusCode"], found, answer.get("body") or "")
    validate_exchange(Exchange(method, url.partition("?")[0], answered.status, found, answered.body))
    return answered


def test_location_is_the_path_at_which_the_same_client_reads_the_snapshot(
    api: Gateway, address: Address
) -> None:
    answer = send(api, address, "POST", SNAPSHOTS, book())
    assert answer.status == 201
    assert answer.headers["location"] == f"{address.prefix}{SNAPSHOTS}/lookup?version=v1"
    read = send(api, address, "GET", answer.headers["location"].removeprefix(address.prefix))
    assert (read.status, read.json["version"]) == (200, "v1")


def test_the_instance_of_a_problem_is_the_path_that_the_client_sent(api: Gateway, address: Address) -> None:
    for url in (f"{SNAPSHOTS}/latest", f"{SNAPSHOTS}/latest/", "/risk-hub/worlds/w%2Bx/snapshots/latest"):
        answer = send(api, address, "GET", f"{url}?stage=paper")
        assert answer.slug == "world-unknown"
        # An HTTP API does not show which characters the client escaped; the path is an equivalent one.
        assert unquote(answer.json["instance"]) == unquote(address.prefix + url)
        assert address.is_http_api or answer.json["instance"] == address.prefix + url
    refused = send(api, address, "PATCH", SNAPSHOTS)
    assert (refused.status, refused.json["instance"]) == (405, address.prefix + SNAPSHOTS)


@pytest.mark.parametrize("path", METHODS_BY_ROUTE)
@pytest.mark.parametrize("slashes", ["", "/"])
def test_every_route_is_found_with_and_without_a_trailing_slash(
    address: Address, path: str, slashes: str
) -> None:
    concrete = (
        path.format(world_id="risk-hub", version="v1", sha256="a" * 64, policy_id="us-core", run_id="r1")
        + slashes
    )
    event = address.event("GET", concrete, {})
    if address.is_http_api:
        assert event["rawPath"] == address.prefix + concrete
    else:
        assert route_path(event).rstrip("/") == concrete.rstrip("/")
        assert external_prefix(event) == address.prefix


def test_path_is_percent_decoded_exactly_once(api: Gateway, address: Address) -> None:
    assert send(api, address, "POST", "/risk-hub/worlds/%61%2Bb/snapshots", book()).status == 201
    assert send(api, address, "GET", "/risk-hub/worlds/a+b/snapshots/latest").json["world_id"] == "a+b"
    for twice in ("%2561%2Bb", "a%252Bb", "%252561+b"):
        for method, url in (("POST", "snapshots"), ("GET", "snapshots/latest"), ("POST", "blobs")):
            answer = send(api, address, method, f"/risk-hub/worlds/{twice}/{url}", book())
            assert (answer.status, answer.slug) == (422, "contract-violation"), (method, url)


@pytest.mark.parametrize("char", [*" =+@:%#?/&é", "%2F"])
def test_special_characters_of_a_path_segment_are_part_of_the_value(
    api: Gateway, address: Address, char: str
) -> None:
    answer = send(api, address, "GET", f"/risk-hub/worlds/a{quote(char, safe='')}b/snapshots/latest")
    wanted = {"world-unknown"} if char in "+@:" else {"contract-violation", "not-found"}
    assert answer.slug in wanted


def test_forged_host_and_forwarding_headers_do_not_change_location(api: Gateway, address: Address) -> None:
    forged = {
        "Host": "evil.example/elsewhere",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/elsewhere",
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-Proto": "http",
        "Forwarded": "host=evil.example",
    }
    answer = send(api, address, "POST", SNAPSHOTS, book(), **forged)
    assert answer.headers["location"] == f"{address.prefix}{SNAPSHOTS}/lookup?version=v1"


def test_two_credentials_joined_by_an_http_api_are_refused(api: Gateway) -> None:
    token = api.headers["Authorization"]
    http_api = ADDRESSES["HTTP API, named stage"]
    for joined in (f"{token},{token}", f"{token}, {token}"):
        assert (
            send(api, http_api, "GET", f"{SNAPSHOTS}/latest", Authorization=joined).slug == "unauthenticated"
        )


def test_two_actors_joined_by_an_http_api_are_refused(api: Gateway) -> None:
    http_api = ADDRESSES["HTTP API, named stage"]
    for joined in ("gateway,gateway", "gateway, other"):
        answer = send(api, http_api, "POST", SNAPSHOTS, book(), **{"X-Actor": joined})
        assert answer.slug == "actor-required"
    assert send(api, http_api, "POST", SNAPSHOTS, book()).status == 201


def test_local_endpoint_paths_have_no_prefix(api: Gateway) -> None:
    event = proxy_event("POST", SNAPSHOTS, api.headers.items(), orjson.dumps(book()))
    event["requestContext"] = {"stage": "v1", "path": f"/v1{SNAPSHOTS}", "apiId": "abc"}
    assert api.send(event).headers["location"] == f"{SNAPSHOTS}/lookup?version=v1"
