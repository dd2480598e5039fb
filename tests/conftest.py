"""Configuration shared by all tests."""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

from infra.names import BLAS_THREADS

# As deployed; and threads that wait for one another in a loop use five times the CPU when other tests run.
os.environ.setdefault(BLAS_THREADS, "1")

# No deadline: the machine may be busy, and a property's result does not depend on speed.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# Tests that take minutes start first: the many short tests run in parallel, and all workers end at the same
# time.
LONGEST_FIRST = ("local_stage", "infra", "simulator")


def pytest_collectstart() -> None:
    """Collect no garbage during the collection of tests: nearly every new object lives until the end."""
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Move the longest tests to the front, leave the rest in random order; keep each group on one worker."""
    items.sort(key=lambda item: _place(item.path.parent.name))
    if config.getoption("loadgroup", default=False):
        for item in items:
            _put_group_into_id(item)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Collect garbage again."""
    gc.enable()


def _place(folder: str) -> int:
    return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)


def _put_group_into_id(item: pytest.Item) -> None:
    """Let the id of a grouped test end with its group, by which xdist distributes the tests.

    xdist 3.8 writes such an id into a field that pytest 9.2 does not read. Without the group, every worker
    would start its own local stage and synthesize its own templates.
    """
    marker = item.get_closest_marker("xdist_group")
    if marker is not None and not item.nodeid.endswith(ending := f"@{marker.args[0]}"):
        item._id = type(item.id).parse(item.nodeid + ending)  # noqa: SLF001 - the field that pytest 9.2 reads
