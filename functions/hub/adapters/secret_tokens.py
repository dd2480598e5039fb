"""TokenStore on Secrets Manager: at most a minute old, and the last good list while the secret store is down."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from functions.hub.domain.releases import UNKNOWN_MEMBERS
from functions.hub.ports import Clock, UnavailableError
from risk_hub_contracts.limits import TOKEN_CACHE_MAX_AGE_SECONDS
from risk_hub_contracts.tokens import Token, TokenList

CURRENT = "AWSCURRENT"
MAX_AGE = timedelta(seconds=TOKEN_CACHE_MAX_AGE_SECONDS)


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
        if self._last_good is None or self._asked_at is None or now - self._asked_at >= MAX_AGE:
            self._last_good = self._read()
            self._asked_at = now
        return self._last_good

    def _read(self) -> Sequence[Token]:
        try:
            secret = self._secretsmanager.get_secret_value(SecretId=self._secret_arn, VersionStage=CURRENT)
            return TokenList.model_validate_json(secret["SecretString"], extra=UNKNOWN_MEMBERS).tokens
        except (ClientError, BotoCoreError, ValidationError, KeyError) as error:
            if self._last_good is None:
                raise UnavailableError("the token store", type(error).__name__) from error
            return self._last_good
