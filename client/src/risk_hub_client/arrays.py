"""NumPy arrays that a caller passes.

This module does not import NumPy: a caller who passes an array has loaded it, and the array names its
library.
"""

import sys
from typing import Any, Final

from risk_hub_client.labels import violation_error

__all__ = ["MASKED", "Array", "array_namespace", "is_array", "is_masked", "to_plain_array"]

Array = Any
MASKED: Final = "a masked array has no value for some entries: replace them with .filled(...)"


def is_array(value: object) -> bool:
    """Return whether the value is a NumPy array."""
    return hasattr(value, "__array_interface__") and hasattr(value, "ndim")


def is_masked(value: object) -> bool:
    """Return whether the value is a masked NumPy array, or its entry without a value (`numpy.ma.masked`)."""
    return is_array(value) and hasattr(value, "mask")


def array_namespace(values: Array) -> Any:  # noqa: ANN401 - a module
    """Return the array's library: as named by NumPy 2, otherwise the NumPy 1 that the caller imported."""
    return values.__array_namespace__() if hasattr(values, "__array_namespace__") else sys.modules["numpy"]


def to_plain_array(values: Array, at: str) -> Array:
    """Convert an instance of an array subclass (`numpy.matrix`) to a plain array.

    Args:
        values: an array.
        at: its position in the body.

    Raises:
        InvalidSnapshotError: the array is masked; its masked values would be sent.
    """
    if is_masked(values):
        raise violation_error(at, MASKED)
    return values.__array__() if hasattr(values, "__array__") else values
