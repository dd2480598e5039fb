"""`client.history` while the real mover runs, crashes and continues: every snapshot once, in time order."""

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from functions.history.move_snapshots import MoveSnapshots
from functions.history.segment import encode_line
from functions.hub.domain.snapshot_record import SnapshotRecord
from risk_hub_client import RiskHubClient
from tests.client.conftest import IMPATIENT
from tests.client.server import Server
from tests.fakes.clock import START
from tests.fakes.history import MemoryHotTable
from tests.fakes.hub import Hub
from tests.fakes.samples import WORLD, stored
from tests.history.moving import NOW, SETTLE, WINDOW, Calls, CrashError, Crashing

HASH = "sha256:" + "34" * 32
COUNT = 240
PERIOD = ("2026-01-01", "2026-12-31")


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server(Hub(snapshots=MemoryHotTable()))
    running.hub.clock.now = NOW
    yield running
    running.close()


def snapshot(number: int) -> SnapshotRecord:
    """Return a snapshot; each seventh one arrived a month late, so that its segment overlaps others."""
    as_of = START + timedelta(minutes=53 * number)
    arrival = as_of + timedelta(days=30 if number % 7 == 0 else 0, seconds=1)
    made = stored(f"v{number:03}", as_of=as_of, created_at=arrival, content_hash=HASH)
    return made.sized(len(encode_line(made)))


def run_mover(server: Server, chance: random.Random) -> None:
    """Run the mover up to a crash at one of its calls."""
    calls = Calls(chance.randrange(1, 90), chance.choice(("before", "after")))
    hot, segments = (Crashing(port, calls) for port in (server.hub.snapshots, server.hub.segments))
    mover = MoveSnapshots(hot, segments, segments, server.hub.clock, WINDOW, SETTLE)
    with suppress(CrashError):
        while mover(WORLD) is not None:
            pass


@pytest.mark.parametrize("seed", range(10))
def test_history_is_whole_while_the_mover_crashes_between_any_two_requests(
    server: Server, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance, found = random.Random(seed), [snapshot(number) for number in range(COUNT)]
    hot = server.hub.snapshots
    for each in found:
        assert hot.put_once(each, each.retain_until(timedelta(days=3_650))).created
    answer = server.answer

    def answer_and_move(*request: Any) -> Any:
        answered = answer(*request)
        run_mover(server, chance)
        return answered

    monkeypatch.setattr(server, "answer", answer_and_move)
    with RiskHubClient(server.url, server.token, patience=IMPATIENT) as client:
        assert [each.version for each in client.history(WORLD, *PERIOD)] == [each.version for each in found]
        assert server.hub.segments.stored[WORLD]
        assert [each.version for each in client.history(WORLD, *PERIOD)] == [each.version for each in found]
