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
def test_large_blob_is_uploaded_in_parts_with_progress_callbacks(
    client: RiskHubClient, server: Server
) -> None:
    reported: list[tuple[int, int]] = []
    ref = client.upload(WORLD, "realized_returns", RETURNS, progress=lambda *spot: reported.append(spot))
    assert puts(server) == [PART_BYTES, PART_BYTES, PART_BYTES, len(RETURNS) - 3 * PART_BYTES]
    assert server.hub.blobs.objects[ref.ref][1] == RETURNS
    assert reported == sorted(reported)
    assert reported[-1] == (len(RETURNS), len(RETURNS))


@pytest.mark.usefixtures("in_parts")
def test_only_a_failed_part_is_uploaded_again(client: RiskHubClient, server: Server) -> None:
    server.on = ("PUT", "/store/")
    server.faults.extend((status(503), status(500)))
    client.upload(WORLD, "realized_returns", RETURNS)
    assert puts(server)[:3] == [PART_BYTES] * 3
    assert len(puts(server)) == 6


@pytest.mark.usefixtures("in_parts")
def test_abandoned_multipart_upload_is_aborted(client: RiskHubClient, server: Server) -> None:
    server.on = ("PUT", "/store/")
    server.faults.extend((status(503),) * IMPATIENT.attempts)
    with pytest.raises(UnavailableError):
        client.upload(WORLD, "realized_returns", RETURNS)
    assert server.seen[-1].path.endswith("/abort")
    assert server.hub.uploads.begun == {}


def test_store_rejection_raises_store_error_and_posts_no_snapshot(
    client: RiskHubClient, server: Server
) -> None:
    server.on = ("PUT", "/store/")
    server.faults.extend((status(403), status(403)))
    with pytest.raises(StoreError) as caught:
        client.publish(WORLD, **BOOK | {"realized_returns": dict.fromkeys(("AAPL", "MSFT"), [0.01] * 100)})
    assert (caught.value.status, isinstance(caught.value, RefusedError)) == (403, False)
    assert server.posts() == []


def test_truncated_download_is_retried(client: RiskHubClient, server: Server) -> None:
    client.publish(WORLD, **BOOK | {"realized_returns": {"AAPL": [0.01] * 100, "MSFT": [0.02] * 100}})
    server.on = ("GET", next(iter(server.hub.blobs.objects)).rpartition("/")[2])
    server.faults.extend((cut_within,))
    loaded = client.load(client.latest(WORLD), "realized_returns")
    assert loaded is not None
    assert loaded.document() == {"AAPL": [0.01] * 100, "MSFT": [0.02] * 100}


@pytest.mark.parametrize("other", [b"rsh1 stress {}\n", RETURNS, b""], ids=["shorter", "longer", "empty"])
def test_download_with_a_wrong_digest_raises_damaged_blob_error(
    client: RiskHubClient, server: Server, other: bytes
) -> None:
    client.publish(WORLD, **BOOK | {"realized_returns": {"AAPL": [0.01] * 100, "MSFT": [0.02] * 100}})
    latest = client.latest(WORLD)
    server.lie = other
    with pytest.raises(DamagedBlobError):
        client.load(latest, "realized_returns")


def test_loading_a_deleted_blob_raises_not_found_error(client: RiskHubClient, server: Server) -> None:
    client.publish(WORLD, **BOOK | {"realized_returns": {"AAPL": [0.01] * 100, "MSFT": [0.02] * 100}})
    server.hub.blobs.objects.clear()
    with pytest.raises(NotFoundError):
        client.load(client.latest(WORLD), "realized_returns")


def test_async_client_publishes_reads_and_loads_blobs(server: Server) -> None:
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
