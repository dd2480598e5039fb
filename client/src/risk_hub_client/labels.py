"""Asset ids as callers pass them: always text, because row numbers are not ids."""

from collections.abc import Iterable
from operator import index

from risk_hub_client.errors import InvalidSnapshotError
from risk_hub_contracts.base.problems import Violation, summary

__all__ = ["require_text", "text_ids", "violation_error"]


def violation_error(pointer: str, detail: str) -> InvalidSnapshotError:
    """Return the error of one violation."""
    found = (Violation(pointer, detail),)
    return InvalidSnapshotError(summary(found, "The snapshot"), found)


def require_text(value: object, name: str) -> None:
    """Check that an argument is a text.

    Raises:
        InvalidSnapshotError: it is not.
    """
    if not isinstance(value, str):
        raise violation_error(f"/{name}", f"must be a text, not {type(value).__name__}")


def text_ids(labels: Iterable[object], at: str) -> list[str]:
    """Convert labels to ids.

    Args:
        labels: keys, row labels or column labels.
        at: their position in the body.

    Raises:
        InvalidSnapshotError: one is not text, or one appears twice. Whole numbers are refused: pandas numbers the
            rows and columns of a table without labels, and these numbers are not assets.
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
    if isinstance(label, tuple):
        raise violation_error(
            at, f"an id must be text, not {label!a}: select one level of the labels, as in frame['Close']"
        )
    if _is_whole_number(label):
        raise violation_error(
            at,
            f"the id {label} is a number, as in a table without labels: label it with asset ids, as in "
            "Series(numbers, index=ids) or DataFrame(rows, columns=ids); write numeric tickers as text",
        )
    raise violation_error(at, f"an id must be text, not {type(label).__name__}")


def _is_whole_number(label: object) -> bool:
    try:
        return not isinstance(label, bool) and index(label) is not None  # type: ignore[arg-type]
    except TypeError:
        return False
