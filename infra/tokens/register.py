"""The secret that lists a stage's tokens, with updates that never lose another operator's change.

Secrets Manager has no conditional put, but it moves a staging label only away from the version that the
caller names: the new list is put as a draft, and `AWSCURRENT` moves to it only from the version read.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from pydantic import ValidationError

from infra.errors import TokenError
from risk_hub_contracts.base.limits import TOKENS_MAX_COUNT, TOKENS_SECRET_MAX_BYTES
from risk_hub_contracts.base.tokens import Token, TokenList

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT: Final = "AWSCURRENT"
DRAFT: Final = "AWSPENDING"
ATTEMPTS_MAX_COUNT: Final = 5
RESOURCE_NOT_FOUND: Final = "ResourceNotFoundException"
# Error codes if the label is no longer at the named version, or the draft was deleted.
CONFLICT_CODES: Final = ("InvalidParameterException", "InvalidRequestException", RESOURCE_NOT_FOUND)

Edit = Callable[[Sequence[Token]], Sequence[Token]]


class TokenRegister:
    """The list of one stage; needs `GetSecretValue`, `PutSecretValue` and `UpdateSecretVersionStage`."""

    def __init__(self, secretsmanager: "SecretsManagerClient", secret_id: str) -> None:
        """Use the secret with this name or ARN; the first call reads it."""
        self._secretsmanager = secretsmanager
        self._secret_id = secret_id

    def tokens(self) -> Sequence[Token]:
        """Return the current list.

        Raises:
            TokenError: the secret's value is not a list of tokens.
        """
        return self._read()[1]

    def change(self, edit: Edit) -> Sequence[Token]:
        """Replace the list by the result of `edit`; after a concurrent change, read and edit it again.

        Raises:
            TokenError: the new list is too large, or concurrent changes won all five attempts.
        """
        for _ in range(ATTEMPTS_MAX_COUNT):
            version, listed = self._read()
            new_tokens = edit(listed)
            if new_tokens == listed or self._replace(version, new_tokens):
                return new_tokens
        raise TokenError(
            f"Nothing was changed: {self._secret_id} was changed concurrently {ATTEMPTS_MAX_COUNT} "
            "times. Try again."
        )

    def _read(self) -> tuple[str, Sequence[Token]]:
        secret = self._secret()
        try:
            return str(secret["VersionId"]), TokenList.model_validate_json(secret["SecretString"]).tokens
        except (KeyError, ValidationError):
            raise TokenError(
                f"The secret {self._secret_id} does not contain a list of tokens. The hub uses the last "
                "valid one; move AWSCURRENT back to the version AWSPREVIOUS."
            ) from None

    def _secret(self) -> dict[str, Any]:
        try:
            found = self._secretsmanager.get_secret_value(SecretId=self._secret_id, VersionStage=CURRENT)
        except ClientError as error:
            if _code(error) != RESOURCE_NOT_FOUND:
                raise
            raise TokenError(
                f"There is no secret {self._secret_id} in this account and region. Is the stage deployed?"
            ) from None
        return dict(found)

    def _replace(self, version: str, new_tokens: Sequence[Token]) -> bool:
        draft = str(
            self._secretsmanager.put_secret_value(
                SecretId=self._secret_id, SecretString=secret_text(new_tokens), VersionStages=[DRAFT]
            )["VersionId"]
        )
        try:
            self._secretsmanager.update_secret_version_stage(
                SecretId=self._secret_id,
                VersionStage=CURRENT,
                MoveToVersionId=draft,
                RemoveFromVersionId=version,
            )
        except ClientError as error:
            if _code(error) not in CONFLICT_CODES:
                raise
            # A retried request finds that its first attempt, whose response was lost, moved the label.
            return self._read()[0] == draft
        return True


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def secret_text(tokens: Sequence[Token]) -> str:
    """Return the secret's text.

    Raises:
        TokenError: too many tokens, or too many bytes for a secret.
    """
    if len(tokens) > TOKENS_MAX_COUNT:
        raise TokenError(
            f"{len(tokens)} tokens; at most {TOKENS_MAX_COUNT} are allowed. "
            "Remove expired tokens with `risk-hub tokens revoke --ended`."
        )
    # Members without a value are left out: the commands of release 1.0 refuse a list with `subject` in it.
    text = TokenList(tokens=list(tokens)).model_dump_json(exclude_none=True)
    if len(text.encode()) > TOKENS_SECRET_MAX_BYTES:
        raise TokenError(
            f"The list would have {len(text.encode())} bytes; at most {TOKENS_SECRET_MAX_BYTES} are "
            "allowed. Remove expired tokens with `risk-hub tokens revoke --ended`."
        )
    return text
