"""Query parameters that a route cannot apply: it refuses them, because the client would take them for filters."""

import pytest

from risk_hub_contracts.api.routes import ROUTES, Route
from tests.fakes.gateway import Answer, Gateway
from tests.fakes.hub import SNAPSHOTS, Hub, book, post

WITHOUT_PARAMETERS = [
    f"{SNAPSHOTS}/v1/risk",
    f"{SNAPSHOTS}/v1/stress",
    f"/risk-hub/worlds/w1/blobs/{'a' * 64}",
]
IGNORES_PARAMETERS = "read_health"
READS = [
    *WITHOUT_PARAMETERS,
    SNAPSHOTS,
    f"{SNAPSHOTS}/latest",
    f"{SNAPSHOTS}/latest/risk",
    f"{SNAPSHOTS}/lookup",
]


@pytest.mark.parametrize("path", WITHOUT_PARAMETERS)
@pytest.mark.parametrize("parameter", ["known_at", "stage", "actor", "include_expired", "colour"])
def test_a_read_by_name_refuses_every_query_parameter(api: Gateway, path: str, parameter: str) -> None:
    post(api)
    answer = api("GET", f"{path}?{parameter}=x")
    assert (answer.status, answer.slug, answer.pointers) == (400, "invalid-query", [f"/{parameter}"])
    assert "this route has no query parameters; remove it" in answer.json["detail"]


def call(api: Gateway, route: Route, query: str) -> Answer:
    """Call a route with valid path values, headers and an empty body."""
    path = route.path.format(world_id="w1", version="v1", sha256="a" * 64, policy_id="us-core", run_id="r1")
    return api(route.method, f"{path}?{query}", {} if route.method in {"POST", "PUT"} else None)


@pytest.mark.parametrize("name", sorted(set(ROUTES) - {IGNORES_PARAMETERS}))
def test_every_route_except_health_refuses_an_unknown_query_parameter(api: Gateway, name: str) -> None:
    answer = call(api, ROUTES[name], "stage=paper&colour=red")
    assert (answer.status, answer.slug) == (400, "invalid-query")
    assert "/colour" in answer.pointers


@pytest.mark.parametrize("query", ["", "colour=red", "_=1764531234"])
def test_health_ignores_query_parameters_that_monitors_add(api: Gateway, query: str) -> None:
    assert call(api, ROUTES[IGNORES_PARAMETERS], query).status == 200


def test_a_publication_with_the_stage_in_the_query_is_refused_and_stores_nothing(api: Gateway) -> None:
    answer = api("POST", f"{SNAPSHOTS}?stage=live", book())
    assert (answer.status, answer.slug, answer.pointers) == (400, "invalid-query", ["/stage"])
    assert api("GET", f"{SNAPSHOTS}/latest").status == 404


@pytest.mark.parametrize("path", READS)
def test_no_read_of_a_world_ignores_an_unknown_parameter(api: Gateway, path: str) -> None:
    answer = api("GET", f"{path}?colour=red")
    assert (answer.status, answer.slug) == (400, "invalid-query")
    assert "/colour" in answer.pointers


def test_a_lookup_by_version_applies_its_other_filters(api: Gateway, hub: Hub) -> None:
    created_at = post(api).json["created_at"]
    hub.clock.advance(minutes=1)
    lookup = f"{SNAPSHOTS}/lookup?version=v1"
    assert api("GET", f"{lookup}&stage=paper&known_at={created_at}").status == 200
    assert api("GET", f"{lookup}&stage=live").slug == "snapshot-not-found"
    assert api("GET", f"{lookup}&actor=someone").slug == "snapshot-not-found"
    assert api("GET", f"{lookup}&known_at=2025-01-01T00:00:00Z").slug == "snapshot-not-found"
