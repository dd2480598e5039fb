"""Bearer tokens in the secret store, as digests only."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from risk_hub_contracts.base.ids import (
    ACTOR_PATTERN,
    ID_PATTERN,
    SHA256_PATTERN,
    actor_violation,
    has_visible_character,
)
from risk_hub_contracts.base.limits import TOKENS_MAX_COUNT
from risk_hub_contracts.base.times import parse_instant

Scope = Literal[
    "snapshots:write",
    "snapshots:read",
    "worlds:write",
    "evaluations:read",
    "evaluations:write",
    "policies:write",
    "governance:approve",
]
# Actions with these scopes are recorded under the token's subject, so such a token must have one.
ATTRIBUTED_SCOPES: Final[frozenset[Scope]] = frozenset(
    {"evaluations:write", "policies:write", "governance:approve"}
)
ANY_ACTOR = "*"


def _instant(value: object) -> object:
    return parse_instant(value) if isinstance(value, str) else value


def _actor(value: str) -> str:
    violation = actor_violation(value)
    if violation:
        raise ValueError(violation)
    return value


def _visible(value: str) -> str:
    if not has_visible_character(value):
        raise ValueError("must have at least one visible character")
    return value


Actor = Annotated[str, AfterValidator(_actor), Field(json_schema_extra={"pattern": ACTOR_PATTERN})]


class Token(BaseModel):
    """One live token: its scopes, actors, expiry (None: valid until removed) and subject.

    `actors` say on whose behalf the token writes snapshots. `subject` is the person or service that holds the token;
    several tokens can have the same one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[str, Field(min_length=1), AfterValidator(_visible)]
    sha256: Annotated[str, Field(pattern=SHA256_PATTERN)]
    scopes: Annotated[list[Scope], Field(min_length=1)]
    actors: Annotated[list[Actor], Field(min_length=1)]
    not_after: Annotated[datetime | None, BeforeValidator(_instant)] = None
    subject: Annotated[str, Field(pattern=ID_PATTERN)] | None = None

    @property
    def holder(self) -> str:
        """Return the subject; for a token without one, its id."""
        return self.id if self.subject is None else self.subject

    def is_live(self, now: datetime) -> bool:
        """Return whether the token has not expired at `now`; its last instant is valid."""
        return self.not_after is None or now <= self.not_after

    def allows_actor(self, actor: str) -> bool:
        """Return whether the token may write as `actor`."""
        return ANY_ACTOR in self.actors or actor in self.actors


class TokenList(BaseModel):
    """The secret: every live token, several at once, so that one rotates without downtime."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    tokens: Annotated[list[Token], Field(max_length=TOKENS_MAX_COUNT)]
