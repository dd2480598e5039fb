"""AWS clients with the hub's timeouts and retries; AWS errors translated to errors of the ports."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from functions.hub.ports import Dependency, DependencyUnavailableError

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

Item = dict[str, Any]
"""An item of DynamoDB: each attribute's value by its type, such as `{"version": {"S": "v1"}}`."""
CONNECT_TIMEOUT_SECONDS = 1
READ_TIMEOUT_SECONDS = 3
MAX_ATTEMPTS = 3
HTTP_SERVER_ERROR_STATUS = 500
TRANSIENT_ERROR_CODES = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
    }
)

USER_AGENT = f"risk-signal-hub botocore/{botocore.__version__}"
CONFIG = Config(
    connect_timeout=CONNECT_TIMEOUT_SECONDS,
    read_timeout=READ_TIMEOUT_SECONDS,
    retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
    signature_version="v4",
    tcp_keepalive=True,
    # A fixed text: botocore would build one twice per request, which takes a tenth of a warm POST.
    user_agent=USER_AGENT,
    # The service checks its parameters itself; checking them here too costs a tenth of a warm POST.
    parameter_validation=False,
)
S3_CONFIG = CONFIG.merge(Config(signature_version="s3v4"))
# S3 answers a copy of hundreds of megabytes after it is complete, and may cancel it if the connection ends.
COPYING_READ_TIMEOUT_SECONDS = 9
CONFIGS = {
    "s3": S3_CONFIG,
    "s3 copying": S3_CONFIG.merge(
        Config(
            read_timeout=COPYING_READ_TIMEOUT_SECONDS, retries={"mode": "standard", "total_max_attempts": 1}
        )
    ),
    # For data that a request can do without: a short wait, no second attempt.
    "dynamodb brief": CONFIG.merge(
        Config(read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1})
    ),
    # The token store makes further attempts itself (`secret_tokens`), within its own budget.
    "secretsmanager": CONFIG.merge(
        Config(read_timeout=2, retries={"mode": "standard", "total_max_attempts": 1})
    ),
}


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


@cache
def _cached_client(purpose: str) -> "BaseClient":
    return _session().create_client(purpose.partition(" ")[0], config=CONFIGS.get(purpose, CONFIG))


class LazyClient:
    """A client created on first use: a cold start creates only the clients that its request needs."""

    def __init__(self, purpose: str) -> None:
        """Take an AWS service such as `dynamodb`, or a key of CONFIGS: the service, a space and a purpose."""
        self._purpose = purpose

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401  (botocore makes its methods at run time)
        """Return the operation of the real client."""
        return getattr(_cached_client(self._purpose), operation)


@overload
def client(purpose: Literal["dynamodb", "dynamodb brief"]) -> "DynamoDBClient": ...
@overload
def client(purpose: Literal["s3", "s3 copying"]) -> "S3Client": ...
@overload
def client(purpose: Literal["events"]) -> "EventBridgeClient": ...
@overload
def client(purpose: Literal["secretsmanager"]) -> "SecretsManagerClient": ...
@overload
def client(purpose: Literal["sqs"]) -> "SQSClient": ...
def client(purpose: str) -> Any:
    """Return the process's client of one AWS service, or of one purpose named in CONFIGS."""
    return LazyClient(purpose)


def error_code(error: ClientError) -> str:
    """Return AWS's code of the error, such as `ConditionalCheckFailedException`."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def dependency(name: Dependency) -> Iterator[None]:
    """Turn a dependency's throttling, time-outs and failures into DependencyUnavailableError; re-raise other errors."""
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if error_code(error) in TRANSIENT_ERROR_CODES or status >= HTTP_SERVER_ERROR_STATUS:
            raise DependencyUnavailableError(name, error_code(error)) from error
        raise
    except BotoCoreError as error:
        raise DependencyUnavailableError(name, type(error).__name__) from error
