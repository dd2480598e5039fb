"""The token of one run: known to the person by `.local/env`, to the hub by its digest only."""

import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any, Final

from infra.local.settings import EMULATOR_SECRET_KEY
from infra.names import LOCAL_ACCOUNT, LOCAL_REGION

TOKEN_BYTES: Final = 32
TOKEN_ID: Final = "local-run"  # noqa: S105 - a name for audit, not the token
SCOPES: Final = (
    "snapshots:write",
    "snapshots:read",
    "worlds:write",
    "evaluations:write",
    "governance:approve",
)
ENV_FILE_MODE: Final = 0o600


def new_token() -> str:
    """Return a URL-safe token with 256 bits of randomness."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def admit_token(secretsmanager: Any, secret_id: str, token: str) -> None:  # noqa: ANN401 - boto3 client
    """Make this the one token that the hub accepts; only its SHA-256 is stored."""
    entry = {
        "id": TOKEN_ID,
        "sha256": hashlib.sha256(token.encode()).hexdigest(),
        "scopes": list(SCOPES),
        "actors": ["*"],
        "not_after": None,
    }
    secretsmanager.put_secret_value(SecretId=secret_id, SecretString=json.dumps({"tokens": [entry]}))


def write_env_file(path: Path, front_url: str, token: str, aws_endpoint: str) -> None:
    """Write the shell exports, readable by this user alone from the first byte on."""
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
# To look behind the API with the AWS CLI (tables, bucket, queues, logs):
# export AWS_ENDPOINT_URL={aws_endpoint} AWS_DEFAULT_REGION={LOCAL_REGION}
# export AWS_ACCESS_KEY_ID={LOCAL_ACCOUNT} AWS_SECRET_ACCESS_KEY={EMULATOR_SECRET_KEY}
"""
