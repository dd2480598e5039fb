"""Publish returns of assets with different histories: series joined by date, missing observations stay missing."""

import sys
from datetime import UTC, datetime

import pandas as pd

from risk_hub_client import RiskHubClient, to_dataframe

days = pd.to_datetime(["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"])
returns = {
    "SPY": pd.Series([0.004, -0.002, 0.001, 0.003], index=days),
    "005930.KS": pd.Series([0.012, 0.006, -0.004], index=days[[0, 2, 3]]),  # a holiday in Seoul
    "NEWCO": pd.Series([0.031, -0.018], index=days[2:]),  # listed on the third day
}

closed_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
with RiskHubClient(actor="risk-engine", stage="paper") as hub:
    done = hub.publish(
        "example-missing",
        version=f"close-{closed_at:%Y-%m-%dT%H:%M:%SZ}",
        as_of=closed_at,
        weights={"SPY": 0.5, "005930.KS": 0.3, "NEWCO": 0.2},
        realized_returns=returns,
        ttl_sec=3600,
    )
    loaded = hub.load(hub.latest("example-missing"), "realized_returns")
    if loaded is None:
        sys.exit("the returns did not come back")
    frame = to_dataframe(loaded)
    missing = int(frame.isna().sum().sum())
    sys.stdout.write(
        f"{done.outcome} {done.version}: {frame.shape[1]} assets, {frame.shape[0]} days, "
        f"{missing} missing observations\n"
    )
