"""Page through a world's history, oldest first, and have each page announced again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from infra.ops.operate.rate_limiter import RateLimiter
from infra.recovery.relay import Relay

PAGE_MAX_SNAPSHOTS: Final = 100


@dataclass(frozen=True, slots=True)
class Period:
    """The period to announce again: instants of `as_of`, both inclusive, as RFC 3339 text.

    With `evaluate`, only snapshots without a report, present or expected, and only of `stage` if it is given.
    """

    world_id: str
    start: str
    end: str
    cursor: str | None = None
    dry_run: bool = False
    stage: str | None = None
    evaluate: bool = False

    def request(self, limit: int) -> dict[str, Any]:
        """Return the relay's request for the next page."""
        fields = {"world_id": self.world_id, "from": self.start, "to": self.end, "limit": limit}
        evaluation = {"evaluate": True, "stage": self.stage} if self.evaluate else {}
        return {**fields, "cursor": self.cursor, "dry_run": self.dry_run, **evaluation}


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress so far; `cursor` continues, and is None after the last page."""

    found: int = 0
    announced: int = 0
    expired: int = 0
    reached: str | None = None
    cursor: str | None = None
    evaluated: int = 0
    awaited: int = 0

    def plus(self, page: dict[str, Any]) -> "Progress":
        """Return the progress after one more page."""
        return Progress(
            self.found + page["found"],
            self.announced + page["announced"],
            self.expired + page["expired"],
            page["reached"] or self.reached,
            page["next_cursor"],
            # A relay of release 1.0.0 does not return these counts.
            self.evaluated + page.get("evaluated", 0),
            self.awaited + page.get("awaited", 0),
        )


def replay(relay: Relay, period: Period, rate_limiter: RateLimiter) -> Iterator[Progress]:
    """Yield the progress after each page; the last value says where to resume.

    Raises:
        OperateError: the relay failed on a page.
    """
    progress = Progress()
    limit = PAGE_MAX_SNAPSHOTS if period.dry_run else rate_limiter.batch_size(PAGE_MAX_SNAPSHOTS)
    while True:
        page = relay.replay(period.request(limit))
        progress = progress.plus(page)
        yield progress
        if progress.cursor is None:
            return
        rate_limiter.throttle(page["announced"])
        period = replace(period, cursor=progress.cursor)
