"""Methods, HEAD and encoded paths through the gateway of the local stage."""

from urllib.parse import urlsplit

import pytest

from risk_hub_contracts.api.routes import METHODS_BY_ROUTE, allowed_methods
from tests.fakes.calls import call
from tests.local_stage import raw_http
from tests.local_stage.caller import Caller, new_world, small_body


@pytest.mark.parametrize("path", METHODS_BY_ROUTE)
def test_undeclared_method_returns_405_with_allow_through_the_gateway(hub: Caller, path: str) -> None:
    concrete = path.format(world_id="any", version="v1", sha256="a" * 64, policy_id="us-core", run_id="r1")
    allow = ", ".join(allowed_methods(concrete))
    for method in {"PATCH", "DELETE", "POST", "PUT", "GET"} - set(allow.split(", ")):
        answer = call(method, hub.hub.url + concrete, hub.hub.headers())
        assert (answer.status, answer.headers["Allow"]) == (405, allow)
        assert answer.document()["type"] == "urn:risk-hub:problem:method-not-allowed"
    options = call("OPTIONS", hub.hub.url + concrete)
    assert (options.status, options.headers["Allow"], options.body) == (204, allow, b"")


def test_head_has_the_headers_of_get_through_the_gateway(hub: Caller) -> None:
    world = new_world()
    assert hub.post(world, small_body()).status == 201
    url = f"{hub.snapshots(world)}/latest"
    got, head = (call(method, url, hub.hub.headers()) for method in ("GET", "HEAD"))
    assert (head.status, head.body, head.headers["ETag"]) == (200, b"", got.headers["ETag"])
    assert head.headers.get("Content-Length") in {None, got.headers["Content-Length"]}
    assert call("HEAD", url).status == 401


def test_path_is_percent_decoded_once_through_the_gateway(hub: Caller) -> None:
    world = f"{new_world()}+x"
    assert hub.post(world.replace("+", "%2B"), small_body()).status == 201
    assert hub.get(f"/risk-hub/worlds/{world}/snapshots/latest").document()["world_id"] == world
    twice = hub.get(f"/risk-hub/worlds/{world.replace('+', '%252B')}/snapshots/latest")
    assert (twice.status, twice.document()["type"]) == (422, "urn:risk-hub:problem:contract-violation")
    port = urlsplit(hub.hub.url).port or 0
    headers = [f"{name}: {value}" for name, value in hub.hub.headers().items()]
    status, body = raw_http.get(
        port, "/risk-hub/worlds/%2561/snapshots/latest", f"Host: 127.0.0.1:{port}", *headers
    )
    assert (status, b"contract-violation" in body) == (422, True)


def test_location_and_instance_are_paths_on_the_front_server(hub: Caller) -> None:
    world = new_world()
    answer = hub.post(world, small_body())
    assert hub.get(answer.headers["Location"]).document()["version"] == "v1"
    missing = f"/risk-hub/worlds/{world}/snapshots/lookup?version=v9"
    assert hub.get(missing).document()["instance"] == missing.partition("?")[0]
