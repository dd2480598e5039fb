"""The world registry over HTTP: expectations, exit policies, and the freshness status of every world."""

from typing import Any

import pytest

from functions.hub.domain.cursor import encode_cursor
from functions.hub.use_cases.list_worlds import CURSOR_QUERY
from risk_hub_contracts.policies.exit_policy import DEFAULT_POLICY
from tests.fakes.gateway import Answer, Gateway
from tests.fakes.hub import Hub
from tests.fakes.samples import stored

EXPECTATIONS = "/risk-hub/worlds/w1/expectations"
EXIT_POLICY = "/risk-hub/worlds/w1/exit-policy"
WANTED: dict[str, Any] = {"owner": "desk-a", "warn_seconds": 60, "critical_seconds": 120}
POLICY = DEFAULT_POLICY.model_dump(mode="json", exclude_none=True) | {"version": "p2"}


def expect(api: Gateway, body: Any = None, path: str = EXPECTATIONS, stage: str = "paper") -> Answer:
    return api("PUT", f"{path}?stage={stage}", WANTED if body is None else body)


def worlds(api: Gateway) -> dict[str, Any]:
    listed = api("GET", "/risk-hub/worlds").json["worlds"]
    return {world["world_id"]: world for world in listed}


def test_an_expectation_is_put_read_and_removed(hub: Hub, api: Gateway) -> None:
    first = expect(api)
    assert first.status == 201
    assert first.json["expectation"] == {**WANTED, "enabled": True, "quiet_hours_utc": []}
    assert first.json["set_by"] == "t0"
    hub.clock.advance(hours=1)
    again = expect(api, {**WANTED, "warn_seconds": 30})
    assert again.status == 200
    assert again.json["expected_since"] == first.json["expected_since"] == "2026-01-05T12:00:00.000000Z"
    assert again.json["set_at"] == "2026-01-05T13:00:00.000000Z"
    assert api("GET", f"{EXPECTATIONS}?stage=paper").json == again.json
    assert [api("DELETE", f"{EXPECTATIONS}?stage=paper").status for _ in range(2)] == [204, 204]
    assert api("GET", f"{EXPECTATIONS}?stage=paper").slug == "nothing-expected"


def test_enabled_world_is_awaited_for_its_warning_time(hub: Hub, api: Gateway) -> None:
    """A world registered before its first snapshot must not raise an alarm as soon as it is enabled."""
    assert expect(api, {**WANTED, "enabled": False}).status == 201
    hub.clock.advance(hours=1)
    on = expect(api)
    assert (on.status, on.json["expected_since"]) == (200, "2026-01-05T13:00:00.000000Z")
    hub.clock.advance(seconds=WANTED["warn_seconds"])
    assert worlds(api)["w1"]["state"] == "awaited"
    assert expect(api, {**WANTED, "owner": "desk-b"}).json["expected_since"] == on.json["expected_since"]
    hub.clock.advance(seconds=1)
    assert worlds(api)["w1"]["state"] == "missing"


def test_each_stage_has_its_own_expectation(api: Gateway) -> None:
    expect(api, stage="paper")
    assert api("GET", f"{EXPECTATIONS}?stage=live").slug == "nothing-expected"
    assert api("GET", f"{EXPECTATIONS}?stage=PAPER").status == 200


@pytest.mark.parametrize(
    "stage", ["", "?stage=", "?stage=production", "?stage=paper&stage=live", "?stag=paper"]
)
@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_f30_expectation_for_an_undeployed_stage_is_refused(
    hub: Hub, api: Gateway, method: str, stage: str
) -> None:
    body = WANTED if method == "PUT" else None
    answer = api(method, f"{EXPECTATIONS}{stage}", body)
    assert (answer.status, answer.slug) == (400, "invalid-query")
    assert hub.registry.notes == {}


def test_refused_put_keeps_the_stored_expectation(api: Gateway) -> None:
    before = expect(api).json
    refused = expect(api, {"owner": "desk-a", "warn_seconds": 0})
    assert (refused.status, refused.slug, refused.pointers) == (
        422,
        "registration-invalid",
        ["/warn_seconds"],
    )
    assert api("PUT", f"{EXPECTATIONS}?stage=paper", b"{", {"Content-Type": "text/plain"}).status == 415
    assert api("PUT", f"{EXPECTATIONS}?stage=paper", b"{").slug == "malformed-json"
    assert api("GET", f"{EXPECTATIONS}?stage=paper").json == before


def test_publishing_token_cannot_change_expectations_or_exit_policies(hub: Hub, api: Gateway) -> None:
    producer = {"Authorization": f"Bearer {hub.tokens.issue(('snapshots:write', 'snapshots:read'))}"}
    for path, body in ((EXPECTATIONS, WANTED), (EXIT_POLICY, POLICY)):
        assert api("PUT", f"{path}?stage=paper", body, producer).slug == "forbidden-scope"
        assert api("DELETE", f"{path}?stage=paper", None, producer).slug == "forbidden-scope"
    assert api("GET", f"{EXIT_POLICY}?stage=paper", None, producer).status == 200
    nobody = {"Authorization": None}
    assert api("GET", "/risk-hub/worlds", None, nobody).status == 401


def test_the_default_policy_is_in_force_until_one_is_put(hub: Hub, api: Gateway) -> None:
    default = api("GET", f"{EXIT_POLICY}?stage=paper").json
    assert (default["stored"], default["policy"]["version"]) == (False, "default_v1")
    assert expect(api, POLICY, EXIT_POLICY).status == 201
    hub.clock.advance(seconds=1)
    assert expect(api, POLICY, EXIT_POLICY).status == 200
    stored_policy = api("GET", f"{EXIT_POLICY}?stage=paper").json
    assert (stored_policy["stored"], stored_policy["policy"], stored_policy["set_by"]) == (True, POLICY, "t0")
    # The exit engine reads the policy that was put.
    in_force = hub.worlds.exit_policy("w1", "paper")
    assert in_force is not None
    assert in_force.version == "p2"
    assert api("DELETE", f"{EXIT_POLICY}?stage=paper").status == 204
    again = api("GET", f"{EXIT_POLICY}?stage=paper").json
    assert again == {**default, "versions": stored_policy["versions"]}
    assert hub.worlds.exit_policy("w1", "paper") is None


def test_policy_without_gross_limits_is_stored_in_the_earlier_format(hub: Hub, api: Gateway) -> None:
    assert expect(api, POLICY, EXIT_POLICY).json["policy"]["gross"] == []
    ((_, note),) = hub.registry.notes.items()
    assert "gross" not in note.text
    limited = {**POLICY, "version": "p3", "gross": [{"max_gross": 4.0, "action": "reduce"}]}
    assert expect(api, limited, EXIT_POLICY).json["policy"]["gross"] == limited["gross"]
    in_force = hub.worlds.exit_policy("w1", "paper")
    assert in_force is not None
    assert in_force.gross[0].max_gross == 4.0


def test_invalid_exit_policy_is_refused_with_its_pointer(hub: Hub, api: Gateway) -> None:
    refused = expect(api, {**POLICY, "cool_down_seconds": 0}, EXIT_POLICY)
    assert (refused.slug, refused.pointers) == ("registration-invalid", ["/cool_down_seconds"])
    assert hub.registry.notes == {}


def test_inv_11_policy_larger_than_an_item_is_refused(hub: Hub, api: Gateway) -> None:
    """The longest lists of the longest names, of characters of four bytes each, exceed an item's size."""
    longest = [f"{number:03}" + "\U0001f34e" * 125 for number in range(200)]
    listed = {"assets": longest, "strategies": [f"{number:0128}" for number in range(200)]}
    scenarios = [{"max_loss": 0.1, "scenario": name} for name in longest[:100]]
    whole = {**POLICY, "freeze": listed, "drain": listed, "stress": scenarios}
    refused = expect(api, whole, EXIT_POLICY)
    assert (refused.status, refused.slug, refused.pointers) == (422, "registration-invalid", [""])
    assert hub.registry.notes == {}
    assert expect(api, {**POLICY, "freeze": {"assets": longest}}, EXIT_POLICY).status == 201


def test_world_list_shows_the_freshness_status_of_every_world(hub: Hub, api: Gateway) -> None:
    expect(api, path="/risk-hub/worlds/never-came/expectations")
    expect(api)
    hub.worlds.advance_head(stored("v1"))
    hub.worlds.advance_head(stored("v1", world_id="unasked"))
    assert worlds(api)["w1"]["state"] == "fresh"
    hub.clock.advance(seconds=61)
    seen = worlds(api)
    assert {world: each["state"] for world, each in seen.items()} == {
        "never-came": "missing",
        "w1": "late",
        "unasked": "unexpected",
    }
    assert seen["w1"]["lag_seconds"] == 61
    assert seen["w1"]["head"]["version"] == "v1"
    assert "head" not in seen["never-came"]
    assert "expectation" not in seen["unasked"]


def test_world_list_pages_return_every_world(api: Gateway) -> None:
    for number in range(5):
        expect(api, path=f"/risk-hub/worlds/w{number}/expectations")
    seen, cursor = [], ""
    while True:
        page = api("GET", f"/risk-hub/worlds?limit=2{cursor}").json
        seen += [world["world_id"] for world in page["worlds"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"w{number}" for number in range(5)]
    assert api("GET", "/risk-hub/worlds?cursor=bm90aGluZw").slug == "cursor-invalid"


@pytest.mark.parametrize(
    "position", ["", "w1", "|", "w1|", "|paper", "w1|paper|", "w 1|paper", "w1|" + "s" * 99]
)
def test_inv_11_forged_world_list_cursor_is_400(api: Gateway, position: str) -> None:
    """DynamoDB would refuse to start after an impossible key, and that would be a 5xx."""
    answer = api("GET", f"/risk-hub/worlds?cursor={encode_cursor(CURSOR_QUERY, position)}")
    assert (answer.status, answer.slug) == (400, "cursor-invalid")
