"""Benchmarks of the handlers: cold and warm, from bundle and sources, against pydantic and boto3."""

from collections.abc import Iterator

from tools.bench.isolated import unpacked
from tools.bench.lines import Line
from tools.bench.processes import Figures, best_of, from_bundle, from_source

MEMORY_MAX_MB = 55
COLD_REASON = (
    "runs on the same machine differ by some hundredths; the gate on modules (`tools/bench/baseline.json`) decides "
    "whether our part has grown"
)
WARM_REASON = (
    "the ratio depends on how fast this machine runs the library's part and ours; the gate on bytecode instructions "
    "(`tools/bench/baseline.json`) decides whether our part has grown"
)


def handler_lines() -> Iterator[Line]:
    """Measure the deployed write and read handlers against pydantic and boto3 doing one put."""
    bundle = unpacked("hub")
    found = best_of(
        {
            "floor": from_source("cold", "floor"),
            "bundle": from_bundle("cold", "post", bundle),
            "source": from_source("cold", "post"),
            "reader": from_bundle("cold", "latest", bundle),
        }
    )
    floor = found["floor"]
    cold, warm = "cold process to first answer (CPU)", "zero-latency store"
    yield _cold(f"write handler from the built bundle, {cold}", found["bundle"], floor, 1.0)
    yield _cold(f"write handler from the sources, {cold}", found["source"], floor, None)
    yield _cold(f"read handler from the built bundle, {cold}", found["reader"], floor, None)
    yield _memory("write handler from the built bundle", found["bundle"], floor)
    yield _memory("read handler from the built bundle", found["reader"], floor)
    yield _warm(f"warm POST, 20 weights, {warm}, log and metric lines written", found["bundle"], floor, 1.3)
    yield _warm(f"warm GET latest, 20 weights, {warm}, log line written", found["reader"], floor, None)


def _cold(what: str, ours: Figures, floor: Figures, budget: float | None) -> Line:
    ratio = ours["cold_cpu_s"] / floor["cold_cpu_s"]
    return Line(
        what,
        f"{ours['cold_cpu_s'] * 1000:.0f} ms = {ratio:.2f} ×, {ours['modules']:.0f} modules",
        f"pydantic + boto3, one put: {floor['cold_cpu_s'] * 1000:.0f} ms, {floor['modules']:.0f} modules",
        *_verdict(ratio, budget),
        COLD_REASON,
    )


def _warm(what: str, ours: Figures, floor: Figures, budget: float | None) -> Line:
    ratio = ours["warm_ms"] / floor["warm_ms"]
    return Line(
        what,
        f"{ours['warm_ms']:.2f} ms = {ratio:.2f} ×",
        f"pydantic + botocore, one put: {floor['warm_ms']:.2f} ms",
        *_verdict(ratio, budget),
        WARM_REASON,
    )


def _memory(what: str, ours: Figures, floor: Figures) -> Line:
    measured = ours["memory_mb"]
    return Line(
        f"{what}, memory after the first answer",
        f"{measured:.0f} MB",
        f"pydantic + boto3: {floor['memory_mb']:.0f} MB",
        f"≤ {MEMORY_MAX_MB} MB",
        measured <= MEMORY_MAX_MB,
    )


def _verdict(ratio: float, budget: float | None) -> tuple[str, bool]:
    return ("–", True) if budget is None else (f"≤ {budget:g} ×", ratio <= budget)
