"""Measure the budgets and write docs/benchmarks.md: `python -m tests.bench`."""

import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import rfc8785

from risk_hub_contracts.snapshot import parse_snapshot
from tests.bench.cold import book
from tests.bench.freshness import freshness_lines
from tests.bench.items import book_item_bytes, write_units
from tests.bench.lines import Line, best_ms
from tests.bench.risk import risk_lines
from tests.bench.roundtrip import roundtrip_lines

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
PROCESSES = 7
NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def fresh_processes(kind: str) -> dict[str, float]:
    """Return the best figures of several fresh processes: milliseconds of CPU, MB, milliseconds a warm round."""
    command = [sys.executable, "-m", "tests.bench.cold", kind]
    runs = [json.loads(subprocess.check_output(command, cwd=ROOT)) for _ in range(PROCESSES)]
    return {name: min(run[name] for run in runs) for name in runs[0]}


def handler_lines() -> Iterator[Line]:
    """Measure the deployed write handler against pydantic and boto3 doing one put."""
    ours, floor = fresh_processes("hub"), fresh_processes("floor")
    cold = ours["cold_cpu_s"] / floor["cold_cpu_s"]
    yield Line(
        "write handler, cold process to first answer (CPU)",
        f"{ours['cold_cpu_s'] * 1000:.0f} ms = {cold:.2f} ×",
        f"pydantic + boto3, one put: {floor['cold_cpu_s'] * 1000:.0f} ms",
        "≤ 1.0 ×",
        cold <= 1.0,
    )
    memory = ours["memory_mb"]
    floor_memory = f"pydantic + boto3: {floor['memory_mb']:.0f} MB"
    yield Line(
        "write handler, memory after the first answer",
        f"{memory:.0f} MB",
        floor_memory,
        "≤ 55 MB",
        memory <= 55,
    )
    warm = ours["warm_ms"] / floor["warm_ms"]
    yield Line(
        "warm POST, 20 weights, zero-latency store",
        f"{ours['warm_ms']:.2f} ms = {warm:.2f} ×",
        f"pydantic + botocore, one put: {floor['warm_ms']:.2f} ms",
        "≤ 1.3 ×",
        warm <= 1.3,
    )


def contract_lines() -> Iterator[Line]:
    """Measure parsing, validating and hashing of bodies."""
    body = orjson.dumps(book(500))
    measured = best_ms(lambda: parse(body))
    floor = best_ms(lambda: rfc8785.dumps(book(500)))
    yield Line(
        "validate + hash, 500 weights",
        f"{measured:.2f} ms",
        f"rfc8785 alone: {floor:.2f} ms",
        "≤ 1 ms",
        measured <= 1,
    )
    wide = covariance_body(200)
    measured = best_ms(lambda: parse(wide))
    floor = best_ms(lambda: json.loads(wide))
    yield Line(
        f"validate + hash, inline 200×200 covariance ({len(wide) // 1000} kB)",
        f"{measured:.1f} ms",
        f"json.loads alone: {floor:.1f} ms",
        "≤ 10 ms",
        measured <= 10,
    )


def parse(body: bytes) -> Any:
    """Parse a body as the writer does."""
    return parse_snapshot(body, world_id="w1", actor="gateway", stage="paper", now=NOW)


def covariance_body(count: int) -> bytes:
    """Return a body with a full covariance matrix."""
    loadings = np.random.default_rng(3).normal(0, 0.01, (count, count))
    ids = [f"ASSET{i:04}" for i in range(count)]
    covariance = {"ids": ids, "matrix": (loadings @ loadings.T).tolist()}
    return orjson.dumps({**book(count), "covariance": covariance})


def item_lines() -> Iterator[Line]:
    """Weigh real items."""
    for assets, budget in ((20, 1), (500, 7)):
        size, units = book_item_bytes(assets), write_units(book_item_bytes(assets))
        yield Line(
            f"write units of a put, {assets} weights",
            f"item {size} B = {units}; × 3 + 1 = {units * 3 + 1}",
            "–",
            f"item ≤ {budget}; × 3 (ADR-0003 adds 1)",
            units <= budget,
        )


def page(lines: list[Line]) -> str:
    """Return the page that holds the table."""
    rows = "\n".join(
        f"| {line.what} | {line.measured} | {line.floor} | {line.budget} | {'yes' if line.holds else '**no**'} |"
        for line in lines
    )
    machine = f"{platform.machine()}, CPython {platform.python_version()}, numpy {np.__version__}"
    return f"""# Benchmarks

Written by `make bench` on {datetime.now(UTC).date()} ({machine}, two shared cores). Best of several; absolute times
drift with the machine, so read the ratios. Request counts, which do not drift, are tests:
`tests/adapters/test_request_counts.py`.

| what | measured | floor, same run | budget | holds |
|---|---|---|---|---|
{rows}
"""


def main() -> None:
    """Measure everything, print it, write it."""
    text = page(
        [
            *handler_lines(),
            *contract_lines(),
            *item_lines(),
            *risk_lines(),
            *roundtrip_lines(),
            *freshness_lines(),
        ]
    )
    PAGE.write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
