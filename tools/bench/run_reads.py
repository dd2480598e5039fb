"""Benchmarks of a large table of evaluation runs: requests and bytes of a read, with 10 runs and with 100,000."""

import os
from collections.abc import Iterator

from tests.adapters.run_reads import READS, costs
from tools.bench.lines import Line

FEW, MANY = 10, 100_000
RATIO_MAX = 1.1
MOTO = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "us-east-1"}


def run_read_lines() -> Iterator[Line]:
    """Measure the same reads of a world with few runs and with many."""
    os.environ |= MOTO
    few, many = costs(FEW), costs(MANY)
    for name in READS:
        before, after = few[name], many[name]
        ratio = max(len(after.operations) / len(before.operations), after.bytes / before.bytes)
        yield Line(
            f"{name}, {MANY:,} runs in the world",
            f"{len(after.operations)} request, {after.bytes:,} B read = {ratio:.2f} ×",
            f"{FEW} runs: {len(before.operations)} request, {before.bytes:,} B",
            f"≤ {RATIO_MAX} ×",
            ratio <= RATIO_MAX,
        )


if __name__ == "__main__":
    for line in run_read_lines():
        print(line)  # noqa: T201
