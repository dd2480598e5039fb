"""Expectations, heads and the monitor together: worlds that never publish, are late, or recover."""

import json
import time
from collections.abc import Mapping
from typing import Any

from infra.local.bring_up import RunningStage
from infra.names import metrics_namespace, physical_name
from tests.fakes.calls import Answer, call
from tests.local_stage.caller import Caller, new_world, small_body
from tests.local_stage.subscription import Subscription

DEADLINE_SECONDS = 30.0
POLL_SECONDS = 0.1
MONITOR = physical_name("local", "freshness_monitor")


def put(hub: Caller, path: str, body: Mapping[str, Any]) -> Answer:
    headers = {**hub.hub.headers(), "Content-Type": "application/json"}
    url = f"{hub.hub.url}/risk-hub/worlds/{path}?stage=paper"
    return call("PUT", url, headers, json.dumps(body).encode())


def listed_world(hub: Caller, world: str) -> dict[str, Any] | None:
    cursor = ""
    while True:
        page = hub.get(f"/risk-hub/worlds?limit=100{cursor}").document()
        for each in page["worlds"]:
            if each["world_id"] == world:
                found: dict[str, Any] = each
                return found
        if page["next_cursor"] is None:
            return None
        cursor = f"&cursor={page['next_cursor']}"


def until(hub: Caller, world: str, state: str) -> dict[str, Any]:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (found := listed_world(hub, world)) is None or found["state"] != state:
        assert time.monotonic() < deadline, found
        time.sleep(POLL_SECONDS)
    return found


def test_a_world_is_missing_then_fresh_then_stale(stage: RunningStage, hub: Caller) -> None:
    world = new_world()
    wanted = {"owner": "desk-a", "warn_seconds": 1, "critical_seconds": 2}
    assert put(hub, f"{world}/expectations", wanted).status == 201
    until(hub, world, "missing")
    assert (
        put(hub, f"{world}/expectations", {**wanted, "warn_seconds": 300, "critical_seconds": 600}).status
        == 200
    )
    hub.post(world, small_body())
    assert until(hub, world, "fresh")["head"]["version"] == "v1"
    assert put(hub, f"{world}/expectations", wanted).status == 200
    late = until(hub, world, "stale")
    assert late["lag_seconds"] > 2
    assert reported(stage, world) == {"risk_hub_snapshot_lag_seconds", "risk_hub_snapshot_missing_total"}


def reported(stage: RunningStage, world: str) -> set[str]:
    """Make one pass of the monitor, and return the CloudWatch metrics under the world's own name."""
    answer = stage.aws.client("lambda").invoke(FunctionName=MONITOR)
    assert "FunctionError" not in answer, answer["Payload"].read()
    cloudwatch, deadline = stage.aws.client("cloudwatch"), time.monotonic() + DEADLINE_SECONDS
    wanted = [{"Name": "stage", "Value": "paper"}, {"Name": "world_id", "Value": world}]
    while True:
        listed = cloudwatch.list_metrics(Namespace=metrics_namespace("local"), Dimensions=wanted)["Metrics"]
        if listed or time.monotonic() > deadline:
            return {each["MetricName"] for each in listed}
        time.sleep(POLL_SECONDS)


def test_stored_exit_policy_replaces_the_default_policy(hub: Caller, subscription: Subscription) -> None:
    world = new_world()
    policy = {"version": "p1", "cool_down_seconds": 60, "stress": [{"max_loss": 0.1, "action": "exit"}]}
    assert put(hub, f"{world}/exit-policy", policy).status == 201
    stored = hub.get(f"/risk-hub/worlds/{world}/exit-policy?stage=paper").document()
    assert (stored["stored"], stored["set_by"]) == (True, "local-run")
    body = small_body()
    # The default policy tolerates this loss.
    hub.post(world, {**body, "stress": {"dip": {"shocks": dict.fromkeys(body["weights"], -0.2)}}})
    signal = subscription.details(world, "exit_signal_emitted")["detail"]["data"]
    assert (signal["action"], signal["policy_version"]) == ("exit", "p1")


def test_schedule_invokes_the_freshness_monitor_every_minute(stage: RunningStage) -> None:
    schedule = stage.aws.client("scheduler").get_schedule(Name=MONITOR)
    assert (schedule["State"], schedule["ScheduleExpression"]) == ("ENABLED", "rate(1 minute)")
    assert schedule["Target"]["Arn"].endswith(f":function:{MONITOR}")
