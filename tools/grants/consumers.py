"""Work of snapshot_reader and world_registry for consumers and operators."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from infra.local.sample.publish import sample_body
from tests.fakes.calls import call
from tests.local_stage.caller import new_world, small_body
from tools.grants.producers import announce_blob, factor, large_body, publish, publish_to_new_world
from tools.grants.workbench import Workbench
from tools.grants.workers import evaluate_sample, publish_and_relay


def _read(bench: Workbench, world: str, path: str, status: int = 200) -> dict[str, Any]:
    answer = bench.hub.get(f"/risk-hub/worlds/{world}/{path}")
    assert answer.status == status, answer.body
    document: dict[str, Any] = answer.document()
    return document


def reads_tokens(bench: Workbench) -> None:
    """A new process reads the tokens before it accepts a request."""
    bench.restart("snapshot_reader")
    assert bench.hub.get("/risk-hub/contract").status == 200


def reads_the_latest(bench: Workbench) -> None:
    """The latest snapshot of a world is read."""
    world, stored = publish_to_new_world(bench)
    assert _read(bench, world, "snapshots/latest") == stored


def reads_the_latest_of_a_stage(bench: Workbench) -> None:
    """The latest snapshot of a world and stage is read."""
    world, stored = publish_to_new_world(bench)
    assert _read(bench, world, "snapshots/latest?stage=paper") == stored


def reads_a_version(bench: Workbench) -> None:
    """One version is read."""
    world, stored = publish_to_new_world(bench)
    assert _read(bench, world, "snapshots/lookup?version=v1") == stored


def reads_at_known_at(bench: Workbench) -> None:
    """A past latest snapshot is read by the expiry index, then by keys."""
    world, now = new_world(), datetime.now(tz=UTC)
    early = publish(bench, world, small_body("early", as_of=(now - timedelta(minutes=2)).isoformat()))
    publish(bench, world, small_body("late", as_of=(now - timedelta(minutes=1)).isoformat()))
    known_at = quote(early["created_at"], safe="")
    assert _read(bench, world, f"snapshots/latest?known_at={known_at}")["version"] == "early"


def reads_unknown_world(bench: Workbench) -> None:
    """An unknown world and a world without a current snapshot get different answers."""
    problem = _read(bench, new_world(), "snapshots/latest", 404)
    assert problem["type"].endswith(":world-unknown"), problem


def expands(bench: Workbench) -> None:
    """A component in the bucket is returned in the answer."""
    world, body = new_world(), sample_body(datetime.now(tz=UTC))
    publish(bench, world, body)
    found = _read(bench, world, "snapshots/latest?expand=true")
    assert found["covariance"]["upper"] == body["covariance"]["upper"]


def reads_a_large_book(bench: Workbench) -> None:
    """A snapshot whose document is in the bucket is read."""
    world = new_world()
    stored = publish(bench, world, large_body())
    assert _read(bench, world, "snapshots/latest")["content_hash"] == stored["content_hash"]


def reads_missing_blob(bench: Workbench) -> None:
    """A request for a missing blob is answered with 404."""
    world = new_world()
    ref = announce_blob(bench, world, factor(), "covariance")["ref"]
    _read(bench, world, f"blobs/{ref['sha256']}", 404)


def reads_risk(bench: Workbench) -> None:
    """A report is read."""
    world, version = evaluate_sample(bench)
    assert _read(bench, world, f"snapshots/{quote(version, safe='')}/risk")["version"] == version


def lists_signals(bench: Workbench) -> None:
    """Exit signals are listed in the order of their emission."""
    assert _read(bench, new_world(), "exit-signals")["signals"] == []


def backtests(bench: Workbench) -> None:
    """A back-test reads forecasts by their keys."""
    world, _ = evaluate_sample(bench)
    _read(bench, world, "risk/backtest?stage=paper")


def _put_expectation(bench: Workbench) -> str:
    world = new_world()
    url = f"{bench.hub.hub.url}/risk-hub/worlds/{world}/expectations?stage=paper"
    headers = {**bench.hub.hub.headers(), "X-Actor": "operator", "Content-Type": "application/json"}
    answer = call("PUT", url, headers, json.dumps({"owner": "desk"}).encode())
    assert answer.status in {200, 201}, answer.body
    return world


def lists_policy_versions(bench: Workbench) -> None:
    """The versions of an exit policy are listed."""
    world = new_world()
    _put_policy(bench, world)
    assert _read(bench, world, "exit-policy?stage=paper")["versions"]


def reads_a_policy_version(bench: Workbench) -> None:
    """One version of an exit policy is read."""
    world = new_world()
    _put_policy(bench, world)
    assert _read(bench, world, "exit-policy?stage=paper&version=p1")["in_force"]


def checks_scenario_names(bench: Workbench) -> None:
    """A scenario of an exit policy is compared with those of the latest snapshot."""
    world = publish_and_relay(bench, stress={"crash": {"shocks": {}, "default": -0.1}})
    assert _put_policy(bench, world)["warnings"]


def _put_policy(bench: Workbench, world: str) -> Any:
    url = f"{bench.hub.hub.url}/risk-hub/worlds/{world}/exit-policy?stage=paper"
    headers = {**bench.hub.hub.headers(), "X-Actor": "operator", "Content-Type": "application/json"}
    stress = [{"scenario": "unknown", "max_loss": 0.4}]
    policy = {"version": "p1", "cool_down_seconds": 60, "stress": stress}
    answer = call("PUT", url, headers, json.dumps(policy).encode())
    assert answer.status in {200, 201}, answer.body
    return json.loads(answer.body)


def registry_reads_tokens(bench: Workbench) -> None:
    """A new process reads the tokens before it accepts a request."""
    bench.restart("world_registry")
    assert bench.hub.get("/risk-hub/worlds?limit=1").status == 200


def writes_expectation(bench: Workbench) -> None:
    """The expectation of a world is written."""
    _put_expectation(bench)


def reads_expectation(bench: Workbench) -> None:
    """The expectation of a world is read."""
    assert _read(bench, _put_expectation(bench), "expectations?stage=paper")


def lists_worlds(bench: Workbench) -> None:
    """A page of all worlds is listed."""
    assert bench.hub.get("/risk-hub/worlds?limit=1").status == 200
