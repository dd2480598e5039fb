"""TokenStore on Secrets Manager: at most a minute old, and the last good list while the secret store is down.

A process without a list waits for one: many new processes read the secret in the same second, and Secrets
Manager throttles them. The process retries after random pauses for READ_BUDGET_SECONDS, then answers 503.
"""

import random
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import orjson
from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.hub.adapters.aws import dependency
from functions.hub.domain.releases import UNKNOWN_MEMBERS
from functions.hub.ports import Clock, Dependency, DependencyUnavailableError
from risk_hub_contracts.base.limits import TOKEN_CACHE_MAX_AGE_SECONDS
from risk_hub_contracts.base.tokens import Token

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT = "AWSCURRENT"
STORE = Dependency.TOKEN_STORE
# A function has 14 s; the rest is enough for two attempts at its own store.
READ_BUDGET_SECONDS = 6.0
# The client's connect and read time-out: an attempt that may end after the budget is not begun.
ATTEMPT_MAX_SECONDS = 3.0
# Errors that a second attempt does not change: a refused call, and an unreadable secret.
PERMANENT_ERRORS = (ClientError, ValueError, KeyError)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 1.0
FRESH_FROM, FRESH_UNTIL = timedelta(), timedelta(seconds=TOKEN_CACHE_MAX_AGE_SECONDS)


class SecretTokens:
    """The secret that lists the digests of the live tokens."""

    def __init__(self, secretsmanager: "SecretsManagerClient", secret_arn: str, clock: Clock) -> None:
        """Read the secret named `secret_arn` through the given client, on first use."""
        self._secretsmanager = secretsmanager
        self._secret_arn = secret_arn
        self._clock = clock
        self._refreshed_at: datetime | None = None
        self._last_good: Sequence[Token] | None = None

    def tokens(self) -> Sequence[Token]:
        """See TokenStore."""
        now = self._clock()
        if self._last_good is None or self._refreshed_at is None or not _is_fresh(now - self._refreshed_at):
            self._last_good = (
                self._read_with_retries() if self._last_good is None else self._refresh(self._last_good)
            )
            self._refreshed_at = now
        return self._last_good

    def _refresh(self, last_good: Sequence[Token]) -> Sequence[Token]:
        """Read once; after a failure the last good list stays in force for another minute."""
        try:
            return self._read()
        except (DependencyUnavailableError, *PERMANENT_ERRORS):
            return last_good

    def _read_with_retries(self) -> Sequence[Token]:
        """Read until a list arrives, a failure is permanent, or the budget is used."""
        begun, longest_pause = time.monotonic(), FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._read()
            except PERMANENT_ERRORS as error:
                raise DependencyUnavailableError(STORE, type(error).__name__) from error
            except DependencyUnavailableError:
                pause = random.uniform(0, longest_pause)  # noqa: S311 - spreads processes, protects no secret
                if time.monotonic() - begun + pause + ATTEMPT_MAX_SECONDS > READ_BUDGET_SECONDS:
                    raise
            time.sleep(pause)
            longest_pause = min(2 * longest_pause, LONGEST_PAUSE_SECONDS)

    def _read(self) -> Sequence[Token]:
        with dependency(STORE):
            secret = self._secretsmanager.get_secret_value(SecretId=self._secret_arn, VersionStage=CURRENT)
        return _parse_tokens(secret["SecretString"])


def _is_fresh(age: timedelta) -> bool:
    """Return whether a list is young enough; a time of reading in the future means the clock was set back."""
    return FRESH_FROM <= age < FRESH_UNTIL


def _parse_tokens(text: str) -> Sequence[Token]:
    """Return the readable tokens of the list; an unreadable entry grants nothing and affects no other.

    Raises:
        ValueError: the list is missing or has no readable entry. The text contains no part of the secret.
    """
    document = orjson.loads(text)
    entries = document.get("tokens") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("the secret does not contain a list of tokens")  # noqa: TRY004 - what it holds is a value
    tokens = [token for token in map(_parse_token, entries) if token is not None]
    if entries and not tokens:
        raise ValueError("the list of tokens has no readable entry")
    return tokens


def _parse_token(entry: object) -> Token | None:
    try:
        return Token.model_validate(entry, extra=UNKNOWN_MEMBERS)
    except ValidationError:
        return None
