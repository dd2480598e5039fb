"""Publish DataFrames (a year of dated returns of 30 assets, their sample covariance) and read them back."""

import sys
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from risk_hub_client import RiskHubClient, to_dataframe

days = pd.bdate_range("2025-01-02", periods=250)
assets = [f"ASSET{number:02}" for number in range(30)]
returns = pd.DataFrame(np.random.default_rng(1).normal(0, 0.01, (250, 30)), index=days, columns=assets)
covariance = returns.cov()
inverse_volatility = 1 / returns.std()
weights = inverse_volatility / inverse_volatility.sum()

# The market close that the weights come from, the same in every attempt; the version is derived from it.
closed_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
with RiskHubClient(actor="risk-engine", stage="paper") as hub:
    done = hub.publish(
        "example-pandas",
        version=f"close-{closed_at:%Y-%m-%dT%H:%M:%SZ}",
        as_of=closed_at,
        weights=weights,
        covariance=covariance,
        realized_returns=returns,
        ttl_sec=3600,
    )
    stored = hub.latest("example-pandas")
    loaded = hub.load(stored, "covariance")
    if loaded is None or not np.allclose(to_dataframe(loaded), covariance, rtol=0, atol=1e-15):
        sys.exit("the covariance that came back is another one")
    sys.stdout.write(
        f"{done.outcome} {done.version}: {len(assets)} x {len(assets)} covariance, {len(days)} days\n"
    )
