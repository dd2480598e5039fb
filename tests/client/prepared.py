"""Snapshots prepared without a hub: the content hash of each input form."""

from datetime import UTC, datetime
from typing import Any, Final

from risk_hub_client.prepare import Prepared, Producer, prepare

NOW: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
BOOK: Final[dict[str, Any]] = {
    "version": "v",
    "as_of": datetime(2026, 1, 5, 11, 59, tzinfo=UTC),
    "weights": {"C": 0.2, "A": 0.5, "B": 0.3},
}
INLINE_MAX_ENTRIES: Final = 100


def prepared(**fields: Any) -> Prepared:
    """Return the snapshot that would be sent."""
    return prepare(
        "w1", BOOK | fields, Producer("gateway", "paper"), now=NOW, inline_max_entries=INLINE_MAX_ENTRIES
    )


def content_hash(**fields: Any) -> str:
    """Return the content hash of the snapshot that would be sent."""
    return prepared(**fields).snapshot.content_hash
