"""Startup of every function."""

import gc

import functions


def test_functions_package_raises_the_gc_threshold() -> None:
    assert gc.get_threshold()[0] == functions.COLLECT_AFTER_ALLOCATIONS
