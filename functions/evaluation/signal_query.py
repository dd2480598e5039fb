"""Exit signals in the order of their emission: the index key, its bounds, and one page."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.hub.domain.ordering import (
    AFTER_ALL,
    BEFORE_ALL,
    INSTANT,
    SEPARATOR,
    just_after,
    just_before,
    last_key_at,
)
from risk_hub_contracts.base.times import format_instant

DIGEST_CHARS = 16
SIGNAL_ORDER = re.compile(rf"{INSTANT}\|[0-9a-f]{{{DIGEST_CHARS}}}")
"""The form of every key of `signal_order`."""


def signal_order(emitted_at: str, evaluation_id: str) -> str:
    """Return the key that orders a world's signals by emission.

    The key ends with a digest that distinguishes signals of one instant: the signal's own key can already
    have the maximum length.
    """
    digest = hashlib.sha256(evaluation_id.encode()).hexdigest()[:DIGEST_CHARS]
    return SEPARATOR.join((emitted_at, digest))


@dataclass(frozen=True, slots=True)
class SignalQuery:
    """A query for one world's exit signals.

    Attributes:
        stage: only signals of this stage.
        emitted_from: lower bound of `emitted_at`, inclusive.
        emitted_to: upper bound of `emitted_at`, inclusive.
        after: the order key of the last signal already seen, exclusive.
        limit: the largest number of signals to return.
    """

    world_id: str
    stage: str | None = None
    emitted_from: datetime | None = None
    emitted_to: datetime | None = None
    newest_first: bool = True
    after: str | None = None
    limit: int = 1

    def bounds(self) -> tuple[str, str]:
        """Return the least and the greatest order key that can match, both inclusive."""
        lower = BEFORE_ALL if self.emitted_from is None else format_instant(self.emitted_from)
        upper = AFTER_ALL if self.emitted_to is None else last_key_at(self.emitted_to)
        if self.after is None:
            return lower, upper
        if self.newest_first:
            return lower, min(upper, just_before(self.after))
        return max(lower, just_after(self.after)), upper


@dataclass(frozen=True, slots=True)
class SignalPage:
    """One page of signals as JSON documents; `last` is the order key to continue after, if there is more."""

    signals: Sequence[Mapping[str, Any]]
    last: str | None
