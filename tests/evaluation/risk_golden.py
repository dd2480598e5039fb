"""Reference numbers of a few books by this engine; `python -m tests.evaluation.risk_golden --write` stores
them.

Up to 200 assets the result hash is stored. Above, the last bits depend on the processor family: numbers are
stored to twelve significant digits, and the hash only shows whether two runs on one machine agree.
"""

import json
import sys
from math import fsum
from pathlib import Path
from random import Random
from typing import Any

from functions.evaluation.risk.policy import RiskPolicy
from functions.evaluation.risk.receipt import ENGINE_VERSION
from functions.measures.exact import dot
from infra.local.sample import SAMPLE_FILE
from risk_hub_contracts.blob.write import encode_covariance, encode_factor, encode_returns
from risk_hub_contracts.reports.risk import RiskReport
from tests.fakes.evaluated_world import EvaluatedWorld

GOLDEN_FILE = Path(__file__).with_name("risk_golden.json")
ARRAY_COUNT, OBSERVATIONS, FACTORS, DIGITS, SHOWN = 201, 120, 3, 12, 5


def computed() -> dict[str, dict[str, Any]]:
    """Return, by the name of the book, its result hash and, on the array path, its numbers."""
    exact = {name: {"result_hash": hash_of(report)} for name, report in exact_books().items()}
    return exact | {
        name: {"result_hash": hash_of(report), "numbers": numbers(report)}
        for name, report in array_books().items()
    }


def exact_books() -> dict[str, RiskReport]:
    sample = json.loads(SAMPLE_FILE.read_text(encoding="utf-8"))
    whole = {name: sample[name] for name in ("weights", "covariance", "realized_returns")}
    estimated = {name: part for name, part in whole.items() if name != "covariance"}
    world = EvaluatedWorld(policy=RiskPolicy("correlation_one", legacy_method=True))
    dates = [f"2026-01-{day:02}" for day in range(1, 6)]
    short = encode_returns({asset: [0.01, -0.02, 0.0, 0.005, -0.001] for asset in "ABC"}, dates)
    broken = encode_covariance(["A", "B", "C"], [1e-4, 5e-4, 0.0, 1e-4, 0.0, 1e-4])
    return {
        "us20": EvaluatedWorld().evaluated(**whole),
        "us20, covariance estimated": EvaluatedWorld().evaluated(**estimated),
        "a covariance that is none, its fallback, five dated returns": world.evaluated(
            covariance_ref=world.blob("covariance", broken),
            realized_returns_ref=world.blob("realized_returns", short),
        ),
    }


def array_books() -> dict[str, RiskReport]:
    world, random = EvaluatedWorld(), Random(7)
    ids = [f"A{index:03}" for index in range(ARRAY_COUNT)]
    sizes = [random.random() for _ in ids]
    weights = {asset: size / fsum(sizes) for asset, size in zip(ids, sizes, strict=True)}
    returns = {asset: [random.random() / 50 - 0.01 for _ in range(OBSERVATIONS)] for asset in ids}
    loadings = [[random.random() / 50 - 0.01 for _ in range(FACTORS)] for _ in ids]
    specific = [random.random() / 1e4 for _ in ids]
    parts = {
        "returns": {"realized_returns_ref": world.blob("realized_returns", encode_returns(returns))},
        "factor": {"covariance_ref": world.blob("covariance", encode_factor(ids, loadings, specific))},
        "packed": {
            "covariance_ref": world.blob("covariance", encode_covariance(ids, packed(loadings, specific)))
        },
    }
    return {
        f"{name}, {ARRAY_COUNT} assets": world.evaluated(version=name, weights=weights, **part)
        for name, part in parts.items()
    }


def packed(loadings: list[list[float]], specific: list[float]) -> list[float]:
    """Return the upper triangle, row by row, of the covariance with these factors."""
    return [
        dot(first, second) + (specific[row] if second is first else 0.0)
        for row, first in enumerate(loadings)
        for second in loadings[row:]
    ]


def numbers(report: RiskReport) -> dict[str, float]:
    """Return the non-null numbers of a report by name."""
    found = {f"{m.measure} {m.method} {m.confidence_bps}": m.value for m in report.measures}
    for row in report.tails:
        name = f"{row.method} {row.confidence_bps}"
        found |= {
            f"tail value_at_risk {name}": row.value_at_risk,
            f"tail expected_shortfall {name}": row.expected_shortfall,
            f"tail value_at_risk_standard_error {name}": row.value_at_risk_standard_error,
            f"tail expected_shortfall_standard_error {name}": row.expected_shortfall_standard_error,
        }
    reported = report.contributions
    if reported is not None:
        found |= {f"component {each.id}": each.component for each in reported.largest[:SHOWN]}
        found |= {f"incremental {each.id}": each.incremental for each in reported.largest[:SHOWN]}
        found["omitted component"] = reported.omitted_component
    return {name: float(f"{value:.{DIGITS}g}") for name, value in found.items() if value is not None}


def hash_of(report: RiskReport) -> str:
    assert report.receipt is not None
    return report.receipt.result_hash


def kept(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the values that are equal on every machine, with the engine's version."""
    books = {name: book.get("numbers", book) for name, book in found.items()}
    return {"engine_version": ENGINE_VERSION, "books": books}


def main() -> None:
    found = computed()
    if sys.argv[1:] == ["--write"]:
        GOLDEN_FILE.write_text(json.dumps(kept(found), indent=1) + "\n", encoding="utf-8")
    else:
        sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
