"""Path values: checks of ids and digests that return the value unchanged."""

from collections.abc import Callable
from typing import Final

from risk_hub_contracts.base.ids import id_violation, sha256_violation
from risk_hub_contracts.base.problems import CONTRACT_VIOLATION, ProblemError, Violation

REMEDY: Final = "Correct the value in the path that `errors` names, then send the request again."

__all__ = ["check_id", "check_sha256"]


def check_id(value: str, pointer: str) -> str:
    """Return a world id or version of the path unchanged.

    Raises:
        ProblemError: contract-violation, with `pointer`, when it is malformed.
    """
    return _check(value, pointer, id_violation)


def check_sha256(value: str, pointer: str = "/sha256") -> str:
    """Return a digest of the path unchanged.

    Raises:
        ProblemError: contract-violation, with `pointer`, when it is malformed.
    """
    return _check(value, pointer, sha256_violation)


def _check(value: str, pointer: str, violation_of: Callable[[str], str | None]) -> str:
    violation = violation_of(value)
    if violation:
        detail = f"{pointer}: {violation}."
        raise ProblemError(CONTRACT_VIOLATION, detail, [Violation(pointer, violation)], remedy=REMEDY)
    return value
