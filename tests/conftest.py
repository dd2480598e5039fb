"""Configuration shared by all tests."""

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the longest tests to the front; leave the rest in random order."""
    items.sort(key=lambda item: _place(item.path.parent.name))


def _place(folder: str) -> int:
    return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)
