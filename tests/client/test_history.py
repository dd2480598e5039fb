"""`client.history`: every snapshot of a period once and in time order, while snapshots move."""

import asyncio
import gzip
import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest

from functions.history.segment import digest_of, encode_line
from functions.hub.domain.snapshot_record import SnapshotRecord
from risk_hub_client import (
    AsyncRiskHubClient,
    DamagedHistoryError,
    InvalidSnapshotError,
    RiskHubClient,
    StoreError,
)
from risk_hub_client.history.lines import RollingDigest, line_of_row, parse_line
from risk_hub_contracts.base.times import format_instant
from tests.client.conftest import IMPATIENT
from tests.client.server import Server, answering, status
from tests.fakes.moved import commit, move, segments_of
from tests.fakes.samples import WORLD, series, stored

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
HASH = "sha256:" + "cd" * 32


def snapshots(count: int, **common: Any) -> list[SnapshotRecord]:
    found = series(count, content_hash=HASH, **{"step": timedelta(minutes=37), **common})
    return [each.sized(len(encode_line(each))) for each in found]


def keep_hot(server: Server, found: list[SnapshotRecord]) -> None:
    server.hub.snapshots.rows.update({(each.world_id, each.version): each for each in found})


def versions(client: RiskHubClient, *period: Any) -> list[str]:
    return [each.version for each in client.history(WORLD, *(period or (FIRST, LAST)))]


def spread(server: Server, found: list[SnapshotRecord], moved: int, size: int = 7) -> None:
    """Move the first snapshots, and keep the others hot."""
    keep_hot(server, found)
    for each in segments_of(found[:moved], size):
        move(server.hub.snapshots, server.hub.segments, each)


@pytest.mark.parametrize("moved", [0, 1, 149, 250, 299, 300])
def test_history_yields_each_snapshot_once_in_time_order_wherever_it_is(
    server: Server, client: RiskHubClient, moved: int
) -> None:
    found = snapshots(300)
    spread(server, found, moved)
    assert versions(client) == [each.version for each in found]


def test_history_equals_the_list_of_all_snapshots_before_a_move(
    server: Server, client: RiskHubClient
) -> None:
    for minute in range(5):
        server.hub.post(f"v{minute}", minute, constraints={"limit": 1e-17, "big": 2**53 - 1})
    listed = list(client.list(WORLD, order="asc", include_expired=True))
    hot = list(client.history(WORLD, FIRST, LAST))
    found = [server.hub.snapshots.rows[WORLD, f"v{minute}"] for minute in range(5)]
    for each in segments_of(found, 2):
        move(server.hub.snapshots, server.hub.segments, each)
    assert listed == hot == list(client.history(WORLD, FIRST, LAST))


def test_late_snapshots_in_overlapping_segments_are_yielded_in_time_order(
    server: Server, client: RiskHubClient
) -> None:
    found = snapshots(200)
    mixed = random.Random(4).sample(found, len(found))
    for first in range(0, 160, 40):
        for each in segments_of(mixed[first : first + 40], 11):
            commit(server.hub.segments, each)
    keep_hot(server, mixed[160:])
    assert versions(client) == [each.version for each in found]


def test_a_snapshot_that_is_hot_and_in_a_segment_is_yielded_once(
    server: Server, client: RiskHubClient
) -> None:
    found = snapshots(120)
    keep_hot(server, found)
    for each in segments_of(found[:90], 8):
        commit(server.hub.segments, each)
    assert versions(client) == [each.version for each in found]


@pytest.mark.parametrize("seed", range(12))
def test_no_snapshot_is_lost_or_doubled_if_moves_happen_between_any_two_requests(
    server: Server, client: RiskHubClient, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance, found = random.Random(seed), snapshots(260)
    keep_hot(server, found)
    waiting = segments_of(found, chance.choice((3, 17, 60)))
    answer = server.answer

    def answer_and_move(*request: Any) -> Any:
        answered = answer(*request)
        for _ in range(min(len(waiting), chance.randrange(4))):
            move(server.hub.snapshots, server.hub.segments, waiting.pop(0))
        return answered

    monkeypatch.setattr(server, "answer", answer_and_move)
    assert versions(client) == [each.version for each in found]


def test_a_period_includes_both_bounds_and_a_day_counts_in_utc(server: Server, client: RiskHubClient) -> None:
    found = snapshots(40, step=timedelta(hours=6))
    spread(server, found, 20)
    days = versions(client, "2026-01-07", date(2026, 1, 8))
    assert days == [each.version for each in found if each.as_of.day in {7, 8}]
    first, last = found[3].as_of, found[33].as_of
    assert versions(client, first, format_instant(last)) == [each.version for each in found[3:34]]
    tokyo = last.astimezone(datetime.fromisoformat("2026-01-01T00:00:00+09:00").tzinfo)
    assert versions(client, first.isoformat(), tokyo.isoformat()) == [each.version for each in found[3:34]]


@pytest.mark.parametrize("bound", [datetime(2026, 1, 5), "2026-01-05T00:00:00", "yesterday", "2026-13-01"])  # noqa: DTZ001
def test_a_bound_that_is_neither_a_day_nor_an_instant_sends_no_request(
    server: Server, client: RiskHubClient, bound: Any
) -> None:
    with pytest.raises(InvalidSnapshotError, match=r"/(start|end): "):
        client.history(WORLD, bound, LAST)
    assert server.seen == []


def test_hot_rows_are_requested_before_the_segments_of_their_window(
    server: Server, client: RiskHubClient
) -> None:
    spread(server, snapshots(230), 30)
    versions(client)
    asked = [
        seen.path.partition("?")[0].rpartition("/")[2] for seen in server.seen if "/store/" not in seen.path
    ]
    assert asked == ["hot", "history", "hot", "history"]


def test_the_past_without_hot_rows_costs_one_request_for_rows_and_one_for_each_page_of_segments(
    server: Server, client: RiskHubClient
) -> None:
    spread(server, snapshots(206), 206, size=1)
    assert len(versions(client)) == 206
    listings = [seen.path for seen in server.seen if "/store/" not in seen.path]
    assert len(listings) == 1 + 3


def test_an_expired_url_is_requested_again_once(server: Server, client: RiskHubClient) -> None:
    found = snapshots(20)
    spread(server, found, 20)
    server.on = ("GET", ".jsonl.gz")
    server.faults.append(status(403))
    assert versions(client) == [each.version for each in found]
    server.faults.extend([status(403), status(403)])
    with pytest.raises(StoreError, match="HTTP 403"):
        versions(client)


def test_a_missing_object_is_an_error_and_never_a_gap(server: Server, client: RiskHubClient) -> None:
    spread(server, snapshots(20), 20)
    server.on = ("GET", ".jsonl.gz")
    server.faults.append(answering(404, "<Error><Code>NoSuchKey</Code></Error>"))
    with pytest.raises(
        DamagedHistoryError, match=r"^segment risk-history/.* is missing in the store: .*NoSuchKey"
    ):
        versions(client)


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def shortened(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize("damage", [flipped, shortened, lambda data: b"x" * len(data), lambda _: b""])
def test_bytes_with_another_digest_are_never_returned(
    server: Server, client: RiskHubClient, damage: Callable[[bytes], bytes]
) -> None:
    row = commit(server.hub.segments, snapshots(9))
    server.lie = damage(server.hub.segments.objects[row.key])
    with pytest.raises(DamagedHistoryError, match=f"segment {row.key}"):
        versions(client)


@pytest.mark.parametrize("content", ["another world", "one line less", "no json", "not gzip"])
def test_a_segment_whose_content_differs_from_its_description_is_an_error(
    server: Server, client: RiskHubClient, content: str
) -> None:
    found = snapshots(9)
    row = commit(server.hub.segments, found)
    lines = [encode_line(each) for each in found]
    data = {
        "another world": gzip.compress(b"".join(encode_line(replace(each, world_id="w2")) for each in found)),
        "one line less": gzip.compress(b"".join(lines[:-1])),
        "no json": gzip.compress(b'{"world_id":,"document":{}}\n'),
        "not gzip": b"".join(lines),
    }[content]
    wrong = replace(row, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
    server.hub.segments.objects[row.key] = data
    server.hub.segments.stored[WORLD][row.segment_order] = wrong
    with pytest.raises(DamagedHistoryError, match=f"segment {row.key}"):
        versions(client)


@pytest.mark.parametrize(
    "actor", ['a"', "\\", '\\"', 'a","content_hash":"sha256:x', '","version":"v', "desk a"]
)
def test_line_of_an_actor_with_quotes_and_backslashes_is_read_as_its_json(actor: str) -> None:
    found = snapshots(1, actor=actor)[0]
    line = parse_line(encode_line(found)[:-1], WORLD)
    assert line.order == found.order
    assert line.digest == int(digest_of([found]), 16)


def test_line_with_its_members_in_another_order_is_read() -> None:
    found = snapshots(1)[0]
    row = orjson.loads(encode_line(found))
    document = row.pop("document")
    turned = orjson.dumps({**dict(sorted(row.items(), reverse=True)), "document": document})
    assert parse_line(turned, WORLD) == line_of_row(orjson.loads(encode_line(found)))._replace(text=turned)


def test_rolling_digest_of_the_client_equals_that_of_the_hub(server: Server) -> None:
    found = snapshots(30)
    row = commit(server.hub.segments, found)
    digest = RollingDigest()
    for each in reversed(found):
        digest.add(line_of_row(orjson.loads(encode_line(each))))
    assert str(digest) == row.digest


def test_a_snapshot_says_whether_it_has_expired_by_the_clock_of_the_hub(
    server: Server, client: RiskHubClient
) -> None:
    found = [stored("old", ttl_sec=1, content_hash=HASH), stored("new", ttl_sec=86_400, content_hash=HASH)]
    commit(server.hub.segments, [found[1], found[0]])
    server.hub.clock.advance(minutes=1)
    expired = {each.version: each.document["expired"] for each in client.history(WORLD, FIRST, LAST)}
    assert expired == {"old": True, "new": False}


def test_async_client_yields_the_same_history(server: Server, client: RiskHubClient) -> None:
    spread(server, snapshots(150), 40)

    async def read() -> list[Any]:
        async with AsyncRiskHubClient(server.url, server.token, patience=IMPATIENT) as hub:
            return [each async for each in hub.history(WORLD, FIRST, LAST)]

    assert asyncio.run(read()) == list(client.history(WORLD, FIRST, LAST))


def test_history_requests_a_segment_only_when_all_lines_before_the_previous_one_were_taken(
    server: Server, client: RiskHubClient
) -> None:
    spread(server, snapshots(60), 60, size=5)
    taken = iter(client.history(WORLD, FIRST, LAST))
    next(taken)
    assert sum("/store/" in seen.path for seen in server.seen) == 2


@pytest.fixture
def mixed_history(server: Server) -> list[SnapshotRecord]:
    found = snapshots(12, weights={"AAPL": 0.25, "MSFT": 0.75})
    spread(server, found, 6)
    return found


def test_to_pandas_returns_a_row_per_snapshot_with_typed_instants(
    client: RiskHubClient, mixed_history: list[SnapshotRecord]
) -> None:
    frame = client.history(WORLD, FIRST, LAST).to_pandas()
    assert list(frame["version"]) == [each.version for each in mixed_history]
    assert frame["as_of"].iloc[1] == mixed_history[1].as_of
    assert str(frame["as_of"].dt.tz) == "UTC"
    assert frame["weights"].iloc[0] == {"AAPL": 0.25, "MSFT": 0.75}


def test_to_pandas_returns_the_requested_columns(
    client: RiskHubClient, mixed_history: list[SnapshotRecord]
) -> None:
    columns = ["version", "provenance", "risk", "ttl_sec"]
    frame = client.history(WORLD, FIRST, LAST, columns=columns).to_pandas()
    assert list(frame.columns) == columns
    assert list(frame["ttl_sec"]) == [900] * len(mixed_history)
    assert frame["risk"].isna().all()
    with pytest.raises(ValueError, match="no column wieghts: choose from world_id, version"):
        client.history(WORLD, FIRST, LAST, columns=["wieghts"]).to_pandas()


def test_to_pandas_of_an_empty_period_has_the_columns(client: RiskHubClient) -> None:
    frame = client.history(WORLD, datetime(2020, 1, 1, tzinfo=UTC), "2020-01-02").to_pandas()
    assert len(frame) == 0
    assert "as_of" in frame.columns
