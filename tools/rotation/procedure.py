"""The steps of a rotation as in the operating guide, independent of clients and of the clock's speed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from infra.tokens.issue import SCOPES_OF_RELEASE_1_0, TokenRequest, issue, revoke
from infra.tokens.register import TokenRegister
from risk_hub_contracts.base.limits import TOKEN_CACHE_MAX_AGE_SECONDS

ACTOR = "gateway"
LIFETIME = timedelta(days=1)
# Time until a command's change is visible: the cache's age, and one second for clocks read at both ends.
PROPAGATION_SECONDS = TOKEN_CACHE_MAX_AGE_SECONDS + 1


class Clients(Protocol):
    """Clients that call the hub continuously with one token and count the answers."""

    def use(self, token: str) -> None:
        """Use this token for the following calls."""

    def is_rejected(self, token: str) -> bool:
        """Return whether every function refuses this token."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The participants of a rehearsal.

    Attributes:
        register: the stage's list of tokens.
        clients: see Clients.
        now: the functions' current time.
        pause: waits for a number of seconds while the clients continue.
        calm_seconds: how long the clients call between two steps.
    """

    register: TokenRegister
    clients: Clients
    now: Callable[[], datetime]
    pause: Callable[[float], None]
    calm_seconds: float

    def rotate(self, *, wait_seconds: float = PROPAGATION_SECONDS) -> float:
        """Rotate from one token to the next; return how many seconds the revoked token was still accepted.

        Args:
            wait_seconds: between the new token's creation and its first use; the guide says a minute.
        """
        old = self._issue("old")
        self.pause(PROPAGATION_SECONDS)
        self.clients.use(old)
        self.pause(self.calm_seconds)
        new = self._issue("new")
        self.pause(wait_seconds)
        self.clients.use(new)
        self.pause(self.calm_seconds)
        revoke(self.register, ["old"])
        return self._until_refused(old)

    def _issue(self, name: str) -> str:
        request = TokenRequest(name, SCOPES_OF_RELEASE_1_0, [ACTOR], LIFETIME)
        return issue(self.register, request, self.now()).token

    def _until_refused(self, token: str) -> float:
        revoked_at = self.now()
        while not self.clients.is_rejected(token):
            self.pause(1)
            if self.now() - revoked_at > timedelta(seconds=2 * PROPAGATION_SECONDS):
                raise AssertionError("the revoked token is still accepted")
        return (self.now() - revoked_at).total_seconds()
