"""The store of hot table and history answers every query as a store that was never split."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.use_cases.explain_absence import ExplainAbsence
from risk_hub_contracts.base.problems import ProblemError
from tests.fakes.clock import START
from tests.fakes.history import FAR_FUTURE, Seam, memory_seam
from tests.fakes.samples import WORLD, stored
from tests.fakes.stores import MemorySnapshots, MemoryWorlds

DAY_MINUTES = 24 * 60
Place = Literal["hot", "moved", "both"]
"""`both`: the segment is committed, and the table has not yet forgotten the snapshot."""


@dataclass(frozen=True)
class Placed:
    snapshot: SnapshotRecord
    place: Place
    group: int


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


# Few instants, so that many snapshots share one; the last of them are on the second and third day.
MINUTES = st.sampled_from([0, 1, 2, 3, 60, 719, 720, 721, DAY_MINUTES + 5, 2 * DAY_MINUTES])
LATE = st.sampled_from([0, 0, 0, 1, 90, DAY_MINUTES, 40 * DAY_MINUTES])


PLACES: st.SearchStrategy[Place] = st.sampled_from(("hot", "moved", "moved", "both"))


@st.composite
def placed(draw: st.DrawFn) -> list[Placed]:
    names = draw(st.lists(st.sampled_from(["a", "a-1", "a.1", "b", "c", "d", "e", "f", "g"]), unique=True))
    found = []
    for name in names:
        as_of = minutes(draw(MINUTES))
        snapshot = stored(
            name,
            as_of=as_of,
            created_at=as_of + timedelta(minutes=draw(LATE)),
            ttl_sec=draw(st.sampled_from([60, 3_600, 86_400])),
            stage=draw(st.sampled_from(["paper", "live"])),
            actor=draw(st.sampled_from(["gateway", "ops"])),
        )
        place = draw(PLACES)
        found.append(Placed(snapshot, place, draw(st.integers(0, 2))))
    return found


@st.composite
def queries(draw: st.DrawFn) -> SnapshotQuery:
    at = minutes(draw(MINUTES) + draw(LATE)) + timedelta(seconds=draw(st.sampled_from([0, 30])))
    instant = st.one_of(st.none(), MINUTES.map(minutes))
    return SnapshotQuery(
        world_id=WORLD,
        at=at,
        known_at=draw(st.one_of(st.none(), st.just(at))),
        stage=draw(st.sampled_from([None, None, "paper", "live"])),
        actor=draw(st.sampled_from([None, None, "ops"])),
        include_expired=draw(st.booleans()),
        as_of_from=draw(instant),
        as_of_to=draw(instant),
        newest_first=draw(st.booleans()),
        limit=draw(st.integers(1, 5)),
    )


def split(rows: list[Placed]) -> tuple[Seam, MemorySnapshots]:
    """Return snapshots split between hot table and history, several segments a day, and the same in one store."""
    seam, unsplit = memory_seam(), MemorySnapshots()
    segments: dict[tuple[object, ...], list[SnapshotRecord]] = defaultdict(list)
    for row in rows:
        for store in (seam.hot, unsplit):
            kept = store.put_once(row.snapshot, FAR_FUTURE).stored
        if row.place != "hot":
            days = (row.snapshot.as_of.date(), row.snapshot.created_at.date())
            segments[*days, row.group, row.place].append(kept)
    for (*_, place), snapshots in segments.items():
        (seam.move if place == "moved" else seam.copy)(*snapshots)
    return seam, unsplit


@settings(max_examples=400)
@given(placed(), st.lists(queries(), min_size=1, max_size=6))
def test_every_query_across_the_seam_matches_a_store_that_was_never_split(
    rows: list[Placed], asked: list[SnapshotQuery]
) -> None:
    seam, unsplit = split(rows)
    for query in asked:
        assert list(seam.whole.select(query)) == list(unsplit.select(query))


@settings(max_examples=200)
@given(placed(), queries())
def test_paging_by_cursor_crosses_the_seam_without_gap_or_repetition(
    rows: list[Placed], query: SnapshotQuery
) -> None:
    seam, unsplit = split(rows)
    seen: list[SnapshotRecord] = []
    page = seam.whole.select(query)
    while page:
        seen += page
        page = seam.whole.select(replace(query, after=page[-1].order))
    assert seen == list(unsplit.select(replace(query, limit=100)))


@settings(max_examples=200)
@given(placed(), queries())
def test_expiries_and_reasons_of_empty_answers_match_a_store_that_was_never_split(
    rows: list[Placed], query: SnapshotQuery
) -> None:
    seam, unsplit = split(rows)
    for known_at in (None, query.at):
        assert seam.whole.last_expiry(WORLD, known_at) == unsplit.last_expiry(WORLD, known_at)
    across, within = (ExplainAbsence(store, MemoryWorlds()) for store in (seam.whole, unsplit))
    assert told(across.of_any(query)) == told(within.of_any(query))
    for version in ("a", "b", "unknown"):
        found = seam.whole.get(WORLD, version)
        assert found == unsplit.get(WORLD, version)
        assert told(across.of_version(query, version, found)) == told(
            within.of_version(query, version, found)
        )


def told(problem: ProblemError) -> tuple[object, ...]:
    return (problem.type, problem.detail, problem.extra, problem.remedy)


@settings(max_examples=100)
@given(placed())
def test_every_stored_version_stays_taken_on_both_sides_of_the_seam(rows: list[Placed]) -> None:
    seam, unsplit = split(rows)
    for row in rows:
        again = replace(row.snapshot, created_at=FAR_FUTURE - timedelta(days=9))
        for offered in (again, replace(again, content_hash="sha256:other")):
            across = seam.whole.put_once(offered, FAR_FUTURE)
            within = unsplit.put_once(offered, FAR_FUTURE)
            assert (across.stored, across.created) == (within.stored, within.created)
