"""Benchmark of event delivery: from a snapshot's commit to its stored risk report, on the local stage."""

import statistics
import time
from datetime import UTC, datetime, timedelta

from risk_hub_client import NotFoundError, Patience, RiskHubClient
from risk_hub_contracts.base.times import parse_instant
from tools.bench.lines import Line

WARM_UP, SNAPSHOTS, WORLDS, EACH_SECONDS = 5, 300, 10, 0.1
P99_MAX_SECONDS = 3.0
DEADLINE, POLL_SECONDS = timedelta(seconds=60), 0.1
RETURNS = [0.01, -0.02, 0.015] * 100


def delay_line(url: str, token: str) -> Line:
    """Publish at a steady pace, and compare each report's time with its snapshot's, both by this machine's
    clock.

    The emulator starts a process for each function at its first events: those are published and awaited
    before.
    """
    patience = Patience(budget_seconds=30.0)
    with RiskHubClient(url, token, actor="bench", stage="paper", patience=patience) as client:
        for number in range(WARM_UP):
            _publish(client, "warm-up", f"v{number}")
            _wait_for_report(client, "warm-up", f"v{number}")
        names = [(f"delay-{number % WORLDS}", f"v{number}") for number in range(SNAPSHOTS)]
        committed = []
        for world, version in names:
            committed.append(_publish(client, world, version))
            time.sleep(EACH_SECONDS)
        evaluated = [_wait_for_report(client, world, version) for world, version in names]
    delays = [(done - at).total_seconds() for at, done in zip(committed, evaluated, strict=True)]
    p99 = statistics.quantiles(delays, n=100)[98]
    return Line(
        f"commit → risk report computed, {SNAPSHOTS} snapshots at {1 / EACH_SECONDS:.0f} a second, workers warm",
        f"p50 {statistics.median(delays):.2f} s, p99 {p99:.2f} s, longest {max(delays):.2f} s",
        "–",
        f"p99 ≤ {P99_MAX_SECONDS:g} s",
        p99 <= P99_MAX_SECONDS,
    )


def _publish(client: RiskHubClient, world: str, version: str) -> datetime:
    weights = {"AAPL": 0.5, "MSFT": 0.5}
    returns = dict.fromkeys(weights, RETURNS)
    fields = {"as_of": datetime.now(UTC), "weights": weights, "realized_returns": returns, "ttl_sec": 3600}
    done = client.publish(world, version=version, **fields)  # type: ignore[arg-type]
    if done.snapshot is None:
        raise RuntimeError(done.outcome)
    return parse_instant(done.snapshot.document["created_at"])


def _wait_for_report(client: RiskHubClient, world: str, version: str) -> datetime:
    until = datetime.now(UTC) + DEADLINE
    while True:
        try:
            return parse_instant(client.risk(world, version)["evaluated_at"])
        except NotFoundError:
            if datetime.now(UTC) > until:
                raise
            time.sleep(POLL_SECONDS)
