"""Regression gate: figures that are stable across machines have not grown since the last `make bench`."""

import sys
from typing import Any

import pytest

from infra.functions import FUNCTION_FOLDERS
from infra.names import FunctionFolder
from tools.bench.gate import (
    RENEW_HINT,
    REQUESTS,
    baseline,
    measured_modules,
    measured_request,
    measured_zips,
    regressions,
)

# One worker builds the bundles, so that no two build them in parallel.
pytestmark = pytest.mark.xdist_group("bundles")
BASELINE = baseline()
on_the_baselines_python = pytest.mark.skipif(
    f"{sys.version_info[0]}.{sys.version_info[1]}" != BASELINE["python"],
    reason="another Python has other bytecode and other modules",
)


@on_the_baselines_python
@pytest.mark.parametrize("kind", REQUESTS)
def test_warm_request_makes_the_baseline_calls_without_extra_work(kind: str) -> None:
    before, now = BASELINE["requests"][kind], measured_request(kind)
    assert now["calls"] == before["calls"]
    for figure in ("request_bytes", "instructions"):
        assert not list(regressions(figure, {kind: before[figure]}, {kind: now[figure]}))


@on_the_baselines_python
@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_handler_loads_no_more_modules_than_the_baseline(folder: FunctionFolder) -> None:
    assert not list(regressions("modules", BASELINE["modules"], {folder: measured_modules(folder)}))


@on_the_baselines_python
def test_bundle_sizes_do_not_exceed_the_baseline() -> None:
    assert not list(regressions("zip_bytes", BASELINE["zip_bytes"], measured_zips()))


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ({"a": 1_020}, []),
        ({"a": 900}, []),
        (
            {"a": 1_021},
            [f"instructions of a: 1,021, at the last renewal 1,000; if that is meant, {RENEW_HINT}"],
        ),
        (
            {"b": 1},
            [f"instructions of b: 1, at the last renewal 0; if that is meant, {RENEW_HINT}"],
        ),
    ],
)
def test_growth_past_the_tolerance_is_reported_and_a_decrease_is_accepted(
    now: dict[str, int], found: list[Any]
) -> None:
    assert list(regressions("instructions", {"a": 1_000}, now)) == found
