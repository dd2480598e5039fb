"""AWS clients of one stage: the running local stage's emulator, or AWS with the operator's credentials."""

from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from infra.local.aws import LocalAws
from infra.local.settings import LocalSettings, settings_of_folder
from infra.local.stage_record import read_record
from infra.recovery.errors import OperateError

LOCAL: Final = "local"
# Longer than the relay's timeout, so that its answer is not abandoned.
READ_TIMEOUT_SECONDS: Final = 75
CONFIG: Final = Config(
    connect_timeout=5, read_timeout=READ_TIMEOUT_SECONDS, retries={"mode": "standard", "max_attempts": 4}
)


class Clients(Protocol):
    """Create clients of AWS services."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 clients are typed at the call site
        """Return a client of one service."""


class CloudAws:
    """AWS with the operator's profile, region and credentials, resolved as the aws command does."""

    def __init__(self) -> None:
        self._session = boto3.Session()

    def client(self, service: str) -> Any:  # noqa: ANN401 - see Clients
        """See Clients.

        Raises:
            OperateError: the endpoint URL from the environment or the profile is not valid.
        """
        try:
            made: Any = self._session.client(service, config=CONFIG)  # type: ignore[call-overload]
            # Botocore itself would detect a wrong port only at the first request.
            _ = urlsplit(made.meta.endpoint_url).port
        except ValueError as error:
            raise OperateError(
                f"AWS_ENDPOINT_URL, or the profile's endpoint_url, is not valid: {error}"
            ) from None
        return made


def clients_for(stage: str, settings: LocalSettings | None = None) -> Clients:
    """Return the clients of a stage.

    Args:
        stage: `local`, or the name of a deployed stage.
        settings: location of the local stage's record; by default that of `make up`.

    Raises:
        OperateError: the local stage is requested and does not run.
    """
    if stage != LOCAL:
        return CloudAws()
    record = read_record((settings or settings_of_folder()).record_file)
    if record is None:
        raise OperateError("The local stage is not running. Start it with `make up`, or name another stage.")
    return LocalAws(record.aws_endpoint)
