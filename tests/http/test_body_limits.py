"""A body over the size limit is refused with the limit, and with a remedy that the route can follow."""

import pytest

from risk_hub_contracts.api.routes import ROUTES
from risk_hub_contracts.base.limits import (
    BODY_MAX_BYTES,
    EVALUATED_STRATEGIES_MAX_COUNT,
    EVALUATION_POLICY_MAX_BYTES,
    REGISTRATION_MAX_BYTES,
)
from tests.fakes.gateway import Gateway

REMEDIES = {
    "publish_snapshot": "Upload large components as blobs",
    "begin_upload": "the bytes of the blob go to the blob store",
    "complete_upload": "the bytes of the blob go to the blob store",
    "abort_upload": "the bytes of the blob go to the blob store",
    "expect_world": f"its stored form may have at most {REGISTRATION_MAX_BYTES} bytes",
    "put_policy": f"at most {EVALUATION_POLICY_MAX_BYTES} bytes as canonical JSON",
    "activate_policy": "name a stored policy",
    "set_rollout": "only `stage`, `decider` and `reason`",
    "roll_back": "only `stage` and `reason`",
    "evaluate_strategies": f"at most {EVALUATED_STRATEGIES_MAX_COUNT} strategies",
    "put_exit_policy": f"its stored form may have at most {REGISTRATION_MAX_BYTES} bytes",
}


def test_every_route_with_a_body_has_a_remedy_for_one_that_is_too_large() -> None:
    assert {name for name, route in ROUTES.items() if route.method in {"POST", "PUT"}} == REMEDIES.keys()


@pytest.mark.parametrize("name", sorted(REMEDIES))
def test_413_names_the_limit_and_a_remedy_that_fits_the_route(api: Gateway, name: str) -> None:
    route = ROUTES[name]
    path = route.path.format(world_id="w1", sha256="a" * 64, policy_id="us-core", version="1")
    query = "?stage=paper" if route.function == "world_registry" else ""
    answer = api(route.method, path + query, b" " * (BODY_MAX_BYTES + 1))
    assert (answer.status, answer.slug) == (413, "body-too-large")
    assert f"at most {BODY_MAX_BYTES} are allowed" in answer.json["detail"]
    assert REMEDIES[name] in answer.json["remedy"]
