"""TokenStore on Secrets Manager: at most a minute old, and the last good list while the secret store is down."""

from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError, TransformParameterError
from aws_lambda_powertools.utilities.parameters.secrets import SecretsProvider
from pydantic import ValidationError

from functions.hub.ports import UnavailableError
from risk_hub_contracts.limits import TOKEN_CACHE_MAX_AGE_SECONDS
from risk_hub_contracts.tokens import Token, TokenList


class SecretTokens:
    """The secret that lists the digests of the live tokens."""

    def __init__(self, secretsmanager: Any, secret_arn: str) -> None:  # noqa: ANN401
        """Read the secret named `secret_arn` through the given client, when first asked."""
        self._provider = SecretsProvider(boto3_client=secretsmanager)
        self._secret_arn = secret_arn
        self._raw: str | None = None
        self._tokens: Sequence[Token] | None = None

    def tokens(self) -> Sequence[Token]:
        """See TokenStore."""
        try:
            raw = str(self._provider.get(self._secret_arn, max_age=TOKEN_CACHE_MAX_AGE_SECONDS))
            if self._tokens is None or raw != self._raw:
                self._tokens = TokenList.model_validate_json(raw).tokens
                self._raw = raw
        except (GetParameterError, TransformParameterError, ValidationError) as error:
            if self._tokens is None:
                raise UnavailableError("the token store", type(error).__name__) from error
        return self._tokens
