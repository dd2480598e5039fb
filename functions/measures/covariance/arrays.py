"""The array type of the numpy path, and its conversion to Python floats."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def to_floats(array: Array) -> list[float]:
    """Return a one-dimensional array as Python floats, so that callers do not depend on numpy."""
    values: list[float] = array.tolist()
    return values
