"""Check a blob's content by the rules for inline components, so that an answer can show it inline."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

from risk_hub_contracts.base.limits import NUMBER_MAX_ABS, RETURN_MAX_ABS, WEIGHTS_MAX_COUNT
from risk_hub_contracts.base.numbers import number_violations
from risk_hub_contracts.base.problems import Violation
from risk_hub_contracts.blob.types import BlobFormatError, Covariance, Decoded, RealizedReturns, Stress
from risk_hub_contracts.snapshot.request import shape_violations
from risk_hub_contracts.snapshot.rules import RequestContext, rule_violations

_STRESS: Final = "/stress"


def check_header(decoded: Decoded) -> None:
    """Reject a covariance with too many ids, and stress scenarios that break the rules for inline ones.

    Raises:
        BlobFormatError: the content breaks the contract; the message says where.
    """
    if isinstance(decoded, Stress):
        violation = next(stress_violations(decoded.scenarios), None)
        if violation is not None:
            raise BlobFormatError(f"{violation.pointer}: {violation.detail}")
    elif isinstance(decoded, Covariance) and len(decoded.ids) > WEIGHTS_MAX_COUNT:
        raise BlobFormatError(
            f"a covariance must have at most {WEIGHTS_MAX_COUNT} ids, not {len(decoded.ids)}"
        )


def check_numbers(decoded: Decoded) -> None:
    """Reject numbers that are not finite or exceed the contract's magnitude limit.

    Raises:
        BlobFormatError: there is such a number.
    """
    if isinstance(decoded, Stress):
        return
    if isinstance(decoded, Covariance):
        rows, max_abs = [decoded.values], NUMBER_MAX_ABS
    else:
        rows, max_abs = observed_rows(decoded), RETURN_MAX_ABS
    if not all(are_bounded(row, max_abs) for row in rows):
        raise BlobFormatError(f"every number must be finite and at most {max_abs:g} in magnitude")


def observed_rows(returns: RealizedReturns) -> list[Sequence[float]]:
    """Return the series without missing observations.

    Raises:
        BlobFormatError: a series has no observation.
    """
    rows = returns.series()
    return [observed(row) for row in rows] if returns.missing else rows


def observed(row: Sequence[float]) -> Sequence[float]:
    """Return a series without its NaNs.

    Raises:
        BlobFormatError: nothing is left.
    """
    found = [value for value in row if value == value]  # noqa: PLR0124 - NaN
    if not found:
        raise BlobFormatError("a series of returns must have an observation; leave out one without any")
    return found


def are_bounded(row: Sequence[float], max_abs: float = NUMBER_MAX_ABS) -> bool:
    """Return whether all numbers of a row (not empty) are finite and at most `max_abs` in magnitude."""
    # The sum is finite only without NaN and infinities; comparisons with NaN would not find it.
    return isfinite(sum(row)) and min(row) >= -max_abs and max(row) <= max_abs


def stress_violations(scenarios: dict[str, dict[str, Any]]) -> Iterator[Violation]:
    """Yield the violations that these scenarios would have if they were inline."""
    body: dict[str, Any] = {"stress": scenarios}
    violations = [violation for violation in shape_violations(body) if violation.pointer.startswith(_STRESS)]
    if violations:
        yield from violations
        return
    yield from number_violations(body)
    # Only the rules for fields that are present apply: the world, actor and clock are not used.
    yield from rule_violations(body, RequestContext("world", "actor", "stage", datetime.now(UTC), None))
