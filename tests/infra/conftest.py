"""Every stage is synthesized once, and every bundle built once, for all tests of this folder.

With `RISK_HUB_ASSEMBLY=folder` the tests read that one assembly instead, without changes: the tested assembly
is the deployed one. Tests of other stages, and those that read no assembly, are left out.
"""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from infra.ops.deploy.assembly import TESTED_ASSEMBLY_VARIABLE, read
from tests.infra.assembly import Assembly, synthesize

HERE = Path(__file__).parent
BUNDLE_TESTS = "test_bundle"
STAGE_FIXTURES = {"local": "local", "prod": "prod"}
GIVEN = os.environ.get(TESTED_ASSEMBLY_VARIABLE)
# Five seconds a stage: `make security` covers it, so the suite leaves it out; a deployment does not.
collect_ignore = [] if GIVEN else ["test_cfn_lint.py"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep tests with a shared slow fixture on one xdist worker; with a given assembly, keep only the tests
    that read it.
    """
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group(group_of(item.path.name)))
    if GIVEN:
        stage = given_stage()
        left_out = [item for item in items if not reads(item, stage)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def group_of(file: str) -> str:
    """Return the group of a file's tests, which share their slow fixtures; that of the bundles is also in
    bench/.
    """
    if file.startswith(BUNDLE_TESTS):
        return "bundles"
    return "infra_copy" if file == "test_extending.py" else "infra_templates"


def given_stage() -> str:
    """Return the stage of the one assembly of this run."""
    return read(Path(str(GIVEN))).stage


def reads(item: pytest.Item, stage: str) -> bool:
    """Return whether the test reads only the assembly of this stage."""
    names = set(getattr(item, "fixturenames", ()))
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    requested = {fixture for fixture in STAGE_FIXTURES if fixture in names}
    requested |= {str(value) for name, value in parameters.items() if name.endswith("stage")}
    return "assembly" in names and requested <= {stage}


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Assembly]:
    @cache
    def of(stage: str) -> Assembly:
        return synthesize(stage, tmp_path_factory.mktemp(stage))

    return given_assembly if GIVEN else of


def given_assembly(stage: str) -> Assembly:
    """Return the one assembly of this run."""
    record = read(Path(str(GIVEN)))
    if record.stage != stage:
        pytest.skip(f"this run tests an assembly of {record.stage}")
    return Assembly(record.stage, Path(str(GIVEN)), record.given)


@pytest.fixture
def local(assembly: Callable[[str], Assembly]) -> Assembly:
    return assembly("local")


@pytest.fixture
def prod(assembly: Callable[[str], Assembly]) -> Assembly:
    return assembly("prod")


@pytest.fixture(params=["local", "dev", "staging", "prod"])
def any_stage(request: pytest.FixtureRequest, assembly: Callable[[str], Assembly]) -> Assembly:
    return assembly(request.param)


@pytest.fixture(params=["dev", "staging", "prod"])
def cloud_stage(request: pytest.FixtureRequest, assembly: Callable[[str], Assembly]) -> Assembly:
    return assembly(request.param)
