"""A move loses and doubles nothing and leaves no partial segment, wherever it stops; no answer changes by a byte."""

import random
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.history import plan_segment
from functions.history.hot_window import WINDOW_MIN
from functions.history.move_snapshots import MoveSnapshots
from functions.history.ports import HotLoad, MovePlan
from functions.history.read_history import ReadHistory
from functions.history.segment import CREATED_SPAN_MAX, compress_lines, encode_line, object_key
from functions.history.whole_history import WholeHistory
from functions.hub.domain.snapshot_query import SnapshotQuery
from functions.hub.domain.snapshot_record import SnapshotRecord
from functions.hub.ports import Dependency, DependencyUnavailableError, DocumentError
from tests.fakes.history import MemorySegments
from tests.fakes.samples import WORLD, stored
from tests.history.moving import (
    NOW,
    QUERIES,
    SETTLE,
    WINDOW,
    Calls,
    CrashError,
    When,
    World,
    answer_bytes,
    day,
    snapshots,
)

STILL_HOT = {"young", "recent"}
CALLS = Calls()
World(*snapshots()).move_all(CALLS)
EVERY_CALL = [(call, when) for call in range(1, CALLS.count + 1) for when in ("before", "after")]


class UnavailableError(DependencyUnavailableError):
    def __init__(self) -> None:
        super().__init__(Dependency.HISTORY, "throttled")


def test_all_settled_snapshots_outside_the_window_are_moved_by_day() -> None:
    world = World(*snapshots())
    assert world.move_all() == 10
    assert {version for _, version in world.hot.rows} == STILL_HOT
    rows = world.segments.stored[WORLD].values()
    assert sorted((row.day, row.count) for row in rows) == [
        ("2026-01-05", 3),
        ("2026-01-06", 1),
        ("2026-01-06", 3),
        ("2026-01-07", 3),
    ]
    world.require_whole()


@pytest.mark.parametrize(("call", "when"), EVERY_CALL)
def test_after_a_crash_at_any_call_answers_are_equal_and_the_next_run_completes_the_move(
    call: int, when: When
) -> None:
    world = World(*snapshots())
    with pytest.raises(CrashError):
        world.move_all(Calls(call, when))
    assert world.answers() == world.expected()
    world.move_all()
    world.require_whole()
    assert {version for _, version in world.hot.rows} == STILL_HOT


@pytest.mark.parametrize(("call", "when"), EVERY_CALL)
def test_a_run_that_read_the_plan_before_another_run_stopped_at_any_call_doubles_nothing(
    call: int, when: When
) -> None:
    world = World(*snapshots())
    world.segments.begin(plan := first_plan())
    with suppress(CrashError):  # the last calls of EVERY_CALL are not reached: the plan is stored already
        world.move_all(Calls(call, when))
    world.mover()._carry_out(plan)  # noqa: SLF001 - what a run does that read the plan and then waited
    world.move_all()
    world.require_whole()


def first_plan() -> MovePlan:
    """Return the plan that the first run of a mover stores."""
    for call in range(1, CALLS.count):
        world = World(*snapshots())
        with pytest.raises(CrashError):
            world.move_all(Calls(call, "after"))
        if (plan := world.segments.plan(WORLD)) is not None:
            return plan
    raise AssertionError("no plan was stored")


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(1, 40), st.sampled_from(["before", "after"])), max_size=6))
def test_any_number_of_crashes_loses_and_doubles_nothing(crashes: list[tuple[int, When]]) -> None:
    world = World(*snapshots())
    for call, when in crashes:
        try:
            world.move_all(Calls(call, when))
        except CrashError:
            assert world.answers() == world.expected()
    world.move_all()
    world.require_whole()


@pytest.mark.parametrize(("call", "when"), EVERY_CALL)
def test_a_store_that_refuses_at_any_call_delays_the_move_and_changes_no_answer(
    call: int, when: When
) -> None:
    world = World(*snapshots())
    with pytest.raises(DependencyUnavailableError):
        world.move_all(Calls(call, when, UnavailableError))
    assert world.answers() == world.expected()
    world.move_all()
    world.require_whole()


@pytest.fixture(scope="module")
def states() -> list[World]:
    return World(*snapshots()).states()


def reading(hot: World, history: World, objects: World) -> WholeHistory:
    read = ReadHistory(history.segments, objects.segments)
    return WholeHistory(hot.hot, lambda: read, hot.seam.clock)


def test_a_read_while_its_snapshots_move_gives_the_same_bytes_in_every_interleaving(
    states: list[World],
) -> None:
    expected = [answer_bytes(states[0].unsplit.select(query)) for query in QUERIES]
    for first, second in product(range(len(states)), repeat=2):
        if first <= second:
            whole = reading(states[first], states[second], states[-1])
            assert [answer_bytes(whole.select(query)) for query in QUERIES] == expected
            versions = states[0].versions()
            assert all(whole.get(WORLD, version) for version in versions)


def test_a_read_that_asked_history_before_the_table_would_miss_a_snapshot_that_moves(
    states: list[World],
) -> None:
    everything = replace(QUERIES[2], limit=50)
    found = [
        len(reading(states[hot], states[history], states[-1]).select(everything))
        for hot, history in product(range(len(states)), repeat=2)
        if hot > history
    ]
    assert min(found) < len(states[0].versions())


def test_replay_and_conflict_of_a_moved_version_match_a_store_that_was_never_split() -> None:
    world = World(*snapshots())
    world.move_all()
    first = snapshots()[0]
    for offered in (
        replace(first, created_at=NOW),
        replace(first, created_at=NOW, content_hash="sha256:other"),
    ):
        across = world.seam.whole.put_once(offered, NOW + timedelta(days=9))
        within = world.unsplit.put_once(offered, NOW + timedelta(days=9))
        assert (across.created, across.stored) == (False, within.stored)
    world.require_whole()


def test_nothing_in_the_window_and_nothing_unsettled_is_planned() -> None:
    for snapshot in (
        stored(as_of=NOW - WINDOW + timedelta(seconds=1), created_at=day(0)),
        stored(as_of=day(0), created_at=NOW - SETTLE + timedelta(seconds=1)),
    ):
        world = World(snapshot)
        assert world.mover()(WORLD) is None
        assert world.segments.plans == {}


def test_an_empty_world_is_left_alone() -> None:
    assert World().mover()(WORLD) is None


def test_a_late_snapshot_is_moved_into_a_segment_that_overlaps_an_earlier_one() -> None:
    world = World(*snapshots()[:3])
    world.move_all()
    world.put(stored("late", as_of=day(0, seconds=30), created_at=NOW - SETTLE * 2, ttl_sec=60))
    world.move_all()
    assert len(world.segments.stored[WORLD]) == 2
    world.require_whole()


def test_the_arrivals_in_one_segment_span_at_most_the_bound_that_reads_rely_on() -> None:
    midnight = day(0, hours=-12)
    arrivals = [
        timedelta(days=days, seconds=second) for days in (0, 1, 2, 3, 9) for second in (-300, 0, 86_399)
    ]
    world = World(
        *(
            stored(f"v{number}", as_of=midnight + timedelta(hours=number), created_at=midnight + late)
            for number, late in enumerate(arrivals)
        )
    )
    world.move_all()
    world.require_whole()
    rows = world.segments.stored[WORLD].values()
    assert all(row.greatest_created_at - row.least_created_at <= CREATED_SPAN_MAX for row in rows)
    assert sum(row.count for row in rows) == len(arrivals)


@pytest.mark.parametrize(("size", "segments"), [(1, 1), (40_000, 3)])
def test_a_segment_has_at_most_its_greatest_size_and_count(
    size: int, segments: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_segment, "SEGMENT_MAX_BYTES", 100_000)
    monkeypatch.setattr(plan_segment, "COMPRESSOR_DELAY_BYTES", 20_000)
    world = World(
        *(
            stored(f"v{number}", as_of=day(0, minutes=number), created_at=day(0), noise=noise(number, size))
            for number in range(9)
        )
    )
    world.move_all()
    world.require_whole()
    rows = world.segments.stored[WORLD].values()
    assert len(rows) == segments
    assert all(row.size_bytes <= 100_000 for row in rows)


def noise(seed: int, size: int) -> str:
    """Return text that compression cannot shorten by much."""
    return random.Random(seed).randbytes(size // 2).hex()


def test_a_snapshot_larger_than_a_segment_has_a_separate_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_segment, "SEGMENT_MAX_BYTES", 10_000)
    large = [
        stored(f"v{number}", as_of=day(0, minutes=number), created_at=day(0), noise=noise(number, 60_000))
        for number in range(3)
    ]
    world = World(*large)
    world.move_all()
    world.require_whole()
    assert sorted(row.count for row in world.segments.stored[WORLD].values()) == [1, 1, 1]


def test_a_segment_has_at_most_its_greatest_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_segment, "SEGMENT_MAX_COUNT", 4)
    world = World(*(stored(f"v{n}", as_of=day(0, minutes=n), created_at=day(0)) for n in range(10)))
    world.move_all()
    world.require_whole()
    assert sorted(row.count for row in world.segments.stored[WORLD].values()) == [2, 4, 4]


def planned(world: World) -> MemorySegments:
    """Stop a move after its plan is stored."""
    step = next(
        number
        for number, state in enumerate(World(*snapshots()).states())
        if state.segments.plans and not state.segments.objects
    )
    with pytest.raises(CrashError):
        world.move_all(Calls(step, "after"))
    assert world.segments.plans
    assert not world.segments.objects
    return world.segments


def test_a_snapshot_that_arrives_with_a_wrong_clock_after_the_plan_is_moved_with_the_others() -> None:
    world = World(*snapshots())
    planned(world)
    world.put(stored("skewed", as_of=day(0, seconds=20), created_at=day(0, seconds=21)))
    world.move_all()
    world.require_whole()
    assert "skewed" in world.in_history()


def test_a_snapshot_that_arrives_with_a_wrong_clock_after_the_object_is_moved_later() -> None:
    world = World(*snapshots())
    stored_object = next(
        number for number, state in enumerate(World(*snapshots()).states()) if state.segments.objects
    )
    with pytest.raises(CrashError):
        world.move_all(Calls(stored_object, "after"))
    assert world.segments.objects
    world.put(stored("skewed", as_of=day(0, seconds=20), created_at=day(0, seconds=21)))
    world.move_all()
    world.require_whole()
    assert "skewed" in world.in_history()


def damaged(content: list[SnapshotRecord]) -> bytes:
    return compress_lines(map(encode_line, content))


@pytest.mark.parametrize("content", [[], [stored("other", as_of=day(0), created_at=day(0))]])
def test_an_object_with_other_content_under_the_key_of_the_plan_stops_the_move(
    content: list[SnapshotRecord],
) -> None:
    world = World(*snapshots())
    segments = planned(world)
    plan = segments.plans[WORLD]
    segments.objects[object_key(WORLD, "2026-01-05", plan.segment_id)] = damaged(content)
    with pytest.raises(DocumentError, match="differs from the table"):
        world.move_all()
    assert world.hot.tombstones == {}
    assert world.answers() == world.expected()


@pytest.mark.parametrize("data", [b"", b"torn", None])
def test_a_committed_segment_that_cannot_be_read_back_is_not_forgotten_by_the_table(
    data: bytes | None,
) -> None:
    world = World(*snapshots())
    committed = next(
        number
        for number, state in enumerate(World(*snapshots()).states())
        if state.segments.stored.get(WORLD)
    )
    with pytest.raises(CrashError):
        world.move_all(Calls(committed, "after"))
    ((key, kept),) = world.segments.objects.items()
    if data is None:
        del world.segments.objects[key]
    else:
        world.segments.objects[key] = data
    with pytest.raises(DocumentError):
        world.move_all()
    assert world.hot.tombstones == {}
    world.segments.objects[key] = kept
    world.move_all()
    world.require_whole()


def test_two_runs_at_once_move_each_snapshot_once(states: list[World]) -> None:
    for number in range(1, len(states)):
        world = World(*snapshots())
        calls, other = Calls(), world.mover()
        at = number

        def run_the_other_once(calls: Calls = calls, other: MoveSnapshots = other, at: int = at) -> None:
            if calls.count == at:
                while other(WORLD) is not None:
                    pass

        calls.after_each = run_the_other_once
        world.move_all(calls)
        world.require_whole()


@pytest.mark.parametrize("skew_seconds", [-3_600, -59, 0, 59])
def test_a_reader_whose_clock_differs_from_the_movers_misses_nothing(skew_seconds: int) -> None:
    ages = (timedelta(seconds=seconds) for seconds in (0, 899, 900, 901, 959, 960, 961, 1_100))
    world = World(
        *(
            stored(f"v{number}", as_of=NOW - age, created_at=NOW - SETTLE * 2, ttl_sec=86_400)
            for number, age in enumerate(ages)
        )
    )
    world.move_all(window=WINDOW_MIN)
    assert world.hot.tombstones
    world.seam.clock.now = NOW - timedelta(seconds=skew_seconds)
    for limit in range(1, 9):
        query = SnapshotQuery(WORLD, NOW, limit=limit)
        assert answer_bytes(world.seam.whole.select(query)) == answer_bytes(world.unsplit.select(query))


def test_the_window_of_a_world_of_100_snapshots_a_second_shrinks_below_the_days_of_its_stage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(*(stored(f"v{n}", as_of=NOW - timedelta(hours=n), created_at=day(0)) for n in range(1, 9)))
    busy = HotLoad(count=100, size_bytes=100 * 2_000, since=NOW - timedelta(seconds=1))
    monkeypatch.setattr(world.hot, "newest_load", lambda _: busy)
    world.move_all(window=timedelta(days=35))
    # 200 kB a second fill 2.5 GB in three hours and a half.
    assert sorted(version for _, version in world.hot.rows) == ["v1", "v2", "v3"]
    world.require_whole()


@given(seconds=st.integers(0, 400_000), window_hours=st.integers(1, 900))
def test_a_snapshot_is_due_exactly_if_its_day_or_itself_under_a_window_of_hours_is_outside(
    seconds: int, window_hours: int
) -> None:
    window = timedelta(hours=window_hours)
    outside, as_of = NOW - window, NOW - window - timedelta(seconds=seconds)
    is_due = as_of <= plan_segment.last_due(outside, window)
    assert is_due == (plan_segment.due_from(as_of, window) <= outside)
    assert is_due == (window_hours < 48 or as_of.date() < outside.date())


def test_a_world_that_publishes_every_five_minutes_has_one_segment_for_each_day() -> None:
    at = [day(0.5, minutes=minute) for minute in range(0, 1_440, 5)]
    world = World(*(stored(f"m{number}", as_of=each, created_at=each) for number, each in enumerate(at)))
    for hour in range(26):
        world.seam.clock.now = day(30.5, hours=hour)
        world.move_all()
    assert [row.count for row in world.segments.stored[WORLD].values()] == [288]
