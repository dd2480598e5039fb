"""One fresh process: publish, evaluate and read back this many assets through the client; print figures as
JSON.

python -m tools.bench.roundtrip_client packed|factor ASSETS URL TOKEN
"""

import json
import sys
import time
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np

from risk_hub_client import FactorModel, NotFoundError, Patience, RiskHubClient
from tools.bench.memory import MB, peak_mb

FACTORS = 30
DEADLINE_SECONDS, POLL_SECONDS = 240.0, 0.25


def covariance(form: str, ids: list[str]) -> Any:
    """Return a positive definite covariance of one form, built without a second matrix."""
    random, count = np.random.default_rng(5), len(ids)
    loadings, specific = random.normal(0, 0.003, (count, FACTORS)), random.uniform(5e-5, 4e-4, count)
    if form == "factor":
        return FactorModel(ids, loadings, specific)
    packed, place = np.empty(count * (count + 1) // 2), 0
    for row in range(count):
        values = loadings[row:] @ loadings[row]
        values[0] += specific[row]
        packed[place : place + len(values)] = values
        place += len(values)
    return ids, packed


def wait_for_risk(client: RiskHubClient, world: str, version: str) -> dict[str, Any]:
    """Return the risk numbers once available."""
    end = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            return client.risk(world, version)
        except NotFoundError:
            if time.monotonic() > end:
                raise
            time.sleep(POLL_SECONDS)


def main(form: str, assets: str, url: str, token: str) -> None:
    """Measure and print."""
    ids = [f"ASSET{number:04}" for number in range(int(assets))]
    world, weights = f"bench-{form}-{assets}", dict.fromkeys(ids, 1 / len(ids))
    base = peak_mb()
    patience = Patience(budget_seconds=120.0, timeout_seconds=60.0)
    with RiskHubClient(url, token, actor="bench", stage="paper", patience=patience) as client:
        given = covariance(form, ids)
        times = [time.perf_counter()]
        fields = {"as_of": datetime.now(UTC), "weights": weights, "ttl_sec": 3600}
        done = client.publish(world, version="v1", covariance=given, **fields)  # type: ignore[arg-type]
        times.append(time.perf_counter())
        del given
        measures = wait_for_risk(client, world, "v1")["measures"]
        times.append(time.perf_counter())
        if done.snapshot is None or all(measure["value"] is None for measure in measures):
            raise RuntimeError(f"{done.outcome}: {measures}")
        size = done.snapshot.document["covariance_ref"]["bytes"]
        loaded = client.load(done.snapshot, "covariance")
        times.append(time.perf_counter())
    if loaded is None:
        raise RuntimeError("the covariance did not come back")
    spans = [after - before for before, after in pairwise(times)]
    figures = dict(zip(("publish_s", "evaluate_s", "read_s"), spans, strict=True))
    sys.stdout.write(
        json.dumps({**figures, "blob_mb": size / MB, "peak_mb": peak_mb(), "base_mb": base}) + "\n"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
