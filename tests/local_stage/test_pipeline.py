"""The whole path over HTTP: one snapshot from POST to its risk numbers, and every way to read it back."""

import json
import time
from datetime import UTC, datetime, timedelta
from statistics import NormalDist
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from infra.local.bring_up import RunningStage
from infra.local.sample.publish import sample_body
from tests.local_stage.caller import Caller, new_world, small_body

RISK_DEADLINE_SECONDS = 30.0
TOLERANCE = 1e-12


def test_new_snapshot_returns_201_with_etag_and_location(hub: Caller) -> None:
    answer = hub.post(new_world(), small_body())
    assert answer.status == 201
    stored = answer.document()
    assert answer.headers["ETag"] == f'"{stored["content_hash"]}"'
    assert hub.get(answer.headers["Location"]).document() == stored


def test_repeated_snapshot_returns_200_as_a_replay_of_the_stored_one(hub: Caller) -> None:
    world, body = new_world(), small_body()
    first = hub.post(world, body)
    again = hub.post(world, body)
    assert again.status == 200
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.document() == first.document()


def test_different_content_for_a_stored_version_returns_409_with_both_hashes(hub: Caller) -> None:
    world, body = new_world(), small_body()
    stored = hub.post(world, body).document()
    answer = hub.post(world, {**body, "weights": {"AAPL": 0.5, "MSFT": 0.5}})
    assert answer.status == 409
    assert answer.headers["Content-Type"] == "application/problem+json"
    hashes = {value for value in answer.document().values() if str(value).startswith("sha256:")}
    assert len(hashes) == 2
    assert stored["content_hash"] in hashes
    assert hub.get(f"/risk-hub/worlds/{world}/snapshots/lookup?version=v1").document() == stored


def test_invalid_snapshot_returns_422_with_a_pointer_for_every_violation(hub: Caller) -> None:
    answer = hub.post(new_world(), {"version": "v1", "as_of": "yesterday", "weights": {"A": True}, "typo": 1})
    assert answer.status == 422
    assert {"/as_of", "/weights/A", "/typo"} <= {each["pointer"] for each in answer.document()["errors"]}


@pytest.mark.parametrize(
    ("raw", "slug"),
    [(b'{"a": 1, "a": 2}', "duplicate-key"), (b"{", "malformed-json"), (b'"\xff"', "not-utf8")],
)
def test_invalid_json_returns_400_before_contract_validation(hub: Caller, raw: bytes, slug: str) -> None:
    answer = hub.post(new_world(), raw)
    assert answer.status == 400
    assert answer.document()["type"].endswith(f":{slug}")


def test_request_with_a_wrong_token_returns_401_with_a_challenge(hub: Caller) -> None:
    answer = hub.get("/risk-hub/worlds/any/snapshots/latest", Authorization="Bearer wrong")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_latest_returns_the_greatest_as_of_and_304_for_its_etag(hub: Caller) -> None:
    world, now = new_world(), datetime.now(tz=UTC)
    for version, minutes in (("v1", 3), ("v3", 1), ("v2", 2)):
        hub.post(world, small_body(version, as_of=text(now - timedelta(minutes=minutes))))
    path = f"/risk-hub/worlds/{world}/snapshots/latest"
    latest = hub.get(path)
    assert latest.document()["version"] == "v3"
    assert hub.get(path, **{"If-None-Match": latest.headers["ETag"]}).status == 304


def test_lookup_finds_by_version_by_as_of_and_by_known_at(hub: Caller) -> None:
    world, now = new_world(), datetime.now(tz=UTC)
    early = hub.post(world, small_body("early", as_of=text(now - timedelta(minutes=2)))).document()
    late = hub.post(world, small_body("a+b:c", as_of=text(now - timedelta(minutes=1)))).document()
    path = f"/risk-hub/worlds/{world}/snapshots/lookup"
    assert hub.get(f"{path}?version={quote('a+b:c', safe='')}").document() == late
    at = quote(text(now - timedelta(seconds=90)).replace("Z", "+00:00"), safe="")
    assert hub.get(f"{path}?as_of={at}").document() == early
    before = quote(early["created_at"], safe="")
    assert (
        hub.get(f"{path}?as_of={quote(text(now), safe='')}&known_at={before}").document()["version"]
        == "early"
    )


def test_percent_encoded_world_id_is_preserved_through_the_front_server(hub: Caller) -> None:
    world = f"{new_world()}@desk:1+x"
    assert hub.post(quote(world, safe=""), small_body()).document()["world_id"] == world
    answer = hub.get(f"/risk-hub/worlds/{quote(world, safe='')}/snapshots/latest")
    assert answer.document()["world_id"] == world


def test_a_list_pages_through_all_snapshots_newest_first(hub: Caller) -> None:
    world, now = new_world(), datetime.now(tz=UTC)
    for minutes in range(5):
        hub.post(world, small_body(f"v{minutes}", as_of=text(now - timedelta(minutes=minutes))))
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = hub.get(f"/risk-hub/worlds/{world}/snapshots?limit=2{cursor}").document()
        seen += [each["version"] for each in page["snapshots"]]
        cursor = f"&cursor={quote(page['next_cursor'] or '', safe='')}"
    assert seen == ["v0", "v1", "v2", "v3", "v4"]
    assert page["next_cursor"] is None


def test_risk_measures_of_the_sample_agree_with_numpy(hub: Caller) -> None:
    world, body = new_world(), sample_body(datetime.now(tz=UTC))
    assert hub.post(world, body).status == 201
    report = hub.risk(world, body["version"], within_seconds=RISK_DEADLINE_SECONDS)
    measured = {
        (each["measure"], each["method"], each["confidence_bps"]): each for each in report["measures"]
    }
    expected = {**parametric(body), **historical(body)}
    assert report["status"] == "complete"
    assert {key: each["value"] for key, each in measured.items()} == pytest.approx(
        expected, rel=TOLERANCE, abs=0
    )
    assert all(each["coverage"] == 1.0 for each in measured.values())
    assert {each["observations"] for key, each in measured.items() if key[1] == "historical"} == {754}


def parametric(body: dict[str, Any]) -> dict[tuple[str, str, int | None], float]:
    ids = body["covariance"]["ids"]
    sigma = np.zeros((len(ids), len(ids)))
    sigma[np.triu_indices(len(ids))] = body["covariance"]["upper"]
    sigma = sigma + sigma.T - np.diag(np.diag(sigma))
    weights = np.array([body["weights"][name] for name in ids])
    volatility = float(np.sqrt(weights @ sigma @ weights))
    numbers: dict[tuple[str, str, int | None], float] = {
        ("volatility", "parametric_normal", None): volatility
    }
    for bps in (9500, 9900):
        z = NormalDist().inv_cdf(bps / 10_000)
        tail = NormalDist().pdf(z) / (1 - bps / 10_000)
        numbers["value_at_risk", "parametric_normal", bps] = z * volatility
        numbers["expected_shortfall", "parametric_normal", bps] = tail * volatility
    return numbers


def exact_mass_es(book: np.ndarray, bps: int) -> float:
    """Return the mean of the worst share `1 - c` of the losses, with a part of the last one."""
    mass = len(book) * (10_000 - bps) / 10_000
    whole = int(mass)
    worst = -np.sort(book)[: whole + 1]
    return float(worst[:whole].sum() + (mass - whole) * worst[whole]) / mass


def historical(body: dict[str, Any]) -> dict[tuple[str, str, int | None], float]:
    returns = np.array([body["realized_returns"][name] for name in body["weights"]])
    book = np.array(list(body["weights"].values())) @ returns
    numbers: dict[tuple[str, str, int | None], float] = {}
    for bps in (9500, 9900):
        quantile = float(np.quantile(book, 1 - bps / 10_000))
        numbers["value_at_risk", "historical", bps] = -quantile
        numbers["expected_shortfall", "historical", bps] = exact_mass_es(book, bps)
    return numbers


def test_large_component_is_offloaded_and_returned_with_expand(hub: Caller) -> None:
    world, body = new_world(), sample_body(datetime.now(tz=UTC))
    stored = hub.post(world, body).document()
    assert "covariance_ref" in stored
    assert "covariance" not in stored
    expanded = hub.get(f"/risk-hub/worlds/{world}/snapshots/latest?expand=true").document()
    assert expanded["content_hash"] == stored["content_hash"]
    assert expanded["realized_returns"] == body["realized_returns"]
    assert expanded["covariance"]["upper"] == body["covariance"]["upper"]


@pytest.mark.parametrize("function", ["snapshot-writer", "snapshot-reader", "risk-engine"])
def test_every_invocation_logs_a_line(stage: RunningStage, hub: Caller, function: str) -> None:
    world = new_world()
    hub.post(world, small_body())
    hub.risk(world, "v1", within_seconds=RISK_DEADLINE_SECONDS)
    assert own_lines(stage, f"/aws/lambda/risk-hub-local-{function}")


def own_lines(stage: RunningStage, group: str) -> list[dict[str, Any]]:
    logs = stage.aws.client("logs")
    deadline = time.monotonic() + RISK_DEADLINE_SECONDS
    while True:
        events = logs.filter_log_events(logGroupName=group)["events"]
        lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
        if lines or time.monotonic() > deadline:
            return [line for line in lines if "level" in line]
        time.sleep(0.1)


def text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
