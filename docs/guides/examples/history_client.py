"""Read the history of a world with the client: one snapshot at a time, and as a DataFrame."""

import sys
from datetime import date

from risk_hub_client import RiskHubClient

with RiskHubClient() as hub:
    january = hub.history("desk", date(2026, 1, 1), date(2026, 1, 31), columns=("as_of", "stage", "weights"))
    largest = max(january, key=lambda snapshot: snapshot.weights["AAPL"])
    sys.stdout.write(f"largest weight of AAPL: {largest.weights['AAPL']} in {largest.version}\n")
    frame = january.to_pandas()
    sys.stdout.write(
        f"{len(frame)} rows from {frame['as_of'].min():%Y-%m-%d} to {frame['as_of'].max():%Y-%m-%d}\n"
    )
