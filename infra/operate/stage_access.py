"""Clients of one stage: the emulator of the running local stage, or AWS with the operator's own credentials."""

from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from infra.local.aws import LocalAws
from infra.local.settings import LocalSettings, settings_from
from infra.local.stage_record import read_record
from infra.operate.errors import OperateError

LOCAL: Final = "local"
# Longer than the relay may run, so that its answer is not given up.
READ_TIMEOUT_SECONDS: Final = 75
CONFIG: Final = Config(
    connect_timeout=5, read_timeout=READ_TIMEOUT_SECONDS, retries={"mode": "standard", "max_attempts": 4}
)


class Clients(Protocol):
    """Makes clients of AWS services."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 clients are typed at the call site
        """Return a client of one service."""


class CloudAws:
    """The operator's profile, region and credentials, found as the aws command finds them."""

    def __init__(self) -> None:
        self._session = boto3.Session()

    def client(self, service: str) -> Any:  # noqa: ANN401 - see Clients
        """See Clients.

        Raises:
            OperateError: the address that the environment or the profile names instead of AWS's own is none.
        """
        try:
            made: Any = self._session.client(service, config=CONFIG)  # type: ignore[call-overload]
            # Botocore itself would find out about a port with the first request.
            _ = urlsplit(made.meta.endpoint_url).port
        except ValueError as error:
            raise OperateError(f"AWS_ENDPOINT_URL, or endpoint_url of the profile: {error}") from None
        return made


def access_to(stage: str, settings: LocalSettings | None = None) -> Clients:
    """Return the clients of a stage.

    Args:
        stage: `local`, or the name of a deployed stage.
        settings: where the local stage keeps its record; by default as for `make up`.

    Raises:
        OperateError: the local stage is asked for and does not run.
    """
    if stage != LOCAL:
        return CloudAws()
    record = read_record((settings or settings_from()).record_file)
    if record is None:
        raise OperateError("The local stage is not running. Start it with `make up`, or name another stage.")
    return LocalAws(record.aws_endpoint)
