"""One fresh process: the report of a book at the exact path's limit; print seconds and whether numpy loaded."""

import sys
import time

from tests.fakes.evaluated_world import EvaluatedWorld

COUNT, OBSERVATIONS = 200, 250
VARIANCE, COVARIANCE = 2e-4, 1e-4


def returns(row: int) -> list[float]:
    """Return a unique series, without a numpy generator."""
    return [((row + 7) * (day + 3) % 101 - 50) / 5_000 for day in range(OBSERVATIONS)]


def main() -> None:
    """Publish and evaluate; fail if any measure is missing."""
    ids = [f"ASSET{i:04}" for i in range(COUNT)]
    upper = [
        VARIANCE if row == column else COVARIANCE for row in range(COUNT) for column in range(row, COUNT)
    ]
    start = time.perf_counter()
    report = EvaluatedWorld().evaluated(
        weights=dict.fromkeys(ids, 1 / COUNT),
        covariance={"ids": ids, "upper": upper},
        realized_returns={asset: returns(row) for row, asset in enumerate(ids)},
    )
    seconds = time.perf_counter() - start
    if report.status != "complete":
        raise ValueError(f"the report is {report.status}")
    sys.stdout.write(f"{seconds} {'numpy' in sys.modules}\n")


if __name__ == "__main__":
    main()
