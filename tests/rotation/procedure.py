"""The steps of a rotation as the operating guide gives them, whoever the clients are and whatever a second is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from infra.tokens.issue import GRANTED_SCOPES, TokenOrder, issue, revoke
from infra.tokens.register import TokenRegister
from risk_hub_contracts.limits import TOKEN_CACHE_MAX_AGE_SECONDS

ACTOR = "gateway"
LIFETIME = timedelta(days=1)
# What a command takes to be seen: the cache's age, and a second for clocks that are read at both ends.
SEEN_SECONDS = TOKEN_CACHE_MAX_AGE_SECONDS + 1


class Clients(Protocol):
    """Whoever calls the hub without a pause, all with one token, and keeps count."""

    def use(self, token: str) -> None:
        """Call with this token from now on."""

    def refused(self, token: str) -> bool:
        """Tell whether every function refuses this token."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Who takes part.

    Attributes:
        register: the stage's list of tokens.
        clients: see Clients.
        now: the time that the functions go by.
        pause: lets so many seconds pass, in which the clients go on.
        calm_seconds: for how long the clients call between two steps.
    """

    register: TokenRegister
    clients: Clients
    now: Callable[[], datetime]
    pause: Callable[[float], None]
    calm_seconds: float

    def rotate(self, *, wait_seconds: float = SEEN_SECONDS) -> float:
        """Rotate from one token to the next; return for how many seconds the revoked one was accepted.

        Args:
            wait_seconds: between the new token's creation and its first use; the guide says a minute.
        """
        old = self._issued("old")
        self.pause(SEEN_SECONDS)
        self.clients.use(old)
        self.pause(self.calm_seconds)
        new = self._issued("new")
        self.pause(wait_seconds)
        self.clients.use(new)
        self.pause(self.calm_seconds)
        revoke(self.register, ["old"])
        return self._until_refused(old)

    def _issued(self, name: str) -> str:
        return issue(self.register, TokenOrder(name, GRANTED_SCOPES, [ACTOR], LIFETIME), self.now()).token

    def _until_refused(self, token: str) -> float:
        revoked_at = self.now()
        while not self.clients.refused(token):
            self.pause(1)
            if self.now() - revoked_at > timedelta(seconds=2 * SEEN_SECONDS):
                raise AssertionError("the revoked token is still accepted")
        return (self.now() - revoked_at).total_seconds()
