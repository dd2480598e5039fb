"""The spool: undelivered snapshots are kept in order, and delivered once the hub is back."""

import errno
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from risk_hub_client import DeniedError, RiskHubClient, SpoolError, UnavailableError, WorldFullError
from tests.client.conftest import AS_OF, BOOK, IMPATIENT, WORLD
from tests.client.server import Server, lost_after_commit, status

DOWN = (status(503),) * IMPATIENT.attempts
LARGE = {"weights": {f"A{n:02}": 1 / 20 for n in range(20)}, "covariance": np.eye(20) * 1e-4}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spooling(server: Server, folder: Path) -> Iterator[RiskHubClient]:
    options = {"actor": "gateway", "stage": "paper"}
    with RiskHubClient(server.url, server.token, patience=IMPATIENT, spool=folder, **options) as client:
        yield client


def book(version: str, **fields: Any) -> dict[str, Any]:
    return BOOK | {"version": version, "as_of": AS_OF + timedelta(seconds=int(version[1:]))} | fields


def stored(server: Server) -> list[str]:
    return [version for _, version in server.hub.snapshots.rows]


def left(folder: Path) -> list[str]:
    """Every file but the locks."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return sorted(file.name for file in files if not file.name.endswith("lock"))


def waiting(folder: Path) -> int:
    return len(list(folder.glob("*.json")))


def test_spooled_snapshots_are_delivered_in_order_before_newer_ones(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    server.faults.extend(DOWN * 2)
    outcomes = [spooling.publish(WORLD, **book(version)).outcome for version in ("v1", "v2")]
    assert (outcomes, waiting(folder), stored(server)) == (["spooled", "spooled"], 2, [])
    assert spooling.publish(WORLD, **book("v3")).outcome == "created"
    assert (stored(server), waiting(folder)) == (["v1", "v2", "v3"], 0)


def test_flush_by_another_client_delivers_spooled_snapshots_with_blobs(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    server.faults.extend(DOWN)
    kept = spooling.publish(WORLD, **book("v1", **LARGE))
    assert (kept.outcome, kept.snapshot) == ("spooled", None)
    with RiskHubClient(server.url, server.token, spool=folder) as later:
        (delivered,) = later.flush().delivered
    assert (delivered.outcome, delivered.content_hash) == ("created", kept.content_hash)
    assert left(folder) == []


def test_snapshot_is_spooled_when_the_hub_is_unreachable(folder: Path) -> None:
    options = {"actor": "gateway", "stage": "paper"}
    with RiskHubClient("http://127.0.0.1:1", "t", patience=IMPATIENT, spool=folder, **options) as client:
        assert client.publish(WORLD, **book("v1", **LARGE)).outcome == "spooled"
        with pytest.raises(UnavailableError):
            client.flush()
    assert waiting(folder) == 1


def test_flush_after_a_lost_response_is_a_replay(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    server.faults.extend((lost_after_commit,) * IMPATIENT.attempts)
    assert spooling.publish(WORLD, **book("v1")).outcome == "spooled"
    assert [done.outcome for done in spooling.flush().delivered] == ["replayed"]
    assert (stored(server), waiting(folder)) == (["v1"], 0)


def test_rejected_spool_entry_is_set_aside_with_its_problem_and_the_rest_delivered(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    server.faults.extend(DOWN * 2)
    for version in ("v1", "v2"):
        spooling.publish(WORLD, **book(version))
    with RiskHubClient(server.url, server.token, actor="other", stage="paper") as other:
        other.publish(WORLD, **book("v1", weights={"AAPL": 1.0}))
    done = spooling.flush()
    assert ([each.version for each in done.delivered], len(done.refused)) == (["v2"], 1)
    assert "version-conflict" in done.refused[0].read_text(encoding="utf-8")
    assert waiting(folder) == 0


def test_a_snapshot_that_a_full_world_refuses_is_not_spooled(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    server.hub.snapshots.full_worlds.add(WORLD)
    with pytest.raises(WorldFullError, match="Do not repeat the request") as caught:
        spooling.publish(WORLD, **book("v1", **LARGE))
    assert (caught.value.status, caught.value.type) == (507, "urn:risk-hub:problem:world-full")
    assert (len(server.posts()), left(folder)) == (1, [])


def test_spooled_snapshot_of_a_full_world_is_set_aside_and_delivered_when_it_is_moved_back(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    server.faults.extend(DOWN * 2)
    for world in (WORLD, "w2"):
        assert spooling.publish(world, **book("v1", **LARGE)).outcome == "spooled"
    server.hub.snapshots.full_worlds.add(WORLD)
    done = spooling.flush()
    ((aside,), (delivered,)) = done.refused, done.delivered
    assert (delivered.world_id, waiting(folder)) == ("w2", 0)
    assert "world-full" in aside.read_text(encoding="utf-8")
    server.hub.snapshots.full_worlds.clear()
    aside.rename(folder / aside.name)
    assert [each.world_id for each in spooling.flush().delivered] == [WORLD]
    assert left(folder) == []


def test_flush_with_a_wrong_token_keeps_the_spool(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    server.faults.extend(DOWN)
    spooling.publish(WORLD, **book("v1"))
    with RiskHubClient(server.url, "wrong", spool=folder) as foreign_token, pytest.raises(DeniedError):
        foreign_token.flush()
    assert waiting(folder) == 1


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_full_disk_raises_spool_error_and_leaves_no_partial_files(
    spooling: RiskHubClient, server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    server.faults.extend(DOWN)
    owner: Any = os if failing == "fsync" else Path
    monkeypatch.setattr(owner, failing, full)
    with pytest.raises(SpoolError, match=r"neither delivered nor spooled.*No space left") as caught:
        spooling.publish(WORLD, **book("v1"))
    assert isinstance(caught.value.__context__, OSError)
    assert left(folder) == []
    monkeypatch.undo()
    assert spooling.publish(WORLD, **book("v1")).outcome == "created"


def test_failed_spool_entry_write_removes_its_blob(
    spooling: RiskHubClient, server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace

    def full(file: Path, target: Path) -> Path:
        if target.suffix == ".json":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(file, target)

    server.faults.extend(DOWN)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SpoolError):
        spooling.publish(WORLD, **book("v1", **LARGE))
    assert left(folder) == []


def test_spool_files_are_readable_only_by_their_owner(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    server.faults.extend(DOWN)
    spooling.publish(WORLD, **book("v1", **LARGE))
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in (folder, folder / "blobs")}
    assert (modes, folders) == ({0o600}, {0o700})


def test_spool_order_does_not_depend_on_the_clock(
    spooling: RiskHubClient, server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second process's clock is ten seconds behind the first one's."""
    server.faults.extend(DOWN * 2)
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 10**10)
    spooling.publish(WORLD, **book("v1"))
    monkeypatch.undo()
    options = {"actor": "gateway", "stage": "paper"}
    with RiskHubClient(server.url, server.token, patience=IMPATIENT, spool=folder, **options) as second:
        second.publish(WORLD, **book("v2"))
        second.flush()
    assert stored(server) == ["v1", "v2"]
