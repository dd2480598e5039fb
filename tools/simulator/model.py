"""Simple, independent model of the hub's expected answers; it shares no code with the code under test."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor, sqrt
from typing import Any, Literal

Order = tuple[datetime, datetime, str]
Kind = Literal["first", "version", "page"]
Slot = tuple[str, str, str, str]
TAIL_SHARE = 0.05
NORMAL_QUANTILE_99 = 2.3263478740408408
# The exit policy of every simulated world.
COOL_DOWN_SECONDS = 3_600
VALUE_AT_RISK_99_LIMIT = 0.03
STRESS_LOSS_LIMIT = 0.1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Content:
    """The meaning of a producer's snapshot, regardless of its written form.

    Attributes:
        weights: shares of the assets A and B.
        covariance: variance of A, covariance, variance of B; or None.
        returns: the portfolio's own past returns; or None.
        shocks: of A and B in the one stress scenario; or None.
    """

    world_id: str
    version: str
    as_of: datetime
    weights: tuple[float, float]
    ttl_sec: int
    stage: str
    actor: str
    covariance: tuple[float, float, float] | None
    returns: tuple[float, ...] | None
    shocks: tuple[float, float] | None = None

    def volatility(self) -> float | None:
        if self.covariance is None:
            return None
        (a, b), (aa, ab, bb) = self.weights, self.covariance
        return sqrt(a * a * aa + 2 * a * b * ab + b * b * bb)

    def value_at_risk(self) -> float | None:
        """Return the loss that 5 % of the past periods exceeded, interpolated; None without returns."""
        if self.returns is None:
            return None
        ordered = sorted(self.returns)
        place = TAIL_SHARE * (len(ordered) - 1)
        low = floor(place)
        return -(ordered[low] + (ordered[low + 1] - ordered[low]) * (place - low))

    def stress_loss(self) -> float | None:
        if self.shocks is None:
            return None
        return -(self.weights[0] * self.shocks[0] + self.weights[1] * self.shocks[1])

    def breaks_risk_limit(self) -> bool:
        volatility = self.volatility()
        return volatility is not None and NORMAL_QUANTILE_99 * volatility > VALUE_AT_RISK_99_LIMIT

    def breaks_stress_limit(self) -> bool:
        loss = self.stress_loss()
        return loss is not None and loss > STRESS_LOSS_LIMIT


@dataclass(frozen=True)
class Commit:
    """Content that the hub accepted.

    Attributes:
        created_at: the clock of the process that accepted it.
        stored: the row as first written, as text.
    """

    content: Content
    created_at: datetime
    content_hash: str
    stored: str

    @property
    def key(self) -> tuple[str, str]:
        return self.content.world_id, self.content.version

    @property
    def order(self) -> Order:
        return self.content.as_of, self.created_at, self.content.version

    @property
    def expires_at(self) -> datetime:
        return self.created_at + timedelta(seconds=self.content.ttl_sec)

    def slot(self, kind: str) -> Slot:
        """Return the place of an exit signal: world, stage, kind of limit, cool-down window."""
        length = timedelta(seconds=COOL_DOWN_SECONDS)
        window = EPOCH + (self.content.as_of - EPOCH) // length * length
        return self.content.world_id, self.content.stage, kind, as_text(window)

    def shown(self, at: datetime) -> dict[str, Any]:
        """Return what a reader must be shown of it at an instant."""
        content = self.content
        return {
            "world_id": content.world_id,
            "version": content.version,
            "as_of_utc": as_text(content.as_of),
            "created_at": as_text(self.created_at),
            "expires_at": as_text(self.expires_at),
            "expired": self.expires_at <= at,
            "ttl_sec": content.ttl_sec,
            "content_hash": self.content_hash,
            "weights": {"A": content.weights[0], "B": content.weights[1]},
            "provenance": {"actor": content.actor, "stage": content.stage},
        }


def as_text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class ReadQuery:
    """A reader's query; `first` represents latest and lookup by as_of."""

    world_id: str
    kind: Kind
    stage: str | None = None
    actor: str | None = None
    known_at: datetime | None = None
    include_expired: bool = False
    version: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    ascending: bool = False
    limit: int = 1

    def matches(self, commit: Commit, at: datetime) -> bool:
        content = commit.content
        return (
            content.world_id == self.world_id
            and self.stage in {None, content.stage}
            and self.actor in {None, content.actor}
            and self.version in {None, content.version}
            and (self.known_at is None or commit.created_at <= self.known_at)
            and (self.include_expired or at < commit.expires_at)
            and (self.since is None or self.since <= content.as_of)
            and (self.until is None or content.as_of <= self.until)
        )

    def answer(self, commits: Sequence[Commit], at: datetime, after: Order | None) -> list[Commit]:
        """Return all results after the position `after`, in order, without a limit."""
        found = [commit for commit in commits if self.matches(commit, at)]
        found.sort(key=lambda commit: commit.order, reverse=not self.ascending)
        if after is not None:
            found = [c for c in found if (c.order > after if self.ascending else c.order < after)]
        return found
