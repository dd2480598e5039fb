"""The reaper: what it removes, keeps and resumes; test_reaper_races proves it correct against writers."""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
import pytest

from functions.hub.domain.blob_marks import DELETION_LEASE_DURATION, Claim
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.ports import Dependency, DependencyUnavailableError
from functions.hub.use_cases.publish_snapshot import PublishRequest, PublishSnapshot
from functions.hub.use_cases.reap_blobs import ReapBlobs
from functions.hub.use_cases.upload_blobs import UploadBlobs
from infra.environments import ENVIRONMENTS
from infra.functions import FUNCTIONS
from risk_hub_contracts.base.problems import UNAVAILABLE, VERSION_CONFLICT, ProblemError
from risk_hub_contracts.blob.uploads import UploadRequest
from tests.fakes.clock import FrozenClock
from tests.fakes.marks import MemoryBlobInventory, MemoryMarks
from tests.fakes.stores import MemoryBlobs, MemorySnapshots
from tests.fakes.uploads import MemoryUploads

GRACE = timedelta(hours=24)
WORLD = "w1"
RETURNS = [0.01] * 600


class TickingClock(FrozenClock):
    """A clock that advances one second at each read."""

    def __call__(self) -> datetime:
        return self.advance(seconds=1)


@dataclass
class Stage:
    clock: FrozenClock = field(default_factory=FrozenClock)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    marks: MemoryMarks = field(default_factory=MemoryMarks)
    snapshots: MemorySnapshots = field(default_factory=MemorySnapshots)

    def __post_init__(self) -> None:
        offload = OffloadPolicy(enabled=True, inline_threshold_entries=100)
        self.inventory = MemoryBlobInventory(self.blobs)
        self.publish = PublishSnapshot(
            self.snapshots, self.blobs, self.marks, self.clock, offload, timedelta(days=30)
        )
        self.upload = UploadBlobs(self.blobs, MemoryUploads(self.blobs), self.marks, self.clock)

    def post(self, version: str = "v1", returns: list[float] | None = None, **fields: object) -> None:
        body: dict[str, object] = {
            "as_of": "2026-01-05T11:59:00Z",
            "version": version,
            "weights": {"A": 1.0},
            **fields,
        }
        body["realized_returns"] = returns or RETURNS
        self.publish(PublishRequest(WORLD, "gateway", "paper", orjson.dumps(body)))

    def reap(self, **changes: timedelta) -> dict[str, int]:
        run = ReapBlobs(self.inventory, self.marks, self.snapshots, self.clock, GRACE, lambda: "run")
        return dict(run(self.clock() + changes.get("within", timedelta(minutes=1))))


@pytest.fixture
def hub() -> Stage:
    return Stage()


def orphan(hub: Stage, data: bytes = b"rsh1 stress {}\n") -> str:
    """Announce and upload an unreferenced blob; return its reference."""
    sha256 = hashlib.sha256(data).hexdigest()
    hub.upload.begin(WORLD, UploadRequest(kind="stress", bytes=len(data), sha256=sha256))
    return hub.blobs.put(WORLD, "stress", sha256, data).ref


def test_blob_referenced_by_a_snapshot_is_never_deleted(hub: Stage) -> None:
    hub.post()
    for _ in range(3):
        hub.clock.advance(hours=25)
        assert hub.reap() == {"referred": 1}
    assert len(hub.blobs.objects) == 1


def test_unreferenced_upload_is_deleted_with_its_marks_after_the_grace_period(hub: Stage) -> None:
    orphan(hub)
    assert hub.reap() == {"claimed": 1}
    hub.clock.advance(hours=25)
    assert hub.reap() == {"reaped": 1}
    assert hub.blobs.objects == {}
    assert hub.marks.rows == {(WORLD, hashlib.sha256(b"rsh1 stress {}\n").hexdigest()): {}}
    assert hub.marks.leases == {}


def test_f15_blob_of_a_snapshot_that_was_never_stored_is_deleted(
    hub: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(hub.snapshots, "put_once", down)
    with pytest.raises(ConnectionError):
        hub.post()
    hub.clock.advance(hours=25)
    assert hub.reap() == {"reaped": 1}


def test_blob_of_a_conflicting_version_is_deleted_and_the_stored_versions_blob_is_kept(hub: Stage) -> None:
    hub.post()
    with pytest.raises(ProblemError) as refused:
        hub.post(returns=[0.02] * 600)
    assert refused.value.type is VERSION_CONFLICT
    hub.clock.advance(hours=25)
    assert hub.reap() == {"referred": 1, "reaped": 1}


def test_blob_shared_by_a_conflicting_and_a_stored_version_is_kept(
    hub: Stage,
) -> None:
    hub.post()
    with pytest.raises(ProblemError):
        hub.post(weights={"A": 0.5, "B": 0.5})
    hub.clock.advance(hours=25)
    assert hub.reap() == {"referred": 1}


def test_blob_younger_than_the_grace_period_is_skipped(hub: Stage) -> None:
    hub.inventory.stored_at[orphan(hub)] = hub.clock()
    assert hub.reap() == {"young": 1}


def test_blob_without_marks_is_kept(hub: Stage) -> None:
    hub.post()
    hub.marks.rows.clear()
    hub.clock.advance(hours=25)
    assert hub.reap() == {"unmarked": 1}


def idle_announcement(hub: Stage, ref: str) -> None:
    hub.upload.begin(
        WORLD,
        UploadRequest(kind="realized_returns", bytes=len(hub.blobs.objects[ref][1]), sha256=ref[-64:]),
    )


def test_unused_upload_announcement_does_not_delete_an_unmarked_blob(hub: Stage) -> None:
    hub.post()
    hub.marks.rows.clear()
    (ref,) = hub.blobs.objects
    idle_announcement(hub, ref)
    hub.clock.advance(hours=25)
    assert hub.reap() == {"unmarked": 1}


def test_conflicting_reference_does_not_delete_an_unmarked_blob(hub: Stage) -> None:
    hub.post()
    hub.marks.rows.clear()
    (ref,) = hub.blobs.objects
    body = {
        "as_of": "2026-01-05T11:59:00Z",
        "version": "v1",
        "weights": {"B": 1.0},
        "realized_returns_ref": ref,
    }
    with pytest.raises(ProblemError) as refused:
        hub.publish(PublishRequest(WORLD, "gateway", "paper", orjson.dumps(body)))
    assert refused.value.type is VERSION_CONFLICT
    hub.clock.advance(hours=25)
    assert hub.reap() == {"unmarked": 1}


def test_unreferenced_upload_announced_twice_is_deleted(hub: Stage) -> None:
    orphan(hub)
    orphan(hub)
    hub.clock.advance(hours=25)
    assert hub.reap() == {"reaped": 1}


def test_a_second_upload_of_the_same_blob_begins_a_new_grace_period(hub: Stage) -> None:
    orphan(hub)
    hub.clock.advance(hours=25)
    orphan(hub)
    assert hub.reap() == {"claimed": 1}


def test_writers_get_unavailable_while_a_blob_has_a_deletion_lease(hub: Stage) -> None:
    hub.post()
    (ref,) = hub.blobs.objects
    hub.marks.lease(WORLD, ref[-64:], "another", hub.clock(), hub.clock() + DELETION_LEASE_DURATION)
    with pytest.raises(ProblemError) as refused:
        hub.post("v2")
    assert refused.value.type is UNAVAILABLE
    assert hub.snapshots.get(WORLD, "v2") is None
    with pytest.raises(ProblemError, match="being removed"):
        idle_announcement(hub, ref)


def test_expired_deletion_lease_of_a_crashed_run_is_taken_over_by_the_next_run(hub: Stage) -> None:
    sha256 = orphan(hub).rpartition("/")[2]
    hub.clock.advance(hours=25)
    hub.marks.lease(WORLD, sha256, "crashed", hub.clock(), hub.clock() + DELETION_LEASE_DURATION)
    assert hub.reap() == {"contested": 1}
    hub.clock.advance(seconds=DELETION_LEASE_DURATION.total_seconds())
    assert hub.reap() == {"reaped": 1}


def test_next_run_continues_a_run_that_ran_out_of_time(hub: Stage) -> None:
    for number in range(5):
        orphan(hub, b"rsh1 stress {}\n" * (number + 1))
    hub.clock.advance(hours=25)
    ticking = TickingClock(hub.clock.now)
    run = ReapBlobs(hub.inventory, hub.marks, hub.snapshots, ticking, GRACE, lambda: "run")
    first = run(hub.clock() + timedelta(seconds=10))
    assert 0 < sum(first.values()) < 5
    assert hub.marks.position() is not None
    total = sum(first.values()) + sum(hub.reap().values())
    assert total == 5
    assert hub.marks.position() is None
    assert hub.blobs.objects == {}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_handler_timeouts_are_shorter_than_deletion_lease_and_grace_period(name: str) -> None:
    reaping_seconds, writing_seconds = (
        FUNCTIONS[folder].timeout_seconds for folder in ("blob_reaper", "snapshot_writer")
    )
    assert timedelta(seconds=2 * reaping_seconds) < DELETION_LEASE_DURATION
    assert timedelta(seconds=100 * writing_seconds) < timedelta(hours=ENVIRONMENTS[name].blob_grace_hours)


def test_claims_of_different_snapshots_have_different_keys(hub: Stage) -> None:
    at = hub.clock()
    claims = [Claim("v1", "sha256:a", at), Claim("v1", "sha256:b", at), Claim("v2", "sha256:a", at)]
    assert (
        len({claim.key for claim in [*claims, Claim(None, None, at), Claim(None, None, at, found=True)]}) == 5
    )


def break_marks(hub: Stage, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Make reading the marks of the second blob fail."""
    claims, looks = hub.marks.claims, itertools.count(1)

    def fail_once(world_id: str, sha256: str) -> Sequence[Claim]:
        if next(looks) == 2:
            raise error
        return claims(world_id, sha256)

    monkeypatch.setattr(hub.marks, "claims", fail_once)


def test_unreadable_marks_of_one_blob_do_not_stop_the_run(
    hub: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise every run would end at that blob, and no later blob would ever be removed."""
    for number in range(4):
        orphan(hub, f"rsh1 stress {number}\n".encode())
    hub.clock.advance(hours=25)
    # The first blob's marks are read twice: before its deletion lease and after it.
    break_marks(hub, monkeypatch, KeyError("claimed_at"))
    with pytest.raises(ExceptionGroup) as unread:
        hub.reap()
    assert [type(each) for each in unread.value.exceptions] == [KeyError]
    assert "of world w1" in unread.value.exceptions[0].__notes__[0]
    assert len(hub.blobs.objects) == 1
    assert hub.marks.position() is None


def test_next_run_continues_a_run_ended_by_an_unavailable_store(
    hub: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a store that fails once in each run would stop every run at the first blob."""
    hub.post()
    hub.post("v2", returns=[0.02] * 600)
    hub.clock.advance(hours=25)
    break_marks(hub, monkeypatch, DependencyUnavailableError(Dependency.BLOB_MARK_STORE, "throttled"))
    with pytest.raises(DependencyUnavailableError):
        hub.reap()
    assert hub.marks.position() is not None
    assert hub.reap() == {"referred": 1}
