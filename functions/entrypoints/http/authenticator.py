"""Authentication before the body is read: the token must be live and in scope."""

from dataclasses import dataclass

from functions.entrypoints.http.request import Request
from functions.hub.domain.authorization import authenticate, require_actor, require_scope
from functions.hub.ports import Clock, TokenStore
from risk_hub_contracts.base.tokens import Scope, Token


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Check a request's bearer token against the live tokens: 401, then 403."""

    tokens: TokenStore
    clock: Clock

    def require_token(self, request: Request, scope: Scope | None) -> Token:
        """Return the request's token if it is live and has the scope; scope None accepts any live token.

        A use case that records who made a request stores the token's `holder`.
        """
        token = authenticate(request.bearer_token(), self.tokens.tokens(), self.clock())
        request.log_fields["token"] = token.id
        if token.subject is not None:
            request.log_fields["token_subject"] = token.subject
        if scope is not None:
            require_scope(token, scope)
        return token

    def require_producer_token(self, request: Request) -> Token:
        """Return the request's token if it permits writing and permits the request's actor."""
        token = self.require_token(request, "snapshots:write")
        require_actor(token, request.header("X-Actor"))
        return token
