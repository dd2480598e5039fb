"""SecretTokens: fresh within a minute, and the last good list while the secret store is down."""

import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from traceback import format_exception
from typing import Any

import orjson
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from moto import mock_aws

from functions.hub.adapters import secret_tokens
from functions.hub.adapters.aws import CONFIGS
from functions.hub.adapters.secret_tokens import ATTEMPT_MAX_SECONDS, READ_BUDGET_SECONDS, SecretTokens
from functions.hub.ports import DependencyUnavailableError
from infra.functions import FUNCTIONS
from tests.fakes.clients import as_client
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


def test_token_list_is_cached_for_one_minute(store: SecretStore, clock: FrozenClock) -> None:
    tokens = SecretTokens(as_client(store), "tokens", clock)
    assert ids(tokens) == ["a"]
    store.write(token_list("a", "b"))
    clock.advance(seconds=59)
    assert ids(tokens) == ["a"]
    assert store.calls == 1
    clock.advance(seconds=1)
    assert ids(tokens) == ["a", "b"]


def test_f21_cached_token_list_is_used_while_the_secret_store_is_down(
    store: SecretStore, clock: FrozenClock
) -> None:
    tokens = SecretTokens(as_client(store), "tokens", clock)
    assert ids(tokens) == ["a"]
    store.is_down = True
    clock.advance(seconds=60)
    assert ids(tokens) == ["a"]


@pytest.mark.parametrize(
    "nonsense",
    ['{"tokens": [{"id": 1}]}', '{"tokens": {}}', "{}", "[]", "sesame", '{"tokens": [{"token": "sesame"}]}'],
)
def test_cached_token_list_is_used_when_the_secret_becomes_invalid(
    store: SecretStore, clock: FrozenClock, nonsense: str
) -> None:
    tokens = SecretTokens(as_client(store), "tokens", clock)
    assert ids(tokens) == ["a"]
    store.write(nonsense)
    clock.advance(seconds=60)
    assert ids(tokens) == ["a"]


@pytest.mark.parametrize("nonsense", ["sesame", '{"tokens": "sesame"}', '{"tokens": [{"sesame": "sesame"}]}'])
def test_cold_start_with_an_invalid_secret_is_unavailable_without_showing_it(
    store: SecretStore, clock: FrozenClock, nonsense: str
) -> None:
    store.write(nonsense)
    with pytest.raises(DependencyUnavailableError) as caught:
        SecretTokens(as_client(store), "tokens", clock).tokens()
    assert "sesame" not in "".join(format_exception(caught.value))


def test_token_with_an_unknown_scope_is_skipped_and_the_others_kept(
    store: SecretStore, clock: FrozenClock
) -> None:
    (good,) = orjson.loads(token_list("a"))["tokens"]
    later = [{**good, "id": "b", "scopes": ["snapshots:burn"]}, {**good, "id": "c", "made_by": "ops"}]
    store.write(orjson.dumps({"tokens": [good, *later]}).decode())
    assert ids(SecretTokens(as_client(store), "tokens", clock)) == ["a", "c"]


def test_empty_token_list_replaces_the_cached_list(store: SecretStore, clock: FrozenClock) -> None:
    tokens = SecretTokens(as_client(store), "tokens", clock)
    assert ids(tokens) == ["a"]
    store.write('{"tokens": []}')
    clock.advance(seconds=60)
    assert ids(tokens) == []


def test_clock_set_back_expires_the_cached_token_list(store: SecretStore, clock: FrozenClock) -> None:
    tokens = SecretTokens(as_client(store), "tokens", clock)
    assert ids(tokens) == ["a"]
    store.write(token_list("b"))
    clock.advance(hours=-1)
    assert ids(tokens) == ["b"]


def test_unavailable_secret_store_is_called_once_per_minute(store: SecretStore, clock: FrozenClock) -> None:
    tokens = SecretTokens(as_client(store), "tokens", clock)
    assert ids(tokens) == ["a"]
    store.is_down = True
    for _ in range(120):
        clock.advance(seconds=1)
        assert ids(tokens) == ["a"]
    assert store.calls == 3


def test_cold_start_without_the_secret_store_raises_unavailable_error(
    store: SecretStore, clock: FrozenClock
) -> None:
    store.is_down = True
    with pytest.raises(DependencyUnavailableError, match="token store"):
        SecretTokens(as_client(store), "tokens", clock).tokens()


class ThrottledStore:
    """A Secrets Manager client with a rate limit for all its callers: past it, ThrottlingException."""

    def __init__(self, rate_per_second: float, burst: int) -> None:
        self.rate_per_second, self.burst = rate_per_second, burst
        self.tokens, self.at = float(burst), time.monotonic()
        self.lock = threading.Lock()
        self.throttled = 0

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        with self.lock:
            now = time.monotonic()
            self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate_per_second)
            self.at = now
            if self.tokens < 1:
                self.throttled += 1
                raise ClientError({"Error": {"Code": "ThrottlingException"}}, "GetSecretValue")
            self.tokens -= 1
        return {"SecretString": token_list("a")}


def test_p12_two_hundred_cold_starts_succeed_despite_secret_store_throttling(
    clock: FrozenClock,
) -> None:
    store, together = ThrottledStore(rate_per_second=150, burst=20), threading.Barrier(200)

    def read() -> list[str]:
        tokens = SecretTokens(as_client(store), "tokens", clock)
        together.wait()
        return ids(tokens)

    with ThreadPoolExecutor(max_workers=200) as pool:
        begun = time.monotonic()
        lists = [each.result() for each in [pool.submit(read) for _ in range(200)]]
    assert lists == [["a"]] * 200
    assert store.throttled > 0
    assert time.monotonic() - begun < READ_BUDGET_SECONDS


class Timeline:
    """A clock for the store's waits that only sleeping and calls move."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


@pytest.fixture
def timeline(monkeypatch: pytest.MonkeyPatch) -> Timeline:
    made = Timeline()
    monkeypatch.setattr(secret_tokens, "time", made)
    return made


class FailingStore:
    """A Secrets Manager client that fails after some seconds, each time."""

    def __init__(self, timeline: Timeline, error: Exception, seconds: float) -> None:
        self.timeline, self.error, self.seconds = timeline, error, seconds
        self.calls = 0

    def get_secret_value(self, **_: Any) -> Any:
        self.calls += 1
        self.timeline.seconds += self.seconds
        raise self.error


def failure(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "GetSecretValue",
    )


@pytest.mark.parametrize(
    ("error", "seconds", "fewest_calls"),
    [
        (failure("ThrottlingException", 400), 0.01, 4),
        (failure("InternalServiceError", 500), 0.01, 4),
        (ReadTimeoutError(endpoint_url="any"), 3.0, 1),
        (ReadTimeoutError(endpoint_url="any"), 2.0, 2),
        (ConnectTimeoutError(endpoint_url="any"), 1.0, 2),
    ],
)
def test_f14_cold_start_with_a_failing_secret_store_fails_within_its_budget(
    timeline: Timeline, clock: FrozenClock, error: Exception, seconds: float, fewest_calls: int
) -> None:
    store = FailingStore(timeline, error, seconds)
    with pytest.raises(DependencyUnavailableError, match="token store"):
        SecretTokens(as_client(store), "tokens", clock).tokens()
    assert store.calls >= fewest_calls
    assert timeline.seconds <= READ_BUDGET_SECONDS
    assert FUNCTIONS["snapshot_writer"].timeout_seconds > READ_BUDGET_SECONDS


def test_maximum_attempt_time_equals_the_sum_of_client_timeouts() -> None:
    config: Any = CONFIGS["secretsmanager"]
    assert config.retries["total_max_attempts"] == 1
    assert config.connect_timeout + config.read_timeout == ATTEMPT_MAX_SECONDS


def test_p12_retry_delays_of_two_processes_differ(timeline: Timeline, clock: FrozenClock) -> None:
    store = FailingStore(timeline, failure("ThrottlingException", 400), 0.0)
    paused = []
    for _ in range(2):
        timeline.pauses = []
        with pytest.raises(DependencyUnavailableError):
            SecretTokens(as_client(store), "tokens", clock).tokens()
        paused.append(timeline.pauses)
    assert paused[0] != paused[1]
    assert max(map(max, paused)) <= 1.0


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_permanent_secret_read_error_is_not_retried(
    timeline: Timeline, clock: FrozenClock, code: str
) -> None:
    store = FailingStore(timeline, failure(code, 400), 0.0)
    with pytest.raises(DependencyUnavailableError):
        SecretTokens(as_client(store), "tokens", clock).tokens()
    assert (store.calls, timeline.pauses) == (1, [])


def test_f21_refresh_with_a_cached_list_makes_one_attempt_without_waiting(
    store: SecretStore, timeline: Timeline, clock: FrozenClock
) -> None:
    tokens = SecretTokens(as_client(store), "tokens", clock)
    assert ids(tokens) == ["a"]
    failing = FailingStore(timeline, failure("ThrottlingException", 400), 0.0)
    tokens._secretsmanager = as_client(failing)  # noqa: SLF001
    clock.advance(seconds=60)
    assert ids(tokens) == ["a"]
    assert (failing.calls, timeline.pauses) == (1, [])
