"""Publish a small book as plain dicts. `source .local/env` first, or set RISK_HUB_URL and RISK_HUB_TOKEN."""

import sys
from datetime import UTC, datetime

from risk_hub_contracts.client import RiskHubClient

now = datetime.now(UTC)
with RiskHubClient(actor="gateway", stage="paper") as hub:
    done = hub.publish(
        "example-dict",
        version=f"rebalance-{now:%Y-%m-%dT%H:%M:%S.%fZ}",
        as_of=now,
        weights={"AAPL": 0.6, "MSFT": 0.4},
        covariance={"AAPL,AAPL": 0.0004, "AAPL,MSFT": 0.0002, "MSFT,MSFT": 0.0003},
        ttl_sec=3600,
    )
    sys.stdout.write(f"{done.outcome} {done.version}, {done.content_hash}\n")
    sys.stdout.write(f"latest is {hub.latest('example-dict').version}\n")
