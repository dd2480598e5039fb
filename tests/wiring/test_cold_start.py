"""Cold start of every function: its garbage collector, its clock, and the settings that it needs."""

import json
import os
import subprocess
import sys
from unittest.mock import patch

import pytest

from functions.wiring import process
from infra.functions import FUNCTION_FOLDERS
from infra.names import (
    DEPLOYMENT_STAGE,
    GROSS_EXPOSURE_MAX,
    INLINE_COV_THRESHOLD,
    SEGMENTS_TABLE,
    FunctionFolder,
    handler,
)
from tests.fakes.clock import FrozenClock
from tests.fakes.cold_start import cold_start
from tests.fakes.template_variables import template_variables

DEFAULTED = {DEPLOYMENT_STAGE, GROSS_EXPOSURE_MAX, INLINE_COV_THRESHOLD, SEGMENTS_TABLE}
SLOW_LIBRARIES = ("orjson", "botocore")
# Print the collector's threshold at the first search for each module, and after the last.
THRESHOLDS = """
import gc, importlib, json, sys
found = {}
class Watch:
    def find_spec(self, name, path=None, target=None):
        found.setdefault(name, gc.get_threshold()[0])
sys.meta_path.insert(0, Watch())
importlib.import_module(sys.argv[1])
print(json.dumps({**found, "end": gc.get_threshold()[0]}))
"""


def required(folder: FunctionFolder) -> list[str]:
    return [
        name for name in template_variables(folder) if name.startswith("RISK_HUB_") and name not in DEFAULTED
    ]


def thresholds(module: str, environment: dict[str, str]) -> dict[str, int]:
    command = (sys.executable, "-c", THRESHOLDS, module)
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, env=environment | paths, check=True, capture_output=True, encoding="utf-8")
    found: dict[str, int] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_handler_raises_the_gc_threshold_before_it_imports_libraries(folder: FunctionFolder) -> None:
    found = thresholds(f"functions.{folder}.handler", template_variables(folder))
    slow = [found[name] for name in SLOW_LIBRARIES if name in found]
    assert slow
    assert {*slow, found["end"]} == {process.COLLECT_AFTER_ALLOCATIONS}


def test_importing_the_functions_package_leaves_the_gc_threshold_unchanged() -> None:
    found = thresholds("functions", {})
    assert found["end"] == found["functions"] != process.COLLECT_AFTER_ALLOCATIONS


@pytest.mark.parametrize(
    ("folder", "missing"), [(folder, name) for folder in FUNCTION_FOLDERS for name in required(folder)]
)
def test_function_with_a_missing_setting_fails_at_its_start_and_names_the_variable(
    folder: FunctionFolder, missing: str
) -> None:
    present = {name: value for name, value in template_variables(folder).items() if name != missing}
    with (
        patch.dict(os.environ, present, clear=True),
        pytest.raises(RuntimeError, match=f"the environment variable {missing} is not set"),
    ):
        cold_start(folder)


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_clock_replaced_before_the_cold_start_is_the_clock_of_the_function(folder: FunctionFolder) -> None:
    clock = FrozenClock()
    with (
        patch.dict(os.environ, template_variables(folder), clear=True),
        patch.object(process, "utc_now", clock),
    ):
        assert cold_start(folder).utc_now is clock


@pytest.mark.parametrize("folder", FUNCTION_FOLDERS)
def test_handler_has_the_name_in_the_templates_and_the_name_of_the_next_release(
    folder: FunctionFolder,
) -> None:
    with patch.dict(os.environ, template_variables(folder), clear=True):
        module = cold_start(folder)
    assert getattr(module, handler(folder).rpartition(".")[2]) is module.lambda_handler
