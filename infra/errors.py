"""Errors of commands: the text says what is wrong, where, and what to do, and is never printed as a traceback.

Commands that call AWS for an operator have their own, with AWS's reasons, in `infra.recovery.errors`.
"""


class BundleError(RuntimeError):
    """A bundle cannot be built."""


class DeployError(Exception):
    """A deployment cannot be made."""


class EnvironmentSpecError(ValueError):
    """A stage was named or configured in a way that cannot be deployed; the text says what to give."""


class LocalStageError(Exception):
    """The local stage cannot do what was asked."""


class TokenError(Exception):
    """A token cannot be created or revoked; the text never contains a token."""
