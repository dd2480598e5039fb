"""In-memory bus, failure queue and token store."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

from events.envelope import CloudEvent
from risk_hub_contracts.base.tokens import Scope, Token


class MemoryBus:
    """Record accepted events; refuse or fail as often as configured."""

    def __init__(self) -> None:
        self.taken: list[CloudEvent] = []
        self.refusals = 0

    def publish(self, events: Sequence[CloudEvent]) -> Sequence[CloudEvent]:
        refused = list(events)[: self.refusals]
        self.refusals = max(0, self.refusals - len(refused))
        self.taken += list(events)[len(refused) :]
        return refused


class MemoryFailures:
    def __init__(self) -> None:
        self.isolated: list[tuple[dict[str, Any], str]] = []

    def isolate(self, record: dict[str, Any], reason: str) -> None:
        self.isolated.append((record, reason))


ALL_SCOPES: tuple[Scope, ...] = (
    *("snapshots:write", "snapshots:read", "worlds:write"),
    *("evaluations:read", "evaluations:write", "policies:write", "governance:approve"),
)


class MemoryTokens:
    def __init__(self) -> None:
        self.live: list[Token] = []

    def tokens(self) -> Sequence[Token]:
        return self.live

    def issue(
        self,
        scopes: Sequence[Scope] = ALL_SCOPES,
        actors: Sequence[str] = ("*",),
        subject: str | None = "tester",
    ) -> str:
        secret = secrets.token_urlsafe(24)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        token = Token(
            id=f"t{len(self.live)}",
            sha256=digest,
            scopes=list(scopes),
            actors=list(actors),
            not_after=None,
            subject=subject,
        )
        self.live.append(token)
        return secret
