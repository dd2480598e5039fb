"""State that a client keeps between requests: the served contract, the hub's clock, answers by ETag."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from risk_hub_client.results import HubContract
from risk_hub_client.wire import Answer, Call

__all__ = ["ClientCache"]

CONTRACT_MAX_AGE_SECONDS: Final = 3_600.0
# Date has no fractions, and an answer takes time to arrive: smaller differences do not count as skew.
SKEW_MIN: Final = timedelta(seconds=3)
ETAGS_MAX_COUNT: Final = 256
Key = tuple[str, tuple[tuple[str, str], ...]]


class ClientCache:
    """The cache of one client; a race between two threads costs at most one extra request."""

    def __init__(
        self,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock, self._monotonic = clock, monotonic
        self._skew = timedelta(0)
        self._contract: HubContract | None = None
        self._contract_until_seconds = 0.0
        self._answers: dict[Key, Answer] = {}

    def now(self) -> datetime:
        """Return the hub's clock as derived from its answers, otherwise this machine's (UTC)."""
        return self._clock() + self._skew

    def update_clock_skew(self, answer: Answer) -> None:
        """Estimate this machine's clock error from an answer of the hub."""
        if answer.date is not None:
            skew = answer.date - self._clock()
            self._skew = skew if abs(skew) > SKEW_MIN else timedelta(0)

    @property
    def contract(self) -> HubContract | None:
        """The served contract, if it is known and fresh."""
        return self._contract if self._monotonic() < self._contract_until_seconds else None

    def store_contract(self, contract: HubContract) -> None:
        """Keep the served contract for one hour."""
        self._contract = contract
        self._contract_until_seconds = self._monotonic() + CONTRACT_MAX_AGE_SECONDS

    def etag(self, call: Call) -> str | None:
        """Return the ETag of the last answer to this call."""
        cached = self._answers.get(_key(call))
        return None if cached is None else cached.headers["etag"]

    def cached_document(self, call: Call) -> dict[str, Any]:
        """Return the last answer to this call, still current by its ETag; parsed again for each caller."""
        document: dict[str, Any] = self._answers[_key(call)].document()
        return document

    def store_answer(self, call: Call, answer: Answer) -> None:
        """Keep an answer by its ETag; the oldest one is evicted."""
        if "etag" in answer.headers:
            self._answers.pop(_key(call), None)
            self._answers[_key(call)] = answer
            while len(self._answers) > ETAGS_MAX_COUNT:
                self._answers.pop(next(iter(self._answers)))


def _key(call: Call) -> Key:
    return call.url, tuple(sorted(call.query().items()))
