"""Query parameters that a route cannot apply: a read refuses them, because the client would take them for filters."""

import pytest

from tests.fakes.gateway import Gateway
from tests.fakes.hub import SNAPSHOTS, Hub, post

WITHOUT_PARAMETERS = [
    f"{SNAPSHOTS}/v1/risk",
    f"{SNAPSHOTS}/v1/stress",
    f"/risk-hub/worlds/w1/blobs/{'a' * 64}",
]
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
