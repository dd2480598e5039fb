"""Error of creating or revoking a token."""


class TokenError(Exception):
    """A sentence for the operator: what is wrong, and what to do. It never holds a token."""
