"""The page of benchmarks: the machine, the table, and each missed budget with its reason."""

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tools.bench.lines import Line

KIB_PER_GB = 976_562.5
NOT_MEASURED = """\
- **The system that this one replaces** (FastAPI, SQLite, Redis): it is not part of this repository, and
  FastAPI is not a dependency, so this run cannot measure it. Its figures are not repeated here.
- **The time of the test suite**: `make test` prints it.
- **Lambda's hardware**: a cold start there also includes a download, and gets the share of a processor that
  belongs to its memory setting. Only an account can measure it. Here, ratios of CPU time are compared.
"""


def page(lines: Sequence[Line]) -> str:
    """Return the page."""
    rows = "\n".join(
        f"| {line.what} | {line.measured} | {line.floor} | {line.budget} | {'yes' if line.within_budget else '**no**'} |"
        for line in lines
    )
    missed = "\n".join(f"- **{line.what}**: {line.reason}" for line in lines if not line.within_budget)
    return f"""# Benchmarks

Written by `make bench` on {datetime.now(UTC).date()}. Each time is the best of several runs. Absolute times depend on the
machine, so compare the ratios. `make test` compares the values that do not depend on it (calls, bytes,
modules, sizes, bytecode instructions) with [`tools/bench/baseline.json`](../tools/bench/baseline.json), which
`make bench` renews.

{machine()}

| what | measured | floor, same run | budget | holds |
|---|---|---|---|---|
{rows}

## Missed budgets

{missed or "None."}

## Not measured here

{NOT_MEASURED}"""


def machine() -> str:
    """Describe the machine that produced the figures."""
    memory_gb = int(_field("/proc/meminfo", "MemTotal").split()[0]) / KIB_PER_GB
    return (
        f"Machine: {_field('/proc/cpuinfo', 'model name')} ({platform.machine()}), {os.cpu_count()} shared cores, "
        f"{memory_gb:.0f} GB, Linux {platform.release().split('-')[0]}, CPython {platform.python_version()}, "
        f"numpy {np.__version__}; {os.getloadavg()[1]:.1f} processes ready to run on average during the last five minutes."
    )


def _field(path: str, name: str) -> str:
    found = re.search(rf"^{name}\s*:\s*(.+)$", Path(path).read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "unknown 0"
