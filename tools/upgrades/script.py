"""Every kind of client request, made once in order by this tree's client; the last part only reads."""

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from risk_hub_client import FactorModel, HubError, RiskHubClient
from risk_hub_contracts.blob.write import encode_covariance

WORLD, OTHER, STAGE = "us-equities", "kr-equities", "paper"
OFFLOADED, CLAIM_CHECKED = "v4-body-in-the-bucket", "v5-too-large-for-the-bus"
ASSETS = [f"A{number:02}" for number in range(15)]
Step = Callable[[RiskHubClient], object]


def book(version: str, minute: int, **fields: Any) -> dict[str, Any]:
    """Return a snapshot of two assets."""
    return {
        "version": version,
        "as_of": f"2026-01-05T11:{minute:02}:00+00:00",
        "ttl_sec": 3_600,
        "weights": {"AAPL": 0.6, "MSFT": 0.4},
        "covariance": {"ids": ["AAPL", "MSFT"], "upper": [0.0004, 0.0002, 0.0003]},
        "provenance": {"strategy_id": "momentum", "reason": "rebalance"},
        **fields,
    }


def large() -> dict[str, Any]:
    """Return a snapshot whose components the hub moves to the blob store."""
    rng = random.Random(1)
    upper = [0.0004 if a == b else 0.0001 for a in ASSETS for b in ASSETS if a <= b]
    returns = {asset: [round(rng.gauss(0, 0.01), 6) for _ in range(130)] for asset in ASSETS}
    return book(
        "v3-large-parts",
        20,
        weights=dict.fromkeys(ASSETS, 1 / len(ASSETS)),
        covariance={"ids": ASSETS, "upper": upper},
        realized_returns=returns,
        stress={"crash": {"shocks": {ASSETS[0]: -0.4}, "default": -0.5, "margin_call": 0.1}},
    )


def _upload(hub: RiskHubClient) -> None:
    blob = encode_covariance(["AAPL", "MSFT"], [0.0005, 0.0001, 0.0004])
    ref = hub.upload(WORLD, "covariance", blob)
    hub.publish(WORLD, book("v6-uploaded", 40, covariance=ref))
    hub.upload(WORLD, "covariance", blob)


def _ignoring_problem(ask: Step) -> Step:
    def step(hub: RiskHubClient) -> None:
        with suppress(HubError):
            ask(hub)

    return step


WRITES: tuple[Step, ...] = (
    lambda hub: hub.health(),
    lambda hub: hub.contract(),
    lambda hub: hub.set_exit_policy(
        WORLD, STAGE, {"version": "p1", "cool_down_seconds": 60, "stress": [{"max_loss": 0.3}]}
    ),
    lambda hub: hub.expect(WORLD, STAGE, owner="desk-a", warn_seconds=60, critical_seconds=120),
    lambda hub: hub.expect(OTHER, STAGE, owner="desk-b"),
    lambda hub: hub.publish(WORLD, book("v1", 0)),
    lambda hub: hub.publish(WORLD, book("v1", 0)),
    _ignoring_problem(lambda hub: hub.publish(WORLD, book("v1", 0, ttl_sec=60))),
    lambda hub: hub.publish(
        WORLD, book("v2", 10, stress={"crash": {"shocks": {"AAPL": -0.6, "MSFT": -0.6}}})
    ),
    lambda hub: hub.publish(WORLD, large()),
    lambda hub: hub.publish(WORLD, book(OFFLOADED, 25, constraints={"max_weight": 0.6})),
    lambda hub: hub.publish(WORLD, book(CLAIM_CHECKED, 30)),
    _upload,
    lambda hub: hub.publish(
        WORLD,
        book("v7-factors", 45, covariance=FactorModel(["AAPL", "MSFT"], [[0.01], [0.02]], [1e-4, 2e-4])),
    ),
    lambda hub: hub.publish(
        OTHER, book("v1", 5, covariance=None, realized_returns=[0.01, -0.02] * 40), stage="live"
    ),
    lambda hub: hub.set_exit_policy(OTHER, STAGE, {"version": "p2", "cool_down_seconds": 60}),
    lambda hub: hub.drop_exit_policy(OTHER, STAGE),
    lambda hub: hub.forget(OTHER, STAGE),
)
READS: tuple[Step, ...] = (
    lambda hub: hub.latest(WORLD),
    lambda hub: hub.latest(WORLD),
    lambda hub: hub.latest(WORLD, stage=STAGE, actor="gateway"),
    lambda hub: hub.latest(WORLD, known_at="2026-01-05T12:00:08Z"),
    _ignoring_problem(lambda hub: hub.latest("nobody")),
    _ignoring_problem(lambda hub: hub.latest(OTHER, stage=STAGE)),
    *(
        lambda hub, version=version: hub.lookup(WORLD, version=version)
        for version in ("v1", "v2", "v3-large-parts", OFFLOADED, CLAIM_CHECKED, "v6-uploaded", "v7-factors")
    ),
    lambda hub: hub.lookup(WORLD, as_of="2026-01-05T11:15:00Z"),
    lambda hub: hub.load(hub.lookup(WORLD, version="v3-large-parts"), "covariance"),
    _ignoring_problem(lambda hub: hub.lookup(WORLD, as_of="2025-01-01T00:00:00Z")),
    _ignoring_problem(lambda hub: hub.lookup(WORLD, version="no-such")),
    lambda hub: list(hub.list(WORLD)),
    lambda hub: list(hub.list(WORLD, order="asc", start="2026-01-05T11:05:00Z", end="2026-01-05T11:30:00Z")),
    lambda hub: hub.risk(WORLD, "v1"),
    lambda hub: hub.risk(WORLD, "v3-large-parts"),
    lambda hub: hub.risk(OTHER, "v1"),
    _ignoring_problem(lambda hub: hub.risk(WORLD, "no-such")),
    lambda hub: hub.backtest(WORLD, STAGE),
    lambda hub: list(hub.worlds()),
    lambda hub: hub.expectation(WORLD, STAGE),
    _ignoring_problem(lambda hub: hub.expectation(OTHER, STAGE)),
    lambda hub: hub.exit_policy(WORLD, STAGE),
    lambda hub: hub.exit_policy(OTHER, STAGE),
    lambda hub: hub.contract(),
)
# Requests that the client never sends, as (method, path, body): refusals of every status, handwritten
# queries.
RAW_REQUESTS: tuple[tuple[str, str, str | None], ...] = (
    ("GET", f"/risk-hub/worlds/{WORLD}/snapshots?limit=2", None),
    ("GET", f"/risk-hub/worlds/{WORLD}/snapshots?limit=0", None),
    ("GET", f"/risk-hub/worlds/{WORLD}/snapshots?cursor=nonsense", None),
    ("GET", f"/risk-hub/worlds/{WORLD}/snapshots/lookup", None),
    ("GET", f"/risk-hub/worlds/{WORLD}/snapshots/latest?expand=true", None),
    ("GET", f"/risk-hub/worlds/{WORLD}/snapshots/lookup?version=v3-large-parts&expand=true", None),
    ("GET", f"/risk-hub/worlds/{WORLD}/snapshots/latest?colour=red", None),
    ("GET", f"/risk-hub/worlds/{WORLD}/exit-policy", None),
    ("GET", "/risk-hub/worlds?limit=1", None),
    ("GET", "/risk-hub/nothing", None),
    ("POST", f"/risk-hub/worlds/{WORLD}/snapshots", "{"),
    ("POST", f"/risk-hub/worlds/{WORLD}/snapshots", '{"version": "v9"}'),
    ("POST", f"/risk-hub/worlds/{WORLD}/blobs", '{"kind": "covariance", "sha256": "x", "bytes": 1}'),
    ("PUT", f"/risk-hub/worlds/{WORLD}/expectations?stage={STAGE}", '{"owner": 1}'),
    ("PUT", f"/risk-hub/worlds/{WORLD}/exit-policy?stage={STAGE}", '{"version": ""}'),
)
