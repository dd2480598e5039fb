"""One spool shared by threads, tasks and processes: everything arrives, once and in order, without errors."""

import asyncio
import multiprocessing
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from risk_hub_client import AsyncRiskHubClient, Publication, RiskHubClient, Spool, publishing
from risk_hub_client.locks import folder_lock, try_lock, unlock
from tests.client.conftest import IMPATIENT, WORLD
from tests.client.server import Server, slow
from tests.client.test_spool import DOWN, LARGE, book, folder, left, spooling, stored, waiting

__all__ = ["folder", "spooling"]
NAMES = {"actor": "gateway", "stage": "paper"}
WAITING, NEWER = ["v1", "v2", "v3"], ["v4", "v5", "v6", "v7"]


@pytest.fixture
def outage(spooling: RiskHubClient, server: Server) -> None:
    """Let three snapshots wait, then bring the hub back, with slow answers."""
    server.faults.extend(DOWN * len(WAITING))
    for version in WAITING:
        spooling.publish(WORLD, **book(version, **LARGE))
    server.faults.append(slow(0.1))


@pytest.mark.usefixtures("outage")
def test_threads_that_share_a_client_deliver_everything_in_order(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda version: spooling.publish(WORLD, **book(version, **LARGE)), NEWER))
    assert {each.outcome for each in done} == {"created"}
    assert stored(server)[:3] == WAITING
    assert (sorted(stored(server)), left(folder)) == (WAITING + NEWER, [])


@pytest.mark.parametrize("clients", [1, 2])
@pytest.mark.usefixtures("outage")
def test_tasks_of_one_loop_deliver_everything_in_order(server: Server, folder: Path, clients: int) -> None:
    def client() -> AsyncRiskHubClient:
        return AsyncRiskHubClient(server.url, server.token, patience=IMPATIENT, spool=folder, **NAMES)

    async def day() -> list[Publication]:
        async with client() as first, client() as second:
            hubs = (first, second)[:clients] * 4
            tasks = [hub.publish(WORLD, **book(version)) for hub, version in zip(hubs, NEWER, strict=False)]
            return await asyncio.gather(*tasks)

    assert {each.outcome for each in asyncio.run(day())} == {"created"}
    assert stored(server)[:3] == WAITING
    assert (sorted(stored(server)), left(folder)) == (WAITING + NEWER, [])


def _flush(url: str, token: str, folder: Path) -> int:
    with RiskHubClient(url, token, patience=IMPATIENT, spool=folder) as hub:
        return len(hub.flush().delivered)


@pytest.mark.usefixtures("outage")
def test_concurrent_flushes_by_processes_deliver_each_entry_once(server: Server, folder: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as processes:
        counts = processes.starmap(_flush, [(server.url, server.token, folder)] * 2)
    assert sum(counts) == len(WAITING)
    assert (stored(server), left(folder)) == (WAITING, [])


def test_concurrent_removal_keeps_the_blob_of_a_snapshot_being_spooled(
    spooling: RiskHubClient, server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process's removal runs between blob and entry: it has to wait for the entry."""
    server.faults.extend(DOWN * 2)
    spooling.publish(WORLD, **book("v1", **LARGE))
    (first,) = Spool(folder).entries()
    real, requested = Path.replace, list[object]()
    with ThreadPoolExecutor(1) as other:

        def replace(file: Path, target: Path) -> Path:
            if target.suffix == ".json":
                requested.append(other.submit(Spool(folder).remove, first))
            return real(file, target)

        monkeypatch.setattr(Path, "replace", replace)
        spooling.publish(WORLD, **book("v2", **LARGE))
    assert len(requested) == 1
    monkeypatch.undo()
    assert [done.version for done in spooling.flush().delivered] == ["v2"]


def test_publish_stops_waiting_for_a_held_spool_lock(
    spooling: RiskHubClient, server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults.extend(DOWN)
    spooling.publish(WORLD, **book("v1"))
    monkeypatch.setattr(publishing, "DELIVERY_LOCK_WAIT_MAX_SECONDS", 0.04)
    turn = Spool(folder).try_turn()
    assert turn is not None
    assert spooling.publish(WORLD, **book("v2")).outcome == "created"
    assert len(spooling.flush().kept) == 1
    unlock(turn)
    assert (len(spooling.flush().delivered), waiting(folder)) == (1, 0)


def hold_until_killed(file: Path, held: Any) -> None:
    assert try_lock(file) is not None
    held.set()
    time.sleep(60)


def test_lock_of_a_killed_process_is_released(tmp_path: Path) -> None:
    file, context = tmp_path / "new" / "lock", multiprocessing.get_context("spawn")
    held = context.Event()
    holder = context.Process(target=hold_until_killed, args=(file, held), daemon=True)
    holder.start()
    assert held.wait(30)
    assert try_lock(file) is None
    holder.kill()
    holder.join()
    with folder_lock(file):
        assert try_lock(file) is None
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)


def test_lock_excludes_other_threads_of_the_process(tmp_path: Path) -> None:
    file, running, most = tmp_path / "lock", 0, 0

    def work(_: int) -> None:
        nonlocal running, most
        with folder_lock(file):
            running += 1
            most = max(most, running)
            time.sleep(0.002)
            running -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert most == 1
