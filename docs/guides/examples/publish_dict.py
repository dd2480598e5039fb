"""Publish a small book as plain dicts. `source .local/env` first, or set RISK_HUB_URL and RISK_HUB_TOKEN."""

import sys
from datetime import UTC, datetime

from risk_hub_client import RiskHubClient

# The version comes from the event behind the snapshot. A real rebalance has its own instant, the same in
# every attempt; here it is the first argument, or the current hour, in which a second run is a replay.
rebalanced_at = (
    datetime.fromisoformat(sys.argv[1])
    if len(sys.argv) > 1
    else datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
)
with RiskHubClient(actor="gateway", stage="paper") as hub:
    done = hub.publish(
        "example-dict",
        version=f"rebalance-{rebalanced_at:%Y-%m-%dT%H:%M:%SZ}",
        as_of=rebalanced_at,
        weights={"AAPL": 0.6, "MSFT": 0.4},
        covariance={"AAPL,AAPL": 0.0004, "AAPL,MSFT": 0.0002, "MSFT,MSFT": 0.0003},
        ttl_sec=3600,
    )
    sys.stdout.write(f"{done.outcome} {done.version}, {done.content_hash}\n")
    sys.stdout.write(f"latest is {hub.latest('example-dict').version}\n")
