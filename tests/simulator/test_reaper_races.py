"""ADR-0018, for every interleaving of writers, producers and reapers and for every crash: no snapshot ever
refers to a missing blob, and in the end no unreferenced blob is left.

The use cases are the real ones; every call of a port is one step, and every reachable state is visited.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import orjson
import pytest

from functions.hub.blob_ports import ListedBlob, SignedPut
from functions.hub.domain.blob_marks import DELETION_LEASE_DURATION, Claim
from functions.hub.domain.offload import OffloadPolicy
from functions.hub.use_cases import claim_blobs, publish_snapshot
from functions.hub.use_cases.publish_snapshot import PublishRequest, PublishSnapshot
from functions.hub.use_cases.reap_blobs import ReapBlobs
from functions.hub.use_cases.upload_blobs import UploadBlobs
from risk_hub_contracts.base.problems import UNAVAILABLE, ProblemError
from risk_hub_contracts.blob.uploads import UploadRequest
from risk_hub_contracts.blob.write import encode_returns
from risk_hub_contracts.snapshot.parse import parse_snapshot
from tests.fakes.clock import START
from tests.fakes.marks import DeletionLease, MemoryMarks
from tests.fakes.stores import MemoryBlobs, MemorySnapshots
from tools.simulator.interleavings import Explorer, Ports, Process, State, Work

WORLD = "w1"
GRACE = timedelta(hours=24)
BEGINNING = START - timedelta(days=5)
RETURNS = [0.01, 0.02, 0.03]
DATA = encode_returns(RETURNS)
SHA256 = hashlib.sha256(DATA).hexdigest()
REF = f"s3://blobs/risk-blobs/{WORLD}/{SHA256}"
BLOB = ListedBlob(WORLD, SHA256, BEGINNING)
UPLOADED = Claim(None, None, BEGINNING)
RETENTION = timedelta(days=30)
# A smaller number would mean that the processes did not overlap.
STATES_MIN = 30


class InventoryWithStore(MemoryBlobs):
    """A model of S3: what the hub, the producers and the reaper do to the one blob of these tests."""

    def after(self, position: str | None) -> Sequence[ListedBlob]:
        return [BLOB] if position is None and REF in self.objects else []

    def remove(self, _blob: ListedBlob) -> None:
        self.objects.pop(REF, None)


# Not a step: these calls reach no store, or their answer decides nothing here.
CONSTANTS: dict[str, dict[str, Any]] = {
    "signing": {"ref": lambda *_: REF, "sign_put": lambda _ref: SignedPut("https://blobs.invalid", {})},
    "blobs": {"bucket": "blobs", "position_of": lambda _blob: "end"},
    "marks": {"place": lambda: None, "save_position": lambda _place: None},
}


def publication(version: str, **part: Any) -> PublishRequest:
    body = {"as_of": "2025-12-01T00:00:00Z", "version": version, "weights": {"A": 1.0}, **part}
    return PublishRequest(WORLD, "gateway", "paper", orjson.dumps(body))


def publisher(ports: Ports) -> PublishSnapshot:
    policy = OffloadPolicy(enabled=True, inline_threshold_entries=2, inline_returns_max_bytes=0)
    return PublishSnapshot(ports["snapshots"], ports["blobs"], ports["marks"], ports.clock, policy, RETENTION)


def by_reference(version: str = "v1") -> Process:
    requested = publication(version, realized_returns_ref=REF)
    return Process(f"writer of {version}", lambda ports: publisher(ports)(requested))


def inline(version: str = "v1") -> Process:
    requested = publication(version, realized_returns=RETURNS)
    return Process(f"inline writer of {version}", lambda ports: publisher(ports)(requested))


def producer(version: str = "v1") -> Process:
    """Announce, upload if asked to, publish: three consecutive requests."""
    announced = UploadRequest(kind="realized_returns", bytes=len(DATA), sha256=SHA256)
    requested = publication(version, realized_returns_ref=REF)

    def work(ports: Ports) -> None:
        uploads = UploadBlobs(ports["blobs"], ports["signing"], ports["marks"], ports.clock)
        if not uploads.begin(WORLD, announced)["stored"]:
            ports["blobs"].put(WORLD, "realized_returns", SHA256, DATA)
        publisher(ports)(requested)

    return Process(f"producer of {version}", work)


def announcer() -> Process:
    """Ask for an upload and never make it."""
    announced = UploadRequest(kind="realized_returns", bytes=len(DATA), sha256=SHA256)

    def work(ports: Ports) -> None:
        UploadBlobs(ports["blobs"], ports["signing"], ports["marks"], ports.clock).begin(WORLD, announced)

    return Process("announcer", work)


def other_content() -> Process:
    requested = publication("v1", realized_returns_ref=REF, constraints={"other": True})
    return Process("writer of other content", lambda ports: publisher(ports)(requested))


def reaper(name: str = "reaper", use_case: type[ReapBlobs] = ReapBlobs) -> Process:
    def work(ports: Ports) -> None:
        run = use_case(ports["blobs"], ports["marks"], ports["snapshots"], ports.clock, GRACE, lambda: name)
        run(ports.now + timedelta(seconds=1))

    return Process(name, work)


def check(state: State) -> None:
    snapshots, blobs = state.stores["snapshots"], state.stores["blobs"]
    lost = [
        row.version
        for row in snapshots.rows.values()
        if "realized_returns_ref" in row.document and REF not in blobs.objects
    ]
    assert not lost, f"{lost} refer to a blob that is gone, after: " + "; ".join(state.path)


THE_WORLD = Explorer(CONSTANTS, check)


def _publishing(requested: PublishRequest) -> Work:
    return lambda ports: publisher(ports)(requested)


def start(
    *processes: Process,
    there: bool = True,
    claims: Sequence[Claim] = (UPLOADED,),
    stored: Sequence[PublishRequest] = (),
    passes: tuple[timedelta, ...] = (),
    marks: type[MemoryMarks] = MemoryMarks,
) -> State:
    """Return the state in which a blob was uploaded long ago and no process has started."""
    stores: dict[str, Any] = {"blobs": InventoryWithStore(), "marks": marks(), "snapshots": MemorySnapshots()}
    if there:
        stores["blobs"].objects[REF] = ("realized_returns", DATA)
    for claim in claims:
        stores["marks"].claim(WORLD, SHA256, claim, START)
    state = State(BEGINNING, stores, (), ())
    for requested in stored:
        state = THE_WORLD.run_alone(state, Process("before", _publishing(requested)))
    return State(START, state.stores, processes, passes)


def unmarked(*processes: Process, marks: type[MemoryMarks] = MemoryMarks) -> State:
    """Return the state in which a snapshot's blob has no marks: it is older than they are, or they were lost."""
    stored = [publication("v1", realized_returns_ref=REF)]
    state = start(*processes, stored=stored, passes=(2 * GRACE,), marks=marks)
    state.stores["marks"].rows.clear()
    return state


def refused_before(version: str = "v1") -> Claim:
    """Return the old claim of a writer that crashed before its snapshot was stored."""
    blobs, marks = InventoryWithStore(), MemoryMarks()
    policy = OffloadPolicy(enabled=True, inline_threshold_entries=2, inline_returns_max_bytes=0)
    publish = PublishSnapshot(MemorySnapshots(), blobs, marks, lambda: BEGINNING, policy, RETENTION)
    publish(publication(version, realized_returns=RETURNS))
    (claim,) = marks.claims(WORLD, SHA256)
    return claim


HISTORIES = {
    "a writer by reference and a reaper": lambda: start(by_reference(), reaper()),
    "a writer by reference and two reapers": lambda: start(by_reference(), reaper("one"), reaper("two")),
    "an inline writer and two reapers": lambda: start(inline(), reaper("one"), reaper("two")),
    "an inline writer restarted after a crash, and two reapers": lambda: start(
        inline(), reaper("one"), reaper("two"), claims=[refused_before()]
    ),
    "a producer and two reapers": lambda: start(producer(), reaper("one"), reaper("two")),
    "a producer whose blob is not uploaded yet": lambda: start(
        producer(), reaper("one"), there=False, claims=()
    ),
    "two writers and a reaper": lambda: start(by_reference("v1"), inline("v2"), reaper()),
    "two writers of one version and a reaper": lambda: start(
        inline("v1"), by_reference("v1"), reaper(), claims=[UPLOADED, refused_before()]
    ),
    "a stored snapshot, another writer and two reapers": lambda: start(
        by_reference("v2"),
        reaper("one"),
        reaper("two"),
        stored=[publication("v1", realized_returns_ref=REF)],
    ),
    "a crash at any step, then a reaper": lambda: start(
        by_reference(), reaper("one"), reaper("two"), passes=(DELETION_LEASE_DURATION,)
    ),
    "a crash at any step, and the grace period": lambda: start(
        inline(), reaper("one"), reaper("two"), passes=(GRACE,)
    ),
    "a crash at any step, then a writer": lambda: start(
        reaper("one"), inline(), by_reference("v2"), passes=(DELETION_LEASE_DURATION,)
    ),
    "a blob without marks, an idle announcement and a reaper": lambda: unmarked(announcer(), reaper()),
    "a blob without marks, a refused reference and a reaper": lambda: unmarked(other_content(), reaper()),
    "an announcement, a producer and two reapers": lambda: start(
        announcer(), producer(), reaper("one"), reaper("two")
    ),
}


def _require_clean(end: State) -> None:
    """Run the reaper twice more: every referenced blob still exists, and nothing else does."""
    state = end
    for _ in range(2):
        state = State(state.now + 2 * GRACE, state.stores, (), (), state.path)
        state = THE_WORLD.run_alone(state, reaper("last"))
        check(state)
    refers = any("realized_returns_ref" in row.document for row in state.stores["snapshots"].rows.values())
    assert (REF in state.stores["blobs"].objects) is refers, "; ".join(state.path)
    assert not state.stores["marks"].is_leased(WORLD, SHA256, state.now), "; ".join(state.path)


@pytest.fixture(autouse=True)
def _parse_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse each input once: a process runs again for each of its steps, and the result is always the same."""
    monkeypatch.setattr(publish_snapshot, "parse_snapshot", cache(parse_snapshot))


@pytest.mark.parametrize("name", HISTORIES)
def test_no_interleaving_deletes_a_referenced_blob_or_leaves_an_orphan(name: str) -> None:
    states, ends = THE_WORLD.explore(HISTORIES[name]())
    assert states > STATES_MIN
    for end in {repr((end.now, list(map(vars, end.stores.values())))): end for end in ends}.values():
        _require_clean(end)


class NoSecondLook(ReapBlobs):
    """Plant a bug: the reaper decides by the claims that it saw before it took the lease."""

    def _reap(self, blob: ListedBlob, owner: str) -> Any:
        self.marks.lease(
            blob.world_id, blob.sha256, owner, self.clock(), self.clock() + DELETION_LEASE_DURATION
        )
        self.inventory.remove(blob)
        self.marks.release(blob.world_id, blob.sha256, owner)
        return "reaped"


class LeaseWithoutOwner(MemoryMarks):
    """Plant a bug: a deletion lease has no owner, so a second run may release the first one's blob."""

    def lease(self, world_id: str, sha256: str, owner: str, now: datetime, until: datetime) -> bool:
        self.leases[world_id, sha256] = DeletionLease(owner, until)
        return bool(now)

    def release(self, world_id: str, sha256: str, owner: str) -> None:
        assert owner
        self.leases.pop((world_id, sha256), None)


class VersionsOnly(MemoryMarks):
    """Plant a bug: a publication refused for an existing version renews the claim of the stored one."""

    def claim(self, world_id: str, sha256: str, claim: Claim, retain_until: datetime) -> None:
        assert retain_until > claim.at
        self.rows.setdefault((world_id, sha256), {})[claim.version or ""] = claim


class LooksFirst(claim_blobs.ClaimBlobs):
    """Plant a bug: the writer checks for a deletion lease before it claims."""

    def __call__(self, world_id: str, digests: Iterable[str], claim: Claim, needed_until: datetime) -> None:
        for sha256 in digests:
            if self.marks.is_leased(world_id, sha256, claim.at):
                raise ProblemError(UNAVAILABLE, "the blob is leased for deletion")
            self.marks.claim(world_id, sha256, claim, needed_until)


class EveryClaimIsAnUpload(MemoryMarks):
    """Plant a bug: a claim on a blob that already existed justifies its removal like the claim of its upload."""

    def claim(self, world_id: str, sha256: str, claim: Claim, retain_until: datetime) -> None:
        super().claim(world_id, sha256, replace(claim, found=False), retain_until)


PLANTED = {
    "no check for claims after taking the lease": lambda: start(
        by_reference(), reaper(use_case=NoSecondLook)
    ),
    "deletion lease without an owner": lambda: start(
        inline(), reaper("one"), reaper("two"), marks=LeaseWithoutOwner
    ),
    "claims by version only": lambda: start(
        other_content(),
        reaper(),
        stored=[publication("v1", realized_returns_ref=REF)],
        marks=VersionsOnly,
        passes=(2 * GRACE,),
    ),
    "every claim is an upload": lambda: unmarked(announcer(), reaper(), marks=EveryClaimIsAnUpload),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_reaper_bug_is_detected(name: str) -> None:
    with pytest.raises(AssertionError, match="refer to a blob that is gone"):
        THE_WORLD.explore(PLANTED[name]())


def test_writer_that_checks_the_lease_before_claiming_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_snapshot, "ClaimBlobs", LooksFirst)
    with pytest.raises(AssertionError, match="refer to a blob that is gone"):
        THE_WORLD.explore(start(by_reference(), reaper()))
