"""AWS clients that can only reach this machine's emulator."""

import os
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config

from infra.local.settings import EMULATOR_SECRET_KEY
from infra.names import LOCAL_ACCOUNT, LOCAL_REGION

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 30
# (key in the profile, environment variable, default, conversion): neither a variable nor a file is read.
NO_PROFILE: Final = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


class LocalAws:
    """Create boto3 clients for one emulator; the user's profiles and credentials are never read."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._session = boto3.Session(
            botocore_session=botocore.session.Session(session_vars=NO_PROFILE),
            aws_access_key_id=LOCAL_ACCOUNT,
            aws_secret_access_key=EMULATOR_SECRET_KEY,
            region_name=LOCAL_REGION,
        )

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 clients are typed at the call site
        """Return a client of one AWS service."""
        config = Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={"mode": "standard", "max_attempts": 3},
            s3={"addressing_style": "path"},
            signature_version="s3v4" if service == "s3" else None,
            proxies={},
        )
        return self._session.client(service, endpoint_url=self.endpoint, config=config)  # type: ignore[call-overload]
