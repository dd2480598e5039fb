"""Malformed answers, endless lists, trickling lines, and data that must not be logged."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from risk_hub_client import AsyncRiskHubClient, HubError, RiskHubClient, UnavailableError
from tests.client.conftest import BOOK, IMPATIENT, WORLD
from tests.client.server import Server, answering

NOT_THE_HUBS = ('{"message": "hi"}', "[]", "null", "7", '{"snapshots": 7, "worlds": 7}', "[" * 100_000)
READS: dict[str, tuple[str, Callable[[RiskHubClient], Any]]] = {
    "latest": ("/latest", lambda hub: hub.latest(WORLD)),
    "lookup": ("/lookup", lambda hub: hub.lookup(WORLD, version="v1")),
    "list": ("/snapshots", lambda hub: list(hub.list(WORLD))),
    "worlds": ("/worlds", lambda hub: list(hub.worlds())),
    "contract": ("/contract", lambda hub: hub.contract()),
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("body", NOT_THE_HUBS, ids=lambda body: body[:20])
def test_malformed_success_response_raises_hub_error_with_the_request_id(
    client: RiskHubClient, server: Server, read: str, body: str
) -> None:
    end, ask = READS[read]
    server.on = ("GET", end)
    server.faults.append(answering(200, body))
    with pytest.raises(HubError) as caught:
        ask(client)
    assert caught.value.request_id


@pytest.mark.parametrize("body", ['{"errors": null}', '{"errors": ["bad"]}', "[1]", '{"detail": 7}'])
def test_malformed_error_response_raises_hub_error_with_the_request_id(
    client: RiskHubClient, server: Server, body: str
) -> None:
    server.on = ("GET", "/latest")
    server.faults.append(answering(400, body))
    with pytest.raises(HubError) as caught:
        client.latest(WORLD)
    assert caught.value.request_id


@pytest.mark.parametrize("read", ["list", "worlds"])
def test_repeated_page_cursor_raises_hub_error(client: RiskHubClient, server: Server, read: str) -> None:
    end, ask = READS[read]
    server.on = ("GET", end)
    server.faults.extend([answering(200, '{"snapshots": [], "worlds": [], "next_cursor": "same"}')] * 5)
    with pytest.raises(HubError, match="paging was stopped"):
        ask(client)
    assert len(server.faults) == 3


def test_signed_request_query_is_not_logged(client: RiskHubClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "httpx2")
    returns = {"AAPL": [0.01] * 100, "MSFT": [0.02] * 100}
    client.load(client.publish(WORLD, **BOOK, realized_returns=returns).snapshot, "realized_returns")  # type: ignore[arg-type]
    client.lookup(WORLD, version="v1")
    lines = [record.getMessage() for record in caplog.records if record.name == "httpx2"]
    store = [line for line in lines if "/store/" in line]
    assert len(store) == 2
    assert not [line for line in store if "?" in line]
    assert [line for line in lines if "?version=v1" in line]


@pytest.fixture
def trickling() -> Iterator[str]:
    """A server whose headers never end, although no single line is late."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=drip, args=(connection,), daemon=True).start()

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            for _ in range(40):
                connection.sendall(b"X-A: b\r\n")
                time.sleep(0.05)

    accepting = threading.Thread(target=serve, daemon=True)
    accepting.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    accepting.join()


HASTY = replace(IMPATIENT, budget_seconds=0.3)


def blocking_health(url: str) -> None:
    with RiskHubClient(url, "token", patience=HASTY) as hub:
        hub.health()


def async_health(url: str) -> None:
    async def day() -> None:
        async with AsyncRiskHubClient(url, "token", patience=HASTY) as hub:
            await hub.health()

    asyncio.run(day())


@pytest.mark.parametrize("ask", [blocking_health, async_health])
def test_trickling_headers_raise_unavailable_error(trickling: str, ask: Callable[[str], None]) -> None:
    with pytest.raises(UnavailableError, match="not received in time"):
        ask(trickling)


def test_trickling_headers_through_a_proxy_raise_unavailable_error(
    trickling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", trickling)
    with pytest.raises(UnavailableError, match="not received in time"):
        blocking_health("https://hub.invalid")
