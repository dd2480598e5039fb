"""Doubles of AWS clients, which have only the operations that a test calls."""

from typing import Any


def as_client(double: object) -> Any:
    """Return a double for a parameter that the type checker knows as a boto3 client."""
    return double
