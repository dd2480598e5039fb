"""The routes give the same bytes before a move, during it and after it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest

from functions.history import plan_segment
from functions.history.move_snapshots import MoveSnapshots
from functions.hub.ports import PutOutcome
from risk_hub_contracts.base.times import format_instant
from tests.fakes.clock import START
from tests.fakes.gateway import Answer
from tests.fakes.history import MemoryHotTable, Seam, memory_seam
from tests.fakes.hub import SNAPSHOTS, Hub, at, book, post
from tests.fakes.samples import WORLD

SETTLE = timedelta(hours=1)
WINDOW = timedelta(hours=2)
MINUTES = [0, 1, 2, 300, 301, 1_500, 3_000]
PAST = f"known_at={format_instant(at(400))}"
READS = [
    f"{SNAPSHOTS}/latest",
    f"{SNAPSHOTS}/latest?include_expired=true",
    f"{SNAPSHOTS}/latest?stage=live",
    f"{SNAPSHOTS}/latest?{PAST}",
    f"{SNAPSHOTS}/lookup?version=v2",
    f"{SNAPSHOTS}/lookup?version=v2&include_expired=true",
    f"{SNAPSHOTS}/lookup?version=v9&include_expired=true",
    f"{SNAPSHOTS}/lookup?version=v6&include_expired=true&{PAST}",
    f"{SNAPSHOTS}/lookup?as_of={format_instant(at(301))}&include_expired=true",
    f"{SNAPSHOTS}/lookup?as_of={format_instant(at(-1))}&include_expired=true",
    f"{SNAPSHOTS}/v1/risk",
    f"{SNAPSHOTS}?include_expired=true&limit=100",
    f"{SNAPSHOTS}?include_expired=true&order=asc&limit=3",
    f"{SNAPSHOTS}?from={format_instant(at(1))}&to={format_instant(at(1_500))}&include_expired=true",
    f"{SNAPSHOTS}?limit=100&{PAST}",
]


class SeamSnapshots:
    """The store of hot table and history, with the rows that the relay of the tests announces."""

    def __init__(self, seam: Seam) -> None:
        self.get, self.select = seam.whole.get, seam.whole.select
        self.last_expiry, self.put = seam.whole.last_expiry, seam.whole.put_once
        self.rows = cast("MemoryHotTable", seam.hot).rows

    def put_once(self, *given: Any) -> PutOutcome:
        return self.put(*given)


def filled(hub: Hub) -> Hub:
    for number, minute in enumerate(MINUTES):
        hub.publish(f"v{number}", minute, ttl_sec=86_400 if number % 2 else 60)
    hub.clock.now = at(3_000) + SETTLE + WINDOW * 2
    return hub


class Moving:
    """A hub whose snapshots a test moves, and a hub with the same snapshots that moves none."""

    def __init__(self) -> None:
        self.unsplit = filled(Hub())
        self.seam, self.hub = memory_seam(), Hub()
        self.seam.whole = type(self.seam.whole)(self.seam.hot, lambda: self.seam.history, self.hub.clock)
        self.hub.snapshots = cast("Any", SeamSnapshots(self.seam))
        filled(self.hub)
        table, index, objects = self.seam.table, self.seam.index, self.seam.objects
        self.move = MoveSnapshots(table, index, objects, self.hub.clock, WINDOW, SETTLE)

    def answers(self, hub: Hub) -> list[tuple[int, str, str | None]]:
        return [seen(hub.api("GET", url)) for url in READS]


def seen(answer: Answer) -> tuple[int, str, str | None]:
    return (answer.status, answer.body, answer.headers.get("etag"))


def pages(hub: Hub, order: str) -> Iterator[str]:
    """Yield the bodies of all pages of two snapshots each."""
    url = f"{SNAPSHOTS}?include_expired=true&limit=2&order={order}"
    answer = hub.api("GET", url)
    while cursor := answer.json.get("next_cursor"):
        yield answer.body
        answer = hub.api("GET", f"{url}&cursor={cursor}")
    yield answer.body


@pytest.fixture
def moving(monkeypatch: pytest.MonkeyPatch) -> Moving:
    monkeypatch.setattr(plan_segment, "SEGMENT_MAX_COUNT", 2)
    return Moving()


def test_every_read_gives_the_same_status_bytes_and_tag_before_during_and_after_a_move(
    moving: Moving,
) -> None:
    expected = moving.answers(moving.unsplit)
    steps = 0
    assert moving.answers(moving.hub) == expected
    while moving.move(WORLD) is not None:
        steps += 1
        assert moving.answers(moving.hub) == expected
    assert steps == 5
    assert cast("MemoryHotTable", moving.seam.hot).rows == {}


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_the_cursors_and_pages_of_a_list_are_the_same_across_the_seam(moving: Moving, order: str) -> None:
    moving.move(WORLD)
    moving.move(WORLD)
    assert list(pages(moving.hub, order)) == list(pages(moving.unsplit, order))


def test_a_cursor_issued_before_a_move_continues_after_it(moving: Moving) -> None:
    url = f"{SNAPSHOTS}?include_expired=true&limit=3"
    cursor = moving.hub.api("GET", url).json["next_cursor"]
    while moving.move(WORLD) is not None:
        pass
    after = f"{url}&cursor={cursor}"
    assert seen(moving.hub.api("GET", after)) == seen(moving.unsplit.api("GET", after))


def test_replay_and_conflict_of_a_moved_version_are_answered_as_before_the_move(moving: Moving) -> None:
    while moving.move(WORLD) is not None:
        pass
    same = book("v3", as_of=format_instant(START + timedelta(minutes=300)), ttl_sec=86_400)
    for body, status in ((same, 200), ({**same, "weights": {"MSFT": 1.0}}, 409)):
        across, within = post(moving.hub.api, body), post(moving.unsplit.api, body)
        assert across.status == status
        assert seen(across) == seen(within)


def test_a_missing_segment_is_the_problem_of_a_damaged_document_and_no_empty_answer(moving: Moving) -> None:
    moving.move(WORLD)
    cast("Any", moving.seam.objects).objects.clear()
    found = {moving.hub.api("GET", url).status for url in (f"{SNAPSHOTS}?include_expired=true&limit=100",)}
    assert found == {424}
