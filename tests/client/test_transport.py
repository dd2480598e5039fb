"""The blocking client's transport: deadlines, proxies and log redaction without private parts of its libraries."""

import asyncio
import datetime as dt
import ipaddress
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpcore2
import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from httpx2._utils import get_environment_proxies

import risk_hub_client
from risk_hub_client import AsyncRiskHubClient, RiskHubClient, UnavailableError
from risk_hub_client.blocking_transport import ERRORS, blocking_client
from risk_hub_client.proxies import environment_mounts
from risk_hub_client.settings import Settings
from tests.client.conftest import BOOK, IMPATIENT, WORLD
from tests.client.server import Server

HASTY = replace(IMPATIENT, budget_seconds=0.4)
HEALTHY = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"status":"ok"}'
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
ENVIRONMENTS: list[dict[str, str]] = [
    {},
    {"http_proxy": "proxy.example:3128"},
    {"https_proxy": "http://name:secret@proxy.example:3128", "all_proxy": "socks5://proxy.example:1080"},
    {"all_proxy": "http://proxy.example", "no_proxy": "*"},
    {"all_proxy": "http://proxy.example", "no_proxy": "one.example, .two.example,*.three.example,"},
    {"all_proxy": "http://proxy.example", "no_proxy": "LocalHost,127.0.0.1,10.0.0.0/8,::1,fd00::/8,[::1]"},
    {"all_proxy": "http://proxy.example", "no_proxy": "https://four.example:8443,name/9,10.0.0.0/99,a:b:c"},
]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environment_proxies_match_those_of_the_http_library(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    expected = {
        pattern: None if url is None else repr(httpx2.Proxy(url))
        for pattern, url in get_environment_proxies().items()
    }
    assert environment_mounts(repr, trust_env=True) == expected
    assert environment_mounts(repr, trust_env=False) == {}


def test_every_error_of_the_connection_pool_becomes_the_library_error_of_the_same_name() -> None:
    exported = {getattr(httpcore2, name) for name in httpcore2.__all__}
    errors = {kind for kind in exported if isinstance(kind, type) and issubclass(kind, Exception)}
    assert errors - {httpcore2.ConnectionNotAvailable} == ERRORS.keys()
    assert all(theirs.__name__ == ours.__name__ for theirs, ours in ERRORS.items())


@pytest.mark.parametrize("pool", ["ConnectionPool", "HTTPProxy"])
def test_creation_fails_if_the_connection_pool_renames_its_network_backend(
    pool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Renamed(httpcore2.ConnectionPool):
        def __init__(self, **options: Any) -> None:
            if "network_backend" in options:
                raise TypeError("unexpected keyword argument 'network_backend'")
            super().__init__(**options)

    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setattr(httpcore2, pool, Renamed)
    with pytest.raises(TypeError, match="network_backend"):
        blocking_client(Settings("https://hub.invalid", "token"))


def test_client_uses_no_private_attribute_of_a_library() -> None:
    (folder,) = risk_hub_client.__path__
    texts = {file.name: file.read_text(encoding="utf-8") for file in Path(folder).rglob("*.py")}
    assert [name for name, text in texts.items() if re.search("SLF001|httpx2?[.]_|httpcore2[.]_", text)] == []


def test_clients_change_no_logger_of_the_http_library(client: RiskHubClient) -> None:
    client.health()
    for name in ("httpx2", "httpcore2"):
        logger = logging.getLogger(name)
        assert (logger.filters, logger.handlers, logger.level) == ([], [], logging.NOTSET)


def test_async_client_logs_no_query_of_a_signed_request(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "httpx2")
    returns = {"AAPL": [0.01] * 100, "MSFT": [0.02] * 100}

    async def publish_and_load() -> None:
        async with AsyncRiskHubClient(server.url, server.token, actor="gateway", stage="paper") as hub:
            done = await hub.publish(WORLD, **BOOK, realized_returns=returns)
            assert done.snapshot is not None
            await hub.load(done.snapshot, "realized_returns")
            await hub.lookup(WORLD, version="v1")

    asyncio.run(publish_and_load())
    lines = [record.getMessage() for record in caplog.records if record.name == "httpx2"]
    store = [line for line in lines if "/store/" in line]
    assert len(store) == 2
    assert not [line for line in store if "?" in line]
    assert [line for line in lines if "?version=v1" in line]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A new key and its certificate for the loopback address."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "server.pem"
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def tls_server(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[bytes]]]:
    """A TLS server that the client trusts: its URL, and the pieces of each answer, sent 50 ms apart."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr("risk_hub_client.transport.LOOPBACK", frozenset())
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    pieces: list[bytes] = []

    def answer(plain: socket.socket) -> None:
        with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
            while connection.recv(65536):
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(0.05)

    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()

    accepting = threading.Thread(target=serve, daemon=True)
    accepting.start()
    yield f"https://127.0.0.1:{listening.getsockname()[1]}", pieces
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    accepting.join()


def test_blocking_client_sends_requests_over_tls(tls_server: tuple[str, list[bytes]]) -> None:
    url, pieces = tls_server
    pieces.append(HEALTHY)
    with RiskHubClient(url, "token", patience=HASTY) as hub:
        assert [hub.health(), hub.health()] == [{"status": "ok"}] * 2


def test_trickling_headers_over_tls_raise_unavailable_error(tls_server: tuple[str, list[bytes]]) -> None:
    url, pieces = tls_server
    pieces.extend([b"HTTP/1.1 200 OK\r\n", *[b"X-A: b\r\n"] * 40])
    started = time.monotonic()
    with (
        RiskHubClient(url, "token", patience=HASTY) as hub,
        pytest.raises(UnavailableError, match="not received in time"),
    ):
        hub.health()
    assert time.monotonic() - started < 1.5
