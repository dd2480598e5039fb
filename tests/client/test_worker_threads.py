"""The asynchronous client works outside its event loop, and calls the caller's callbacks within it."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from risk_hub_client import AsyncRiskHubClient, InvalidSnapshotError, async_client, publishing
from risk_hub_client.loading import load_blob
from risk_hub_client.prepare import prepare
from risk_hub_contracts.blob.write import encode_returns
from tests.client.conftest import BOOK, IMPATIENT, WORLD
from tests.client.server import Server

Opened = Callable[[], AsyncRiskHubClient]


@pytest.fixture
def opened(server: Server, tmp_path: Path) -> Opened:
    patient = replace(IMPATIENT, budget_seconds=20)
    return lambda: AsyncRiskHubClient(
        server.url, server.token, actor="gateway", stage="paper", patience=patient, spool=tmp_path
    )


class Watched:
    """A callable that records the threads in which it is called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.threads = function, list[threading.Thread]()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.threads.append(threading.current_thread())
        return self.function(*args, **kwargs)


def test_snapshot_is_validated_and_hashed_in_a_worker_thread(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(prepare)
    monkeypatch.setattr(publishing, "prepare", watched)

    async def day() -> str:
        async with opened() as hub:
            return (await hub.publish(WORLD, **BOOK)).outcome

    assert asyncio.run(day()) == "created"
    assert len(watched.threads) == 1
    assert threading.main_thread() not in watched.threads


def test_blob_is_hashed_in_a_worker_thread_and_progress_called_in_the_loop(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashing = Watched(load_blob)
    monkeypatch.setattr(async_client, "load_blob", hashing)
    reported = Watched(lambda sent, total: (sent, total))
    data = encode_returns([0.01] * 1_000)

    async def day() -> None:
        async with opened() as hub:
            await hub.upload(WORLD, "realized_returns", data, progress=reported)

    asyncio.run(day())
    assert hashing.threads
    assert threading.main_thread() not in hashing.threads
    assert set(reported.threads) == {threading.main_thread()}


def test_validation_error_in_a_worker_thread_reaches_the_caller(opened: Opened) -> None:
    async def day() -> None:
        async with opened() as hub:
            await hub.publish(WORLD, **{**BOOK, "weights": {"AAPL": 0.5}})

    with pytest.raises(InvalidSnapshotError):
        asyncio.run(day())


def test_cancelled_publish_waits_for_its_thread_then_raises_cancelled_error(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def wait(*_: Any, **__: Any) -> None:
        begun.set()
        may_end.wait()
        raise InvalidSnapshotError("nobody hears of it", ())

    monkeypatch.setattr(publishing, "prepare", wait)

    async def day() -> None:
        async with opened() as hub:
            publication = asyncio.create_task(hub.publish(WORLD, **BOOK))
            while not begun.is_set():  # noqa: ASYNC110 - a thread sets it
                await asyncio.sleep(0)
            publication.cancel()
            await asyncio.sleep(0)
            assert not publication.done()
            may_end.set()
            with pytest.raises(asyncio.CancelledError):
                await publication

    asyncio.run(day())
