"""The array type of the numpy path, and its conversion to Python floats."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def to_floats(array: Array) -> list[float]:
    """Return a one-dimensional array as Python floats, so that callers do not depend on numpy."""
    values: list[float] = array.tolist()
    return values


def largest(array: Array) -> float:
    """Return the largest magnitude; 0 for an empty array."""
    return float(np.max(np.abs(array))) if array.size else 0.0
