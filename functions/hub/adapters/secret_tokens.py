"""TokenStore on Secrets Manager: at most a minute old, and the last good list while the secret store is down."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from functions.hub.domain.releases import UNKNOWN_MEMBERS
from functions.hub.ports import Clock, UnavailableError
from risk_hub_contracts.limits import TOKEN_CACHE_MAX_AGE_SECONDS
from risk_hub_contracts.tokens import Token

CURRENT = "AWSCURRENT"
FRESH_FROM, FRESH_UNTIL = timedelta(), timedelta(seconds=TOKEN_CACHE_MAX_AGE_SECONDS)


class SecretTokens:
    """The secret that lists the digests of the live tokens."""

    def __init__(self, secretsmanager: Any, secret_arn: str, clock: Clock) -> None:  # noqa: ANN401
        """Read the secret named `secret_arn` through the given client, when first asked."""
        self._secretsmanager = secretsmanager
        self._secret_arn = secret_arn
        self._clock = clock
        self._asked_at: datetime | None = None
        self._last_good: Sequence[Token] | None = None

    def tokens(self) -> Sequence[Token]:
        """See TokenStore."""
        now = self._clock()
        if self._last_good is None or self._asked_at is None or not _is_fresh(now - self._asked_at):
            self._last_good = self._read()
            self._asked_at = now
        return self._last_good

    def _read(self) -> Sequence[Token]:
        try:
            secret = self._secretsmanager.get_secret_value(SecretId=self._secret_arn, VersionStage=CURRENT)
            return _readable(secret["SecretString"])
        except (ClientError, BotoCoreError, ValueError, KeyError) as error:
            if self._last_good is None:
                raise UnavailableError("the token store", type(error).__name__) from error
            return self._last_good


def _is_fresh(age: timedelta) -> bool:
    """Tell whether a list is young enough; one from the future was read before the clock was set back."""
    return FRESH_FROM <= age < FRESH_UNTIL


def _readable(text: str) -> Sequence[Token]:
    """Return the tokens of the list; an entry that this release cannot read opens nothing, and spoils no other.

    Raises:
        ValueError: there is no list, or nothing in it can be read. No part of the secret is in the text.
    """
    document = orjson.loads(text)
    entries = document.get("tokens") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("the secret holds no list of tokens")  # noqa: TRY004 - what it holds is a value
    tokens = [token for token in map(_token, entries) if token is not None]
    if entries and not tokens:
        raise ValueError("no entry of the list of tokens can be read")
    return tokens


def _token(entry: object) -> Token | None:
    try:
        return Token.model_validate(entry, extra=UNKNOWN_MEMBERS)
    except ValidationError:
        return None
