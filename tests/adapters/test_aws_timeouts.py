"""Slow or refused AWS calls: bounded waits, and one error after which a caller may retry."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from functions.hub.adapters.aws import CONFIG, TRANSIENT_ERROR_CODES, dependency
from functions.hub.ports import Dependency, DependencyUnavailableError
from infra.functions import FUNCTIONS


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "PutItem")


def test_f14_aws_call_times_out_before_the_function_does() -> None:
    config: Any = CONFIG  # its options are attributes that no stub declares
    attempts = config.retries["total_max_attempts"]
    longest_seconds = attempts * (config.connect_timeout + config.read_timeout)
    assert (config.connect_timeout, config.read_timeout, attempts) == (1, 3, 3)
    for folder in ("snapshot_writer", "snapshot_reader"):
        assert longest_seconds < FUNCTIONS[folder].timeout_seconds
    with pytest.raises(DependencyUnavailableError), dependency(Dependency.SNAPSHOT_STORE):
        raise ReadTimeoutError(endpoint_url="any")


@pytest.mark.parametrize("code", sorted(TRANSIENT_ERROR_CODES))
def test_f12_f13_transient_aws_error_raises_unavailable_error(code: str) -> None:
    with pytest.raises(DependencyUnavailableError), dependency(Dependency.SNAPSHOT_STORE):
        raise refusal(code)


def test_f13_permanent_aws_error_is_reraised() -> None:
    with pytest.raises(ClientError), dependency(Dependency.SNAPSHOT_STORE):
        raise refusal("AccessDeniedException")
