"""The page: the machine, the table, and each missed budget with its reason."""

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tests.bench.lines import Line

KIB_PER_GB = 976_562.5
LEFT_OUT = """\
- **The system that this one replaces** (FastAPI, SQLite, Redis): it is not part of this repository and FastAPI is none of
  its dependencies, so nothing here can run beside it. Its figures are not repeated as if this run had measured them.
- **The time of the test suite**: what runs it says it (`make test`).
- **Lambda's own hardware**: a cold start there has a download and a memory setting's share of a processor besides. Only an
  account can tell; here, ratios of CPU time count.
"""


def page(lines: Sequence[Line]) -> str:
    """Return the page."""
    rows = "\n".join(
        f"| {line.what} | {line.measured} | {line.floor} | {line.budget} | {'yes' if line.holds else '**no**'} |"
        for line in lines
    )
    missed = "\n".join(f"- **{line.what}**: {line.reason}" for line in lines if not line.holds)
    return f"""# Benchmarks

Written by `make bench` on {datetime.now(UTC).date()}. Best of several; absolute times drift with the machine,
so read the ratios. What does not drift (calls, bytes, modules, sizes, bytecode instructions) is gated in `make test`:
[`tests/bench/baseline.json`](../tests/bench/baseline.json), which the same command renews.

{machine()}

| what | measured | floor, same run | budget | holds |
|---|---|---|---|---|
{rows}

## Missed budgets

{missed or "None."}

## Not measured here

{LEFT_OUT}"""


def machine() -> str:
    """Describe where the figures come from."""
    memory_gb = int(_field("/proc/meminfo", "MemTotal").split()[0]) / KIB_PER_GB
    return (
        f"Machine: {_field('/proc/cpuinfo', 'model name')} ({platform.machine()}), {os.cpu_count()} shared cores, "
        f"{memory_gb:.0f} GB, Linux {platform.release().split('-')[0]}, CPython {platform.python_version()}, "
        f"numpy {np.__version__}; {os.getloadavg()[1]:.1f} processes ready to run, on average, when this was written."
    )


def _field(path: str, name: str) -> str:
    found = re.search(rf"^{name}\s*:\s*(.+)$", Path(path).read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "unknown 0"
