"""Time until the next token ends without a successor."""

from collections.abc import Sequence
from datetime import datetime

from risk_hub_contracts.base.tokens import ANY_ACTOR, Token


def seconds_to_next_expiry(tokens: Sequence[Token], now: datetime) -> float | None:
    """Return the seconds until the first live token without a successor ends; None without such a token.

    A token without an end never ends. An ended token does not count: its callers are refused already. A token
    has a successor if another live token that ends later, or never, has all of its scopes, may write as all of
    its actors, and has its subject if it names one.
    """
    live = [token for token in tokens if token.is_live(now)]
    ends = [
        token.not_after
        for token in live
        if token.not_after is not None and not any(_succeeds(other, token) for other in live)
    ]
    return min(((end - now).total_seconds() for end in ends), default=None)


def _succeeds(other: Token, token: Token) -> bool:
    """Return whether the callers of `token` can use `other` after `token` ends."""
    ends_later = token.not_after is not None and (
        other.not_after is None or token.not_after < other.not_after
    )
    has_its_subject = token.subject in (None, other.subject)
    may_write_as_all = ANY_ACTOR in other.actors or set(token.actors) <= set(other.actors)
    return ends_later and has_its_subject and may_write_as_all and set(token.scopes) <= set(other.scopes)
