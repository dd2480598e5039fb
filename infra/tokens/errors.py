"""Why a token could not be made or revoked."""


class TokenError(Exception):
    """A sentence for the operator: what is wrong, and what to do. It never holds a token."""
