"""Other processors: other BLAS kernels, fewer vector instructions, the C library without fused multiply-add."""

import os
import platform
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from tools.portability.setting import NUMERIC, Effect, Setting, unchanged_setting

CPU_FILE: Final = Path("/proc/cpuinfo")
# OpenBLAS's name for a processor: the processor flag that its kernels need, and the names that OpenBLAS
# then reports. Processors that share kernels are reported by the name of one of them.
CORE_TYPES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "Prescott": ("pni", ("Prescott", "Katmai")),
    "Haswell": ("avx2", ("Haswell",)),
    "SkylakeX": ("avx512f", ("SkylakeX",)),
    "Zen": ("avx2", ("Zen", "Haswell")),
}
OLDEST: Final = "Prescott"
X86_LIBM_WITHOUT_FMA: Final = "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4"
X86_ONLY: Final = "only an x86-64 processor can be made to look like another one"


def processors() -> Iterator[Setting]:
    """Yield each core type, each number of threads, and the two kinds of missing instructions."""
    for name in CORE_TYPES:
        yield Setting(
            "BLAS kernels",
            f"`OPENBLAS_CORETYPE={name}`",
            NUMERIC,
            _has_kernels(name),
            {"OPENBLAS_CORETYPE": name},
            absent=core_unavailable_reason(name),
        )
    for threads in (1, 2):
        yield Setting(
            "BLAS threads",
            f"`OPENBLAS_NUM_THREADS={threads}`",
            NUMERIC,
            _has_threads(threads),
            {"OPENBLAS_NUM_THREADS": str(threads)},
            absent=None if (os.cpu_count() or 1) >= threads else "this machine has one processor",
        )
    yield Setting(
        "vector instructions",
        "`NPY_DISABLE_CPU_FEATURES=` all above numpy's baseline",
        NUMERIC,
        lambda without, under: bool(without.vectors) and not under.vectors,
        without_vectors(),
        absent=None if vectors_of_this_machine() else "numpy uses nothing above its baseline here",
    )
    yield Setting(
        "C library",
        "glibc without AVX2 and FMA",
        NUMERIC,
        lambda without, under: without.libm != under.libm,
        {"GLIBC_TUNABLES": X86_LIBM_WITHOUT_FMA},
        absent=libm_unavailable_reason(),
    )


def oldest_processor() -> dict[str, str]:
    """Return the environment in which this machine computes most like the oldest supported one."""
    found = without_vectors() | {"OPENBLAS_NUM_THREADS": "2"}
    if core_unavailable_reason(OLDEST) is None:
        found["OPENBLAS_CORETYPE"] = OLDEST
    if libm_unavailable_reason() is None:
        found["GLIBC_TUNABLES"] = X86_LIBM_WITHOUT_FMA
    return found


def without_vectors() -> dict[str, str]:
    """Return the variable that disables numpy's features above its baseline; numpy warns of unknown names."""
    found = vectors_of_this_machine()
    return {"NPY_DISABLE_CPU_FEATURES": " ".join(found)} if found else {}


@lru_cache
def vectors_of_this_machine() -> tuple[str, ...]:
    """Return numpy's instruction sets above its baseline, as a process without the caller's settings uses them.

    The caller may have disabled some for this process.
    """
    return unchanged_setting().observe().vectors


def core_unavailable_reason(name: str) -> str | None:
    """Return why this processor cannot run the kernels of a core type; None if it can."""
    if not on_x86():
        return X86_ONLY
    flag, _ = CORE_TYPES[name]
    return None if flag in flags() else f"this processor has no {flag}"


def libm_unavailable_reason() -> str | None:
    """Return why the C library's variant cannot be chosen; None if it can."""
    if platform.libc_ver()[0] != "glibc":
        return "the C library is not glibc"
    if not on_x86():
        return X86_ONLY
    return None if "fma" in flags() else "this processor has no fused multiply-add"


def on_x86() -> bool:
    """Return whether this is an x86-64 processor."""
    return platform.machine() in {"x86_64", "AMD64"}


@lru_cache
def flags() -> frozenset[str]:
    """Return the processor's flags as Linux names them; none on another system."""
    lines = CPU_FILE.read_text(encoding="utf-8").splitlines() if CPU_FILE.exists() else []
    return frozenset(next((line.split(":", 1)[1].split() for line in lines if line.startswith("flags")), []))


def _has_kernels(name: str) -> Effect:
    _, reported = CORE_TYPES[name]
    return lambda _without, under: under.kernels in reported


def _has_threads(threads: int) -> Effect:
    return lambda _without, under: under.threads == threads
