"""One bad entry of a spool never stops the others; entries that may still be delivered stay."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from risk_hub_client import DeniedError, RiskHubClient
from tests.client.conftest import IMPATIENT, WORLD
from tests.client.server import Server, status
from tests.client.test_spool import DOWN, LARGE, book, folder, left, spooling, stored, waiting

__all__ = ["folder", "spooling"]


def damage(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def apply(entry: Path) -> None:
        kept = json.loads(entry.read_text(encoding="utf-8"))
        change(kept)
        entry.write_text(json.dumps(kept), encoding="utf-8")

    return apply


DAMAGES = {
    "empty": lambda entry: entry.write_text("", encoding="utf-8"),
    "truncated": lambda entry: entry.write_text("{", encoding="utf-8"),
    "not UTF-8": lambda entry: entry.write_bytes(b"\xff"),
    "a list": lambda entry: entry.write_text("[]", encoding="utf-8"),
    "missing actor": damage(lambda kept: kept.pop("actor")),
    "invalid actor": damage(lambda kept: kept.update(actor=["x"])),
    "invalid document": damage(lambda kept: kept.update(document=[])),
    "missing weights": damage(lambda kept: kept["document"].pop("weights")),
    "invalid as_of": damage(lambda kept: kept["document"].update(as_of="x")),
    "invalid blobs": damage(lambda kept: kept.update(blobs=7)),
    "missing blob": damage(lambda kept: kept.update(blobs={"covariance": "0" * 64})),
}


@pytest.mark.parametrize("harm", DAMAGES.values(), ids=DAMAGES)
def test_damaged_spool_entry_is_set_aside_and_the_rest_delivered(
    spooling: RiskHubClient, server: Server, folder: Path, harm: Callable[[Path], object]
) -> None:
    server.faults.extend(DOWN * 2)
    for version in ("v1", "v2"):
        spooling.publish(WORLD, **book(version))
    harm(spooling.spool.entries()[0])  # type: ignore[union-attr]
    assert spooling.publish(WORLD, **book("v3")).outcome == "created"
    assert (stored(server), waiting(folder)) == (["v2", "v3"], 0)
    assert len(list((folder / "refused").iterdir())) == 1


def test_entries_of_an_actor_outside_the_tokens_actors_stay_in_the_spool(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    """The actor is requested once per flush, regardless of the number of entries."""
    server.faults.extend(DOWN * 2)
    for version in ("v1", "v2"):
        spooling.publish(WORLD, actor="other", **book(version))
    token = server.hub.tokens.issue(actors=("gateway",))
    before = len(server.posts())
    options = {"actor": "gateway", "stage": "paper"}
    with RiskHubClient(server.url, token, patience=IMPATIENT, spool=folder, **options) as narrow:
        assert narrow.publish(WORLD, **book("v3")).outcome == "created"
        assert len(narrow.flush().kept) == 2
    assert len(server.posts()) - before == 3
    assert [done.version for done in spooling.flush().delivered] == ["v1", "v2"]


def test_4xx_from_a_proxy_keeps_the_spool_entry(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    server.faults.extend((*DOWN, status(404)))
    spooling.publish(WORLD, **book("v1"))
    assert spooling.publish(WORLD, **book("v2")).outcome == "created"
    assert waiting(folder) == 1
    assert [done.version for done in spooling.flush().delivered] == ["v1"]


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("failing", ["fsync", "open", "replace"])
def test_spool_disk_failure_does_not_stop_publishing_to_a_working_hub(
    spooling: RiskHubClient, server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    server.faults.extend(DOWN)
    spooling.publish(WORLD, **book("v1"))
    (folder / "00000000000000000001.json").write_text("{", encoding="utf-8")
    monkeypatch.setattr(Path if failing == "replace" else os, failing, full)
    assert spooling.publish(WORLD, **book("v2")).outcome == "created"
    monkeypatch.undo()
    spooling.flush()
    assert (sorted(stored(server)), waiting(folder)) == (["v1", "v2"], 0)


def test_expired_token_raises_denied_error_and_keeps_the_spool(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    server.faults.extend((*DOWN, status(401), status(401)))
    spooling.publish(WORLD, **book("v1"))
    with pytest.raises(DeniedError):
        spooling.publish(WORLD, **book("v2"))
    assert waiting(folder) == 1


def test_shared_blob_stays_until_its_last_entry_is_removed_reading_each_entry_once(
    spooling: RiskHubClient, server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults.extend(DOWN * 4)
    for version in ("v1", "v2", "v3", "v4"):
        spooling.publish(WORLD, **book(version, **LARGE))
    spool, read = spooling.spool, list[Path]()
    assert spool is not None
    entries, real = spool.entries(), Path.read_bytes

    def counted(file: Path) -> bytes:
        read.append(file)
        return real(file)

    monkeypatch.setattr(Path, "read_bytes", counted)
    blobs = []
    for entry in entries:
        spool.remove(entry)
        blobs.append(len(list((folder / "blobs").iterdir())))
    assert blobs == [1, 1, 1, 0]
    assert len(read) <= len(entries)
    assert left(folder) == []


def test_flush_leaves_other_json_files_of_the_spool_folder_unchanged(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    server.faults.extend(DOWN)
    spooling.publish(WORLD, **book("v1"))
    settings = folder / "cdk.json"
    settings.write_text("{}", encoding="utf-8")
    spooling.flush()
    assert stored(server) == ["v1"]
    assert settings.read_text(encoding="utf-8") == "{}"
    assert waiting(folder) == 1


def test_flush_skips_a_pipe_a_device_and_a_folder_with_the_name_of_an_entry(
    spooling: RiskHubClient, server: Server, folder: Path
) -> None:
    server.faults.extend(DOWN)
    spooling.publish(WORLD, **book("v1"))
    [entry] = folder.glob("*.json")
    others = [entry.with_stem(f"{number:020}") for number in (1, 2, 3)]
    os.mkfifo(others[0])
    others[1].symlink_to("/dev/zero")
    others[2].mkdir()
    spooling.flush()
    assert stored(server) == ["v1"]
    assert sorted(folder.glob("*.json")) == others
