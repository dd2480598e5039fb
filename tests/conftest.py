"""What all tests share."""

import os

import pytest
from hypothesis import HealthCheck, settings

from infra.names import BLAS_THREADS

# As deployed; and threads that wait for one another in a loop take five times the processor beside other tests.
os.environ.setdefault(BLAS_THREADS, "1")

# The machine may be busy: what a property says does not depend on how fast it is said.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# What takes minutes in one piece begins first: the many short tests fill in beside it, and the workers end together.
LONGEST_FIRST = ("local_stage", "infra", "simulator")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the order random but for that."""
    items.sort(key=lambda item: _place(item.path.parent.name))


def _place(folder: str) -> int:
    return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)
