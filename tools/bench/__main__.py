"""Measure the budgets, write docs/benchmarks.md and renew the gate's baseline: `python -m tools.bench`."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import rfc8785

from infra.bundles.contents import MAX_BYTES
from risk_hub_contracts.snapshot.parse import parse_snapshot
from tools.bench import gate
from tools.bench.evaluation import evaluation_lines
from tools.bench.export import export_lines
from tools.bench.freshness import freshness_lines
from tools.bench.handlers import handler_lines
from tools.bench.history import history_lines
from tools.bench.items import book_item_bytes, write_units
from tools.bench.lines import Line, best_ms
from tools.bench.memory import MB
from tools.bench.page import page
from tools.bench.risk import risk_lines
from tools.bench.rounds import book
from tools.bench.run_reads import run_read_lines
from tools.bench.stage import stage_lines

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


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
    """Measure the size of real items."""
    for assets, budget in ((20, 1), (500, 7)):
        size, units = book_item_bytes(assets), write_units(book_item_bytes(assets))
        yield Line(
            f"write units of a put, {assets} weights",
            f"item {size} B = {units}; + 3 = {units + 3}",
            "–",
            f"item ≤ {budget}; + 3 for the indexes",
            units <= budget,
        )


def bundle_lines() -> Iterator[Line]:
    """Measure the size of the built zips."""
    limits_bytes: dict[str, int] = dict(MAX_BYTES.items())
    for name, size_bytes in gate.measured_zips().items():
        limit_bytes = limits_bytes[name.rpartition("-")[0]]
        yield Line(
            f"bundle {name}",
            f"{size_bytes / MB:.2f} MB",
            "–",
            f"≤ {limit_bytes / MB:.0f} MB",
            size_bytes <= limit_bytes,
        )


def main() -> None:
    """Measure everything, print it, write it, renew the baseline."""
    text = page(
        [
            *handler_lines(),
            *contract_lines(),
            *item_lines(),
            *risk_lines(),
            *evaluation_lines(),
            *history_lines(),
            *run_read_lines(),
            *export_lines(),
            *bundle_lines(),
            *freshness_lines(),
            *stage_lines(),
        ]
    )
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    gate.renew_baseline()


if __name__ == "__main__":
    main()
