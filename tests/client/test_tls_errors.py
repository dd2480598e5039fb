"""A URL with the wrong scheme fails at once with a plain sentence; a refused certificate is not tried again."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from risk_hub_client import AsyncRiskHubClient, HubError, Patience, RiskHubClient, UnavailableError
from tests.client.conftest import BOOK, IMPATIENT, WORLD
from tests.client.test_transport import certificate

__all__ = ["certificate"]

PLAIN_ANSWER = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
TLS_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
# So long that a retry would be noticed.
PATIENT = Patience(attempts=6, budget_seconds=30.0, wait_initial_seconds=5.0)
Health = Callable[[str], None]


def blocking_health(url: str, patience: Patience = PATIENT) -> None:
    with RiskHubClient(url, "token", patience=patience) as hub:
        hub.health()


def async_health(url: str, patience: Patience = PATIENT) -> None:
    async def ask() -> None:
        async with AsyncRiskHubClient(url, "token", patience=patience) as hub:
            await hub.health()

    asyncio.run(ask())


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[int]]]:
    """A server that answers each connection; yields its port and a list that grows by each connection."""
    listening, seen = socket.create_server(("127.0.0.1", 0)), list[int]()

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, (_, port) = listening.accept()
                seen.append(port)
                with connection, suppress(OSError):
                    answer(connection)

    accepting = threading.Thread(target=serve, daemon=True)
    accepting.start()
    try:
        yield listening.getsockname()[1], seen
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join()


def sending(data: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(data)

    return answer


@pytest.mark.parametrize("health", [blocking_health, async_health])
def test_https_url_of_an_http_server_fails_at_once_and_names_the_http_url(health: Health) -> None:
    with answering(sending(PLAIN_ANSWER)) as (port, seen):
        started = time.monotonic()
        with pytest.raises(HubError) as caught:
            health(f"https://127.0.0.1:{port}")
        assert not isinstance(caught.value, UnavailableError)
        sentence = f"the server at 127.0.0.1:{port} does not speak TLS; use http://127.0.0.1:{port}"
        assert str(caught.value).startswith(sentence)
        assert time.monotonic() - started < PATIENT.wait_initial_seconds
        assert len(seen) == 1


@pytest.mark.parametrize("health", [blocking_health, async_health])
def test_http_url_of_a_server_that_answers_a_tls_alert_fails_at_once_and_names_the_https_url(
    health: Health,
) -> None:
    with answering(sending(TLS_ALERT)) as (port, seen):
        with pytest.raises(HubError, match=f"if it speaks TLS, use https://127.0.0.1:{port}") as caught:
            health(f"http://127.0.0.1:{port}")
        assert not isinstance(caught.value, UnavailableError)
        assert len(seen) == 1


@pytest.mark.parametrize("health", [blocking_health, async_health])
def test_http_url_of_a_tls_server_that_hangs_up_hints_at_the_https_url(
    certificate: Path, health: Callable[[str, Patience], None]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def answer(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True)

    with (
        answering(answer) as (port, _),
        pytest.raises(UnavailableError, match=f"if the server speaks TLS, use https://127.0.0.1:{port}"),
    ):
        health(f"http://127.0.0.1:{port}", IMPATIENT)


@pytest.mark.parametrize("health", [blocking_health, async_health])
def test_a_refused_certificate_is_named_and_not_tried_again(certificate: Path, health: Health) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def answer(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True)

    with answering(answer) as (port, seen):
        with pytest.raises(UnavailableError, match=r"is not accepted \(self-signed certificate\); correct"):
            health(f"https://127.0.0.1:{port}")
        assert len(seen) == 1


def test_a_publication_to_a_server_with_a_refused_certificate_is_spooled(
    certificate: Path, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def answer(connection: socket.socket) -> None:
        context.wrap_socket(connection, server_side=True)

    spool = tmp_path / "spool"
    with (
        answering(answer) as (port, _),
        RiskHubClient(
            f"https://127.0.0.1:{port}",
            "token",
            actor="gateway",
            stage="paper",
            patience=PATIENT,
            spool=spool,
        ) as hub,
    ):
        assert hub.publish(WORLD, **BOOK).snapshot is None
    assert len(list(spool.glob("*.json"))) == 1
