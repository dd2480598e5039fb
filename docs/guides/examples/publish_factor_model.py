"""Publish a factor model of 5,000 assets: 1.2 MB uploaded to the store; the matrix would be 100 MB."""

import sys
from datetime import UTC, datetime

import numpy as np

from risk_hub_client import FactorModel, RiskHubClient

ASSETS, FACTORS = 5_000, 30
random = np.random.default_rng(2)
ids = [f"ASSET{number:04}" for number in range(ASSETS)]
model = FactorModel(ids, random.normal(0, 0.003, (ASSETS, FACTORS)), random.uniform(0.5e-4, 4e-4, ASSETS))

# The instant that the model was fitted for, the same in every attempt; the version is derived from it.
fitted_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
with RiskHubClient(actor="risk-engine", stage="paper") as hub:
    done = hub.publish(
        "example-factors",
        version=f"model-{fitted_at:%Y-%m-%dT%H:%M:%SZ}",
        as_of=fitted_at,
        weights=dict.fromkeys(ids, 1 / ASSETS),
        covariance=model,
        ttl_sec=3600,
    )
    if done.snapshot is None:
        sys.exit("the hub does not answer")
    ref = done.snapshot.document["covariance_ref"]
    sys.stdout.write(f"{done.outcome} {done.version}: {ref['bytes']:,} bytes of {ref['kind']} by reference\n")
