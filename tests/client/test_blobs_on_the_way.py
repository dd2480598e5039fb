"""Blobs between client and store: parts, progress, store failures, wrong bytes."""

import asyncio

import numpy as np
import pytest

from risk_hub_client import (
    AsyncRiskHubClient,
    DamagedBlobError,
    NotFoundError,
    RefusedError,
    RiskHubClient,
    StoreError,
    UnavailableError,
)
from risk_hub_contracts.blob import uploads
from risk_hub_contracts.blob.write import encode_returns
from tests.client.conftest import BOOK, IMPATIENT, WORLD
from tests.client.server import Server, cut_within, status

PART_BYTES = 4096
RETURNS = encode_returns(np.linspace(-0.1, 0.1, 2000).tolist())


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat blobs from 8 kB on as large."""
    monkeypatch.setattr(uploads, "BLOB_SINGLE_PUT_MAX_BYTES", 2 * PART_BYTES)
    monkeypatch.setattr(uploads, "BLOB_PART_BYTES", PART_BYTES)


def puts(server: Server) -> list[int]:
    return [seen.size_bytes for seen in server.seen if seen.method == "PUT"]


@pytest.mark.usefixtures("in_parts")
def test_a_large_blob_goes_in_parts_and_progress_is_told(client: RiskHubClient, server: Server) -> None:
    told: list[tuple[int, int]] = []
    ref = client.upload(WORLD, "realized_returns", RETURNS, progress=lambda *spot: told.append(spot))
    assert puts(server) == [PART_BYTES, PART_BYTES, PART_BYTES, len(RETURNS) - 3 * PART_BYTES]
    assert server.hub.blobs.objects[ref.ref][1] == RETURNS
    assert told == sorted(told)
    assert told[-1] == (len(RETURNS), len(RETURNS))


@pytest.mark.usefixtures("in_parts")
def test_a_part_that_fails_is_sent_again_alone(client: RiskHubClient, server: Server) -> None:
    server.on = ("PUT", "/store/")
    server.faults.extend((status(503), status(500)))
    client.upload(WORLD, "realized_returns", RETURNS)
    assert puts(server)[:3] == [PART_BYTES] * 3
    assert len(puts(server)) == 6


@pytest.mark.usefixtures("in_parts")
def test_parts_of_an_upload_that_is_given_up_are_forgotten(client: RiskHubClient, server: Server) -> None:
    server.on = ("PUT", "/store/")
    server.faults.extend((status(503),) * IMPATIENT.attempts)
    with pytest.raises(UnavailableError):
        client.upload(WORLD, "realized_returns", RETURNS)
    assert server.seen[-1].path.endswith("/abort")
    assert server.hub.uploads.begun == {}


def test_a_store_that_refuses_is_told_and_nothing_is_posted(client: RiskHubClient, server: Server) -> None:
    server.on = ("PUT", "/store/")
    server.faults.extend((status(403), status(403)))
    with pytest.raises(StoreError) as caught:
        client.publish(WORLD, **BOOK | {"realized_returns": dict.fromkeys(("AAPL", "MSFT"), [0.01] * 100)})
    assert (caught.value.status, isinstance(caught.value, RefusedError)) == (403, False)
    assert server.posts() == []


def test_a_download_that_is_cut_is_fetched_again(client: RiskHubClient, server: Server) -> None:
    client.publish(WORLD, **BOOK | {"realized_returns": {"AAPL": [0.01] * 100, "MSFT": [0.02] * 100}})
    server.on = ("GET", next(iter(server.hub.blobs.objects)).rpartition("/")[2])
    server.faults.extend((cut_within,))
    loaded = client.load(client.latest(WORLD), "realized_returns")
    assert loaded is not None
    assert loaded.document() == {"AAPL": [0.01] * 100, "MSFT": [0.02] * 100}


@pytest.mark.parametrize("other", [b"rsh1 stress {}\n", RETURNS, b""], ids=["shorter", "longer", "empty"])
def test_bytes_that_are_not_those_of_the_digest_are_never_returned(
    client: RiskHubClient, server: Server, other: bytes
) -> None:
    client.publish(WORLD, **BOOK | {"realized_returns": {"AAPL": [0.01] * 100, "MSFT": [0.02] * 100}})
    latest = client.latest(WORLD)
    server.lie = other
    with pytest.raises(DamagedBlobError):
        client.load(latest, "realized_returns")


def test_a_blob_that_is_gone_is_not_found(client: RiskHubClient, server: Server) -> None:
    client.publish(WORLD, **BOOK | {"realized_returns": {"AAPL": [0.01] * 100, "MSFT": [0.02] * 100}})
    server.hub.blobs.objects.clear()
    with pytest.raises(NotFoundError):
        client.load(client.latest(WORLD), "realized_returns")


def test_the_asynchronous_client_reads_and_loads_as_the_blocking_one(server: Server) -> None:
    async def day() -> None:
        options = {"actor": "gateway", "stage": "paper"}
        async with AsyncRiskHubClient(server.url, server.token, patience=IMPATIENT, **options) as hub:
            returns = {"AAPL": [0.01] * 100, "MSFT": [0.02] * 100}
            done = await hub.publish(WORLD, **BOOK | {"realized_returns": returns})
            assert done.snapshot == await hub.latest(WORLD) == await hub.lookup(WORLD, version="v1")
            assert [found.version async for found in hub.list(WORLD)] == ["v1"]
            loaded = await hub.load(await hub.latest(WORLD), "realized_returns")
            assert loaded is not None
            assert loaded.document() == returns
            assert (await hub.contract()).version == "v1"
            assert (await hub.health())["status"] == "ok"
            ref = await hub.upload(WORLD, "realized_returns", RETURNS)
            assert ref.bytes == len(RETURNS)
            with pytest.raises(NotFoundError):
                await hub.risk(WORLD, "v1")

    asyncio.run(day())
