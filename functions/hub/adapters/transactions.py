"""Transactions of DynamoDB: the reasons for which one was canceled."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.hub.adapters.aws import error_code
from functions.hub.ports import Dependency, DependencyUnavailableError

CANCELED: Final = "TransactionCanceledException"
NO_REASON: Final = "None"
CONDITION: Final = "ConditionalCheckFailed"
CONFLICT: Final = "TransactionConflict"
Reasons = Sequence[Mapping[str, Any]]


def canceled_reasons(error: ClientError) -> Reasons:
    """Return one reason for each action of a canceled transaction; raise any other error again."""
    if error_code(error) != CANCELED:
        raise error
    reasons: Reasons = error.response.get("CancellationReasons", [])
    return reasons


def require_refusal(store: Dependency, reasons: Reasons) -> list[str]:
    """Return the code of each action of a transaction that a condition or another transaction refused.

    Raises:
        DependencyUnavailableError: the transaction was canceled for another reason.
    """
    codes = [reason.get("Code", NO_REASON) for reason in reasons]
    other = [code for code in codes if code not in {NO_REASON, CONDITION, CONFLICT}]
    if other or not codes:
        raise DependencyUnavailableError(store, f"the transaction was canceled: {', '.join(other)}")
    return codes
