"""Startup of every function."""

import gc

import functions


def test_a_start_is_not_searched_for_garbage() -> None:
    assert gc.get_threshold()[0] == functions.COLLECT_AFTER_ALLOCATIONS
