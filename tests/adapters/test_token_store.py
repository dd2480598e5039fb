"""SecretTokens: fresh within a minute, and the last good list while the secret store is down."""

import secrets
from collections.abc import Iterator
from typing import Any

import boto3
import orjson
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.hub.adapters.secret_tokens import SecretTokens
from functions.hub.ports import UnavailableError
from tests.fakes.clock import FrozenClock


class SecretStore:
    """A Secrets Manager client that counts, and can be down."""

    def __init__(self) -> None:
        self.client = boto3.client("secretsmanager")
        self.client.create_secret(Name="tokens", SecretString=token_list("a"))
        self.meta = self.client.meta
        self.calls = 0
        self.is_down = False

    def get_secret_value(self, **request: Any) -> Any:
        self.calls += 1
        if self.is_down:
            raise ClientError({"Error": {"Code": "InternalServiceError"}}, "GetSecretValue")
        return self.client.get_secret_value(**request)

    def write(self, text: str) -> None:
        self.client.put_secret_value(SecretId="tokens", SecretString=text)


def token_list(*ids: str) -> str:
    tokens = [
        {
            "id": i,
            "sha256": secrets.token_hex(32),
            "scopes": ["snapshots:read"],
            "actors": ["*"],
            "not_after": None,
        }
        for i in ids
    ]
    return orjson.dumps({"tokens": tokens}).decode()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def store() -> Iterator[SecretStore]:
    with mock_aws():
        yield SecretStore()


def ids(tokens: SecretTokens) -> list[str]:
    return [token.id for token in tokens.tokens()]


def test_the_list_is_read_once_a_minute(store: SecretStore, clock: FrozenClock) -> None:
    tokens = SecretTokens(store, "tokens", clock)
    assert ids(tokens) == ["a"]
    store.write(token_list("a", "b"))
    clock.advance(seconds=59)
    assert ids(tokens) == ["a"]
    assert store.calls == 1
    clock.advance(seconds=1)
    assert ids(tokens) == ["a", "b"]


def test_f21_the_last_good_list_stays_while_the_secret_store_is_down(
    store: SecretStore, clock: FrozenClock
) -> None:
    tokens = SecretTokens(store, "tokens", clock)
    assert ids(tokens) == ["a"]
    store.is_down = True
    clock.advance(seconds=60)
    assert ids(tokens) == ["a"]


def test_the_last_good_list_stays_when_the_secret_becomes_nonsense(
    store: SecretStore, clock: FrozenClock
) -> None:
    tokens = SecretTokens(store, "tokens", clock)
    assert ids(tokens) == ["a"]
    store.write('{"tokens": [{"id": 1}]}')
    clock.advance(seconds=60)
    assert ids(tokens) == ["a"]


def test_a_cold_start_without_the_secret_store_is_unavailable(store: SecretStore, clock: FrozenClock) -> None:
    store.is_down = True
    with pytest.raises(UnavailableError, match="token store"):
        SecretTokens(store, "tokens", clock).tokens()
