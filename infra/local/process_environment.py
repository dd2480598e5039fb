"""The whole environment of the emulator and the functions' workers.

Workers inherit the emulator's environment, so a variable left out here cannot reach a function: no PYTHONPATH
to the checkout, no AWS profile or credential of the user, no proxy.
"""

import os
from collections.abc import Mapping
from typing import Final

from infra.local.settings import EMULATOR_SECRET_KEY, HOST, LocalSettings
from infra.names import LOCAL_ACCOUNT, LOCAL_REGION

INHERITED_VARIABLES: Final = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE")
# The emulator writes this port into names that it saves (queue URLs), while the real port may change between
# runs. Nothing listens on port 1, so a program that uses a queue's URL as an address fails immediately.
PLACEHOLDER_PORT: Final = "1"


def process_environment(
    settings: LocalSettings, aws_port: int, parent_environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the complete environment of the server process."""
    return {
        **{name: parent_environment[name] for name in INHERITED_VARIABLES if name in parent_environment},
        **_folder_variables(settings),
        **_emulator_variables(aws_port),
        **_credentials(),
        **({"AUTH": "true"} if settings.enforce_iam else {}),
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
    }


def _folder_variables(settings: LocalSettings) -> dict[str, str]:
    return {
        "HOME": str(settings.worker_home),
        "TMPDIR": str(settings.temporary),
        "STATE_DIR": str(settings.state),
        "S3_DATA_DIR": str(settings.state / "s3"),
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
    }


def _emulator_variables(aws_port: int) -> dict[str, str]:
    return {
        "GATEWAY_PORT": PLACEHOLDER_PORT,
        "AWS_ENDPOINT_URL": f"http://{HOST}:{aws_port}",
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": LOCAL_REGION,
        "MINISTACK_ACCOUNT_ID": LOCAL_ACCOUNT,
        "LAMBDA_EXECUTOR": "local",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
        "LOG_LEVEL": "INFO",
    }


def _credentials() -> dict[str, str]:
    """Return emulator credentials, which are valid nowhere else."""
    return {
        "AWS_ACCESS_KEY_ID": LOCAL_ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": EMULATOR_SECRET_KEY,
        "AWS_DEFAULT_REGION": LOCAL_REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
