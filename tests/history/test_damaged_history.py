"""Damaged history is an error that names the object; a read never omits it silently."""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.history.ports import SegmentObjectError
from functions.history.segment import SegmentRow, compress_lines, encode_line
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.ports import DocumentError
from infra.names import HISTORY_PREFIX
from tests.fakes.clock import START
from tests.fakes.history import FAR_FUTURE, MemorySegments, Seam, memory_seam
from tests.fakes.samples import WORLD, series, stored

Damage = Callable[[MemorySegments, SegmentRow], object]
SNAPSHOTS = series(3, ttl_sec=86_400)
ALL = SnapshotQuery(WORLD, START + timedelta(days=30), include_expired=True, limit=10)


def moved() -> tuple[Seam, SegmentRow]:
    seam = memory_seam()
    kept = [seam.hot.put_once(each, FAR_FUTURE).stored for each in SNAPSHOTS]
    return seam, seam.move(*kept)


def delete(segments: MemorySegments, row: SegmentRow) -> None:
    del segments.objects[row.key]


def truncate(segments: MemorySegments, row: SegmentRow) -> None:
    segments.objects[row.key] = segments.objects[row.key][:-9]


def overwrite(segments: MemorySegments, row: SegmentRow) -> None:
    segments.objects[row.key] = compress_lines(map(encode_line, SNAPSHOTS[:2]))


def archive(segments: MemorySegments, row: SegmentRow) -> None:
    class Archived(dict[str, bytes]):
        def __contains__(self, key: object) -> bool:
            assert key == row.key
            raise SegmentObjectError("is archived and cannot be read")

    segments.objects = Archived()


def reads(seam: Seam) -> list[Callable[[], object]]:
    return [
        lambda: seam.whole.get(WORLD, "v001"),
        lambda: seam.whole.select(ALL),
        lambda: seam.whole.select(replace(ALL, newest_first=False)),
        lambda: seam.whole.select(replace(ALL, include_expired=False, at=START)),
        lambda: seam.whole.last_expiry(WORLD, START),
        lambda: seam.whole.put_once(stored("v001", created_at=FAR_FUTURE), FAR_FUTURE + timedelta(days=1)),
    ]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (delete, "is missing"),
        (truncate, "does not match its digest"),
        (overwrite, "does not match its digest"),
        (archive, "is archived"),
    ],
)
@pytest.mark.parametrize("number", range(6))
def test_every_read_of_a_damaged_segment_names_world_version_and_object(
    damage: Damage, reason: str, number: int
) -> None:
    seam, row = moved()
    assert isinstance(seam.objects, MemorySegments)
    damage(seam.objects, row)
    with pytest.raises(DocumentError) as found:
        reads(seam)[number]()
    assert found.value.world_id == WORLD
    assert found.value.version in {"v000", "v001"}
    assert row.key in found.value.reason
    assert reason in found.value.reason


def committed(data: bytes, **changes: object) -> Seam:
    """Return a seam whose only row names an object with these bytes and their true digest."""
    seam = memory_seam()
    row = seam.copy(*SNAPSHOTS)
    assert isinstance(seam.objects, MemorySegments)
    seam.objects.objects[row.key] = data
    digest = hashlib.sha256(data).hexdigest()
    assert isinstance(seam.index, MemorySegments)
    changed = replace(row, sha256=digest, **changes)  # type: ignore[arg-type]
    seam.index.stored[WORLD] = {row.segment_order: changed}
    return seam


OTHER_WORLD = compress_lines(encode_line(replace(each, world_id="w2")) for each in SNAPSHOTS)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (OTHER_WORLD, "holds snapshots of another world"),
        (b"no gzip", "is not readable"),
        (gzip.compress(b'{"world_id": "w1"}\n'), "is not readable"),
        (gzip.compress(b"[]\n"), "is not readable"),
        (gzip.compress(b'{"world_id": "w'), "is not readable"),
        (compress_lines(map(encode_line, SNAPSHOTS))[:40], "is not readable"),
    ],
    ids=["other world", "no gzip", "no snapshot", "no object", "half a line", "half a member"],
)
def test_an_object_that_is_not_a_segment_of_its_world_is_refused_although_its_digest_matches(
    data: bytes, reason: str
) -> None:
    seam = committed(data)
    with pytest.raises(DocumentError, match=reason):
        seam.whole.select(ALL)


def test_a_tombstone_whose_segment_lacks_its_snapshot_is_an_error() -> None:
    seam, _ = moved()
    kept = seam.hot.put_once(stored("lost", as_of=START + timedelta(hours=1)), FAR_FUTURE).stored
    other = seam.copy(stored("other", as_of=START + timedelta(hours=2)))
    assert seam.table.forget(kept, other)
    with pytest.raises(DocumentError, match="does not hold it"):
        seam.whole.get(WORLD, "lost")


def test_history_is_stored_under_the_prefix_that_the_roles_may_read() -> None:
    _, row = moved()
    assert row.key.startswith(HISTORY_PREFIX)
