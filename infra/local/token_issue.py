"""Token of one run: `.local/env` holds it for the user, the hub stores only its digest."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from infra.local.settings import EMULATOR_SECRET_KEY
from infra.names import LOCAL_ACCOUNT, LOCAL_REGION
from infra.tokens.issue import SCOPES_OF_RELEASE_1_0, token_digest
from infra.tokens.register import TokenRegister
from risk_hub_contracts.base.tokens import ANY_ACTOR, Token

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

TOKEN_ID: Final = "local-run"  # noqa: S105 - a name for audit, not the token
ENV_FILE_MODE: Final = 0o600


def register_token(secretsmanager: "SecretsManagerClient", secret_id: str, token: str) -> None:
    """Accept this token instead of the last run's; keep those that `risk-hub tokens create` made."""
    entry = Token(
        id=TOKEN_ID,
        sha256=token_digest(token),
        scopes=list(SCOPES_OF_RELEASE_1_0),
        actors=[ANY_ACTOR],
        not_after=None,
    )

    def replace_token(listed: Sequence[Token]) -> Sequence[Token]:
        return [entry, *(each for each in listed if each.id != TOKEN_ID)]

    TokenRegister(secretsmanager, secret_id).change(replace_token)


def write_env_file(path: Path, front_url: str, token: str, aws_endpoint: str) -> None:
    """Write the shell exports, readable only by this user from the first byte on."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, ENV_FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_exports(front_url, token, aws_endpoint))
    draft.replace(path)


def _exports(front_url: str, token: str, aws_endpoint: str) -> str:
    return f"""\
# Written by `make up`, valid until `make down`: source this file.
export RISK_HUB_URL={front_url}
export RISK_HUB_TOKEN={token}
# To inspect the emulated AWS resources with the AWS CLI (tables, bucket, queues, logs):
# export AWS_ENDPOINT_URL={aws_endpoint} AWS_DEFAULT_REGION={LOCAL_REGION}
# export AWS_ACCESS_KEY_ID={LOCAL_ACCOUNT} AWS_SECRET_ACCESS_KEY={EMULATOR_SECRET_KEY}
"""
