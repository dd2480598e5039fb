"""One client of moto's Secrets Manager for all tests: creating one takes longer than most tests."""

import functools
from typing import Any

import boto3
import moto.core  # noqa: F401 - a client that is older than this is not intercepted


@functools.cache
def secrets_manager() -> Any:
    """Return the client; within `mock_aws` it calls moto, whose secrets end with the block."""
    return boto3.client(
        "secretsmanager",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - opens nothing
    )
