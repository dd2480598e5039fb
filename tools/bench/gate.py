"""Regression gate on figures independent of other load: the last committed figures, and their allowed growth.

`python -m tools.bench.gate` renews the committed baseline.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from infra.bundles.build import bundle_zip
from infra.bundles.contents import ALL_GROUPS, ARCHITECTURES, Bundle
from infra.functions import FUNCTION_FOLDERS
from infra.names import FunctionFolder
from tools.bench.isolated import imported
from tools.bench.processes import figures, from_source

BASELINE: Final = Path(__file__).parent / "baseline.json"
REQUESTS: Final = ("post", "latest")
# Tolerance above the baseline: the growth from a new patch version of Python or a library is not a
# regression.
TOLERANCE: Final = {"zip_bytes": 0.01, "modules": 0.02, "request_bytes": 0.01, "instructions": 0.02}
RENEW_HINT: Final = "renew it: `python -m tools.bench.gate`"
Figures = Mapping[str, Any]


def measured_zips() -> dict[str, int]:
    """Return the size of every bundle's zip, in bytes."""
    bundles = [Bundle(group, architecture) for group in ALL_GROUPS for architecture in ARCHITECTURES]
    return {bundle.name: bundle_zip(bundle).stat().st_size for bundle in bundles}


def measured_modules(folder: FunctionFolder) -> int:
    """Return how many modules a function's handler loads, using only its bundle."""
    return len(imported(folder))


def measured_request(kind: str) -> Figures:
    """Return calls, bytes sent and instructions of a warm request."""
    found: Figures = figures(from_source("stable", kind))
    return found


def baseline() -> dict[str, Any]:
    """Return the committed figures."""
    found: dict[str, Any] = json.loads(BASELINE.read_text(encoding="utf-8"))
    return found


def regressions(figure: str, before: Mapping[str, int], now: Mapping[str, int]) -> Iterator[str]:
    """Yield a sentence for each value that has grown past its tolerance, or that is missing in the baseline."""
    for name, value in now.items():
        limit = int(before.get(name, 0) * (1 + TOLERANCE[figure]))
        if value > limit:
            last = f"at the last renewal {before.get(name, 0):,}"
            yield f"{figure} of {name}: {value:,}, {last}; if that is meant, {RENEW_HINT}"


def renew_baseline() -> None:
    """Measure everything and write the baseline."""
    renewed = {
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "zip_bytes": measured_zips(),
        "modules": {folder: measured_modules(folder) for folder in FUNCTION_FOLDERS},
        "requests": {kind: measured_request(kind) for kind in REQUESTS},
    }
    BASELINE.write_text(json.dumps(renewed, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    renew_baseline()
