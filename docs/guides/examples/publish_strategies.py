"""Publish a book of 32 strategies with a year of daily returns, from which the hub computes portfolio numbers."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from risk_hub_client import RiskHubClient

DAYS, PERIODS_PER_YEAR = 250, 252
DAILY_VOLATILITY = 0.006
EXAMPLES = Path(__file__).parent

body = json.loads((EXAMPLES / "strategies_32.json").read_text(encoding="utf-8"))
names = [strategy["strategy_id"] for strategy in body["strategies"]]
random = Random(7)  # noqa: S311 - simulated returns
# Strategies of one region have a common part of their returns, so they are correlated.
common = {
    region: [random.gauss(0, DAILY_VOLATILITY) for _ in range(DAYS)] for region in ("us", "eu", "jp", "kr")
}
returns = {
    name: [day + random.gauss(0.0003, DAILY_VOLATILITY) for day in common[name[-2:]]] for name in names
}
closed_at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
with RiskHubClient(actor="portfolio-engine", stage="paper") as hub:
    done = hub.publish(
        sys.argv[1],
        version=f"close-{closed_at:%Y-%m-%dT%H:%M:%SZ}",
        as_of=closed_at,
        weights=dict.fromkeys(names, 1 / len(names)),
        realized_returns=returns,
        returns_meta={"periods_per_year": PERIODS_PER_YEAR},
        ttl_sec=86_400,
    )
    sys.stdout.write(f"{done.outcome} {done.version}: {len(names)} strategies, {DAYS} days\n")
