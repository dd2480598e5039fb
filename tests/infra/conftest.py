"""Every stage is synthesized once, and every bundle built once, for all tests of this folder."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.infra.assembly import Assembly, synthesize

HERE = Path(__file__).parent
BUNDLE_TESTS = "test_bundle"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what shares a slow fixture on one xdist worker."""
    for item in items:
        if HERE in item.path.parents:
            group = "infra_bundles" if item.path.name.startswith(BUNDLE_TESTS) else "infra_templates"
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Assembly]:
    @cache
    def of(stage: str) -> Assembly:
        return synthesize(stage, tmp_path_factory.mktemp(stage))

    return of


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
