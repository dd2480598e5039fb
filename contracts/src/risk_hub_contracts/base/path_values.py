"""Path values: checks of ids and digests that return the value unchanged."""

from collections.abc import Callable
from typing import Final

from risk_hub_contracts.base.ids import id_fault, sha256_fault
from risk_hub_contracts.base.problems import CONTRACT_VIOLATION, ProblemError, Violation

REMEDY: Final = "Correct the value in the path that `errors` names, then send the request again."

__all__ = ["check_id", "check_sha256"]


def check_id(value: str, pointer: str) -> str:
    """Return a world id or version of the path unchanged.

    Raises:
        ProblemError: contract-violation, with `pointer`, when its form is bad.
    """
    return _checked(value, pointer, id_fault)


def check_sha256(value: str, pointer: str = "/sha256") -> str:
    """Return a digest of the path unchanged.

    Raises:
        ProblemError: contract-violation, with `pointer`, when it is malformed.
    """
    return _checked(value, pointer, sha256_fault)


def _checked(value: str, pointer: str, fault_of: Callable[[str], str | None]) -> str:
    fault = fault_of(value)
    if fault:
        detail = f"{pointer}: {fault}."
        raise ProblemError(CONTRACT_VIOLATION, detail, [Violation(pointer, fault)], remedy=REMEDY)
    return value
