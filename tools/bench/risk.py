"""Benchmarks of the risk engine: its cost next to numpy reading and multiplying the same bytes."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from functions.evaluation.risk.inputs import CovarianceInput
from functions.evaluation.risk.parametric import parametric_book
from functions.evaluation.risk.policy import NO_POLICY
from functions.measures.covariance.choose_form import choose_form
from functions.measures.covariance.form import Verdict
from functions.measures.measures import parametric_es, parametric_var
from infra.names import BLAS_THREADS
from risk_hub_contracts import blob
from risk_hub_contracts.reports.risk import RiskInput
from tools.bench.lines import Line, best_ms

ROOT = Path(__file__).parents[2]
FACTORS = 30
DIGEST_VERIFIED_BEFORE = (
    "the floor is two numpy calls on a buffer in memory. Our code also reads the header of the blob with its 500 ids, "
    "expands the triangle to a matrix and computes the contribution of each asset. With the verification of the digest, "
    "which every evaluation includes, the same work takes at most three times its floor (the row above)."
)
DECLARED = RiskInput(kind="covariance", source="ref", sha256=None, coverage=1.0, observations=None)
VALID = Verdict(None, 0.0)


def risk_lines() -> Iterator[Line]:
    """Measure packed form at 500 and 5,000 assets, factor form at 5,000, and the imports of a small book."""
    yield from _packed_500()
    yield _factor_5000()
    yield _packed_5000_memory()
    yield _no_numpy()


def _packed_500() -> Iterator[Line]:
    count = 500
    loadings = np.random.default_rng(4).normal(0, 0.01, (count, count))
    matrix = loadings @ loadings.T
    ids = [f"ASSET{i:04}" for i in range(count)]
    data = blob.encode_covariance(ids, matrix[np.triu_indices(count)].tolist())
    weights, vector, square = dict.fromkeys(ids, 1 / count), np.full(count, 1 / count), matrix.tobytes()

    def multiply() -> float:
        full = np.frombuffer(square).reshape(count, count)
        return float(vector @ full @ vector)

    def verified() -> float:
        blob.digest(square)
        return multiply()

    def ours() -> tuple[float, float]:
        return evaluate_var_and_es(data, weights)

    def ours_verified() -> tuple[float, float]:
        blob.digest(data)
        return evaluate_var_and_es(data, weights)

    what = "500 assets, packed blob, verdict cached: VaR, ES, component VaR"
    yield comparison_line(
        f"{what}, digest verified", ours_verified, "sha256 + frombuffer + w@S@w", verified, 3
    )
    in_hand = comparison_line(f"{what}, digest already verified", ours, "frombuffer + w@S@w", multiply, 3)
    yield in_hand._replace(reason=DIGEST_VERIFIED_BEFORE)


def evaluate_var_and_es(data: bytes, weights: dict[str, float]) -> tuple[float, float]:
    """Return VaR and ES at 99 % as the engine computes them, with every contribution."""
    decoded: Any = blob.decode(data)
    given = CovarianceInput(DECLARED, decoded.ids, choose_form(decoded), VALID)
    sigma = parametric_book(given, weights, NO_POLICY).sigma or 0.0
    return parametric_var(sigma, 9900), parametric_es(sigma, 9900)


def _factor_5000() -> Line:
    count, generator = 5_000, np.random.default_rng(5)
    loadings = generator.normal(0, 0.01, (count, FACTORS))
    specific = generator.uniform(1e-5, 1e-4, count)
    ids = [f"ASSET{i:04}" for i in range(count)]
    decoded: Any = blob.decode(blob.encode_factor(ids, loadings.tolist(), specific.tolist()))
    vector = np.full(count, 1 / count)

    def plain_numpy() -> float:
        values = np.frombuffer(decoded.payload)
        factors = values[: count * FACTORS].reshape(count, FACTORS).T @ vector
        return float(factors @ factors + values[count * FACTORS :] @ (vector * vector))

    given: Any = vector
    what = "5,000 assets, factor form (k = 30): w'Σw"
    return comparison_line(
        what, lambda: choose_form(decoded).product(given).variance, "the same in plain numpy", plain_numpy, 3
    )


def comparison_line(
    what: str,
    ours: Callable[[], object],
    floor_name: str,
    floor: Callable[[], object],
    times: float,
) -> Line:
    """Return the line that compares our time with a floor of the same run."""
    measured, floor_ms = best_ms(ours, 200), best_ms(floor, 200)
    ratio = measured / floor_ms
    return Line(
        what,
        f"{measured:.2f} ms = {ratio:.1f} ×",
        f"{floor_name}: {floor_ms:.2f} ms",
        f"≤ {times:g} ×",
        ratio <= times,
    )


def _packed_5000_memory() -> Line:
    as_deployed = {**os.environ, BLAS_THREADS: "1"}
    command = [sys.executable, "-m", "tools.bench.packed"]
    text = subprocess.check_output(command, cwd=ROOT, encoding="utf-8", env=as_deployed)
    blob_mb, peak_mb, base_mb, seconds = map(float, text.split())
    ratio = (peak_mb - base_mb) / blob_mb
    return Line(
        "5,000 assets, packed blob: peak memory of load, verdict, VaR (blob included)",
        f"{peak_mb - base_mb:.0f} MB = {ratio:.2f} ×, in {seconds:.1f} s",
        f"the blob: {blob_mb:.0f} MB (interpreter and numpy before: {base_mb:.0f} MB)",
        "≤ 2.5 × the blob",
        ratio <= 2.5,
    )


def _no_numpy() -> Line:
    command = [sys.executable, "-m", "tools.bench.small"]
    seconds, loaded = subprocess.check_output(command, cwd=ROOT, encoding="utf-8").split()
    return Line(
        "numpy is imported for the report of a book of 200 assets with covariance and 250 returns each",
        f"{loaded}, in {float(seconds):.1f} s",
        "–",
        "False",
        loaded == "False",
    )
