"""A stage that the deployment does not have is refused by name on every route with the parameter `stage`."""

import json
from pathlib import Path

import pytest

from tests.fakes.gateway import Gateway
from tests.fakes.hub import Hub, post

OPENAPI = json.loads((Path(__file__).parents[2] / "contracts" / "openapi.json").read_text(encoding="utf-8"))
TAKING_STAGE = [
    (verb.upper(), path)
    for path, item in OPENAPI["paths"].items()
    for verb, operation in item.items()
    if verb != "parameters"
    and "stage" in {each["name"] for each in (*operation.get("parameters", ()), *item.get("parameters", ()))}
]
STAGES = "must be one of backtest, live, paper"


def test_stage_parameter_routes_include_every_expected_route() -> None:
    assert {"snapshots", "latest", "lookup", "backtest", "expectations", "exit-policy"} <= {
        path.rpartition("/")[2] for _, path in TAKING_STAGE
    }


@pytest.mark.parametrize(("method", "path"), TAKING_STAGE)
def test_unknown_stage_is_400_listing_the_deployed_stages(
    api: Gateway, hub: Hub, method: str, path: str
) -> None:
    assert post(api).status == 201
    url = path.format(world_id="w1", version="v1", sha256="a" * 64, policy_id="us-core", run_id="r1")
    for stage in ("papper", "production", "Papper", "*", "1st", "a" * 33):
        answer = api(
            method, f"{url}?stage={stage}&version=v1" if "lookup" in url else f"{url}?stage={stage}", {}
        )
        assert (answer.status, answer.slug) == (400, "invalid-query")
        assert answer.json["errors"] == [{"pointer": "/stage", "detail": STAGES}]
        assert STAGES in answer.json["detail"]
    assert hub.registry.notes == {}


@pytest.mark.parametrize("stage", ["paper", "PAPER"])
def test_stage_query_parameter_is_case_insensitive(api: Gateway, stage: str) -> None:
    assert post(api).status == 201
    assert api("GET", f"/risk-hub/worlds/w1/snapshots/latest?stage={stage}").status == 200
