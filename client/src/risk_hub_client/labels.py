"""Ids as callers pass them: text, or the whole numbers that label a table of numeric tickers."""

from collections.abc import Iterable
from operator import index

from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_contracts.base.problems import Violation, summary

__all__ = ["text_ids", "violation_error"]


def violation_error(pointer: str, detail: str) -> InvalidSnapshotError:
    """Return the error of one violation."""
    found = (Violation(pointer, detail),)
    return InvalidSnapshotError(summary(found, "The snapshot"), found)


def text_ids(labels: Iterable[object], at: str) -> list[str]:
    """Convert labels to ids.

    Args:
        labels: keys, row labels or column labels.
        at: their position in the body.

    Raises:
        InvalidSnapshotError: one is neither text nor a whole number, or two give the same text.
    """
    if isinstance(labels, str) or not hasattr(labels, "__iter__"):
        raise violation_error(at, "needs a list of ids")
    ids: dict[str, None] = {}
    for label in labels:
        text = _text(label, at)
        if text in ids:
            raise violation_error(at, f"the id {text!a} appears more than once")
        ids[text] = None
    return list(ids)


def _text(label: object, at: str) -> str:
    if isinstance(label, str):
        return str(label)
    try:
        if not isinstance(label, bool):
            return str(index(label))  # type: ignore[arg-type]
    except TypeError:
        pass
    raise violation_error(at, f"an id must be text or a whole number, not {type(label).__name__}")
