"""SecretTokens: fresh within a minute, and the last good list while the secret store is down."""

import secrets
from collections.abc import Iterator
from traceback import format_exception
from typing import Any

import orjson
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.hub.adapters.secret_tokens import SecretTokens
from functions.hub.ports import UnavailableError
from tests.fakes.clock import FrozenClock
from tests.fakes.secrets_manager import secrets_manager


class SecretStore:
    """A Secrets Manager client that counts, and can be down."""

    def __init__(self) -> None:
        self.client = secrets_manager()
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


@pytest.mark.parametrize(
    "nonsense",
    ['{"tokens": [{"id": 1}]}', '{"tokens": {}}', "{}", "[]", "sesame", '{"tokens": [{"token": "sesame"}]}'],
)
def test_the_last_good_list_stays_when_the_secret_becomes_nonsense(
    store: SecretStore, clock: FrozenClock, nonsense: str
) -> None:
    tokens = SecretTokens(store, "tokens", clock)
    assert ids(tokens) == ["a"]
    store.write(nonsense)
    clock.advance(seconds=60)
    assert ids(tokens) == ["a"]


@pytest.mark.parametrize("nonsense", ["sesame", '{"tokens": "sesame"}', '{"tokens": [{"sesame": "sesame"}]}'])
def test_a_cold_start_on_nonsense_is_unavailable_and_tells_nothing_of_it(
    store: SecretStore, clock: FrozenClock, nonsense: str
) -> None:
    store.write(nonsense)
    with pytest.raises(UnavailableError) as caught:
        SecretTokens(store, "tokens", clock).tokens()
    assert "sesame" not in "".join(format_exception(caught.value))


def test_an_entry_of_another_release_opens_nothing_and_spoils_no_other(
    store: SecretStore, clock: FrozenClock
) -> None:
    (good,) = orjson.loads(token_list("a"))["tokens"]
    later = [{**good, "id": "b", "scopes": ["snapshots:burn"]}, {**good, "id": "c", "made_by": "ops"}]
    store.write(orjson.dumps({"tokens": [good, *later]}).decode())
    assert ids(SecretTokens(store, "tokens", clock)) == ["a", "c"]


def test_an_empty_list_is_a_list(store: SecretStore, clock: FrozenClock) -> None:
    tokens = SecretTokens(store, "tokens", clock)
    assert ids(tokens) == ["a"]
    store.write('{"tokens": []}')
    clock.advance(seconds=60)
    assert ids(tokens) == []


def test_a_clock_that_is_set_back_makes_no_list_last_longer(store: SecretStore, clock: FrozenClock) -> None:
    tokens = SecretTokens(store, "tokens", clock)
    assert ids(tokens) == ["a"]
    store.write(token_list("b"))
    clock.advance(hours=-1)
    assert ids(tokens) == ["b"]


def test_a_store_that_is_down_is_asked_once_a_minute(store: SecretStore, clock: FrozenClock) -> None:
    tokens = SecretTokens(store, "tokens", clock)
    assert ids(tokens) == ["a"]
    store.is_down = True
    for _ in range(120):
        clock.advance(seconds=1)
        assert ids(tokens) == ["a"]
    assert store.calls == 3


def test_a_cold_start_without_the_secret_store_is_unavailable(store: SecretStore, clock: FrozenClock) -> None:
    store.is_down = True
    with pytest.raises(UnavailableError, match="token store"):
        SecretTokens(store, "tokens", clock).tokens()
